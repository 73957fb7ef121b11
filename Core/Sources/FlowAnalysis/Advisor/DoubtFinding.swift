import Flows
public import NetworkTypes

/// Edges that are doubted for one reason and belong together: of one source, to one service or to one destination.
public struct DoubtFinding: Sendable {
    /// Why they are doubted.
    public let doubt: Doubt
    /// Whether the policy with the new rules allows them all the same.
    public let isAllowed: Bool
    /// Who asked.
    public let source: IPAddress
    /// Who was asked.
    public private(set) var destinations: Set<IPAddress> = []
    /// For what.
    public private(set) var services: Set<MapService> = []
    /// The number of connections.
    public private(set) var connections = 0
    /// The last packet.
    public private(set) var lastSeen = Instant(rawValue: .min)

    private struct Key: Hashable {
        let doubt: Doubt
        let isAllowed: Bool
        let source: IPAddress
        var destination: IPAddress?
        var service: MapService?

        init(_ item: DoubtedEdge) {
            (doubt, isAllowed, source) = (item.doubt, item.isAllowed, item.edge.key.source)
        }

        static func service(_ item: DoubtedEdge) -> Self {
            var key = Self(item)
            key.service = item.edge.key.mapService
            return key
        }

        static func destination(_ item: DoubtedEdge) -> Self {
            var key = Self(item)
            key.destination = item.edge.key.destination
            return key
        }
    }

    /// Gathers edges in the order of their first ones: by service, and what is alone there by destination.
    ///
    /// Cost: linear in edges.
    public static func list(_ doubted: [DoubtedEdge]) -> [Self] {
        let sizes = doubted.reduce(into: [Key: Int]()) { $0[.service($1), default: 0] += 1 }
        var places: [Key: Int] = [:]
        var findings: [Self] = []
        for item in doubted {
            let key = sizes[.service(item)] == 1 ? Key.destination(item) : .service(item)
            let place = places[key] ?? findings.count
            if place == findings.count {
                places[key] = place
                findings.append(Self(doubt: key.doubt, isAllowed: key.isAllowed, source: key.source))
            }
            findings[place].destinations.insert(item.edge.key.destination)
            findings[place].services.insert(item.edge.key.mapService)
            findings[place].connections.addSaturating(item.edge.connections)
            findings[place].lastSeen = max(findings[place].lastSeen, item.edge.lastSeen)
        }
        return findings
    }
}
