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
        let destination: IPAddress?
        let service: MapService?

        init(_ item: DoubtedEdge, byService: Bool) {
            (doubt, isAllowed, source) = (item.doubt, item.isAllowed, item.edge.key.source)
            service = byService ? item.edge.key.mapService : nil
            destination = byService ? nil : item.edge.key.destination
        }
    }

    /// Gathers edges in the order of their first ones: by service, and what is alone there by destination.
    ///
    /// Cost: linear in edges.
    public static func list(_ doubted: [DoubtedEdge]) -> [Self] {
        let sizes = doubted.reduce(into: [Key: Int]()) { $0[Key($1, byService: true), default: 0] += 1 }
        var places: [Key: Int] = [:]
        var findings: [Self] = []
        for item in doubted {
            let isAlone = sizes[Key(item, byService: true)] == 1
            let key = Key(item, byService: !isAlone)
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
