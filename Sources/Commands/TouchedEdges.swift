import FlowAnalysis
import Flows
import NetworkTypes
import PolicyAnalysis
import Reports

/// The observed edges that another policy decides otherwise, found by the ends and the traffic of a difference.
struct TouchedEdges {
    /// One edge in the shape of its JSON; the names are those of `policy simulate`, documented in `docs/commands.md`.
    struct Edge: Encodable {
        let effect: String
        let source: SimulateJSON.End
        let destination: SimulateJSON.End
        let service: String
        let connections: Int
        let firstSeen: String
        let lastSeen: String
        let text: String

        private enum CodingKeys: CodingKey {
            case effect, source, destination, service, connections, firstSeen, lastSeen
        }
    }

    /// The number of edges without a certain direction.
    let uncertainDirections: Int
    private let changed: [SimulatedEdge]
    private let names: SimulateNames
    /// The edges from each end that was asked for.
    private var bySource: [End: [SimulatedEdge]] = [:]

    init(_ simulation: Simulation, _ names: SimulateNames) {
        uncertainDirections = simulation.uncertainDirections
        changed = simulation.edges.filter { !$0.asRecorded.isUnchanged }
        self.names = names
    }

    /// The edges between two ends whose traffic a set has, most connections first.
    mutating func edges(from source: End, to destination: End, in traffic: ServiceSet) -> [Edge] {
        let mine = bySource[source] ?? changed.filter { source.holds($0.edge.key.source) }
        bySource[source] = mine
        return mine.filter { item in
            destination.holds(item.edge.key.destination)
                && !traffic.intersection(item.edge.key.services).isEmpty
        }.sorted { ($1.edge.connections, $0.edge.key) < ($0.edge.connections, $1.edge.key) }.map(edge)
    }

    private func edge(_ item: SimulatedEdge) -> Edge {
        let (key, edge) = (item.edge.key, item.edge)
        return Edge(
            effect: item.asRecorded.rawValue,
            source: SimulateJSON.End(address: key.source.description, workload: names.workload(key.source)),
            destination: SimulateJSON.End(
                address: key.destination.description, workload: names.workload(key.destination)),
            service: key.serviceText, connections: edge.connections, firstSeen: edge.firstSeen.utcText,
            lastSeen: edge.lastSeen.utcText,
            text: "\(names.end(key.source)) → \(names.end(key.destination)) \(key.serviceText)")
    }

    /// How much was seen, in a line; nil where nothing was.
    static func text(_ edges: [Edge]) -> String? {
        guard let first = edges.first, let last = edges.map(\.lastSeen).max() else { return nil }
        let connections = edges.reduce(0) { $0 + $1.connections }
        let rest = edges.count > 1 ? ", and \(FlowsAmount.text(edges.count - 1, "more edge"))" : ""
        return "observed \(FlowsAmount.text(connections, "connection")), last at \(last): \(first.text)\(rest)"
    }
}

extension End {
    /// Whether an address is one of the end's.
    fileprivate func holds(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }
}

extension EdgeKey {
    /// All traffic that may have been the edge's; its source ports are not kept.
    fileprivate var services: ServiceSet {
        switch service {
        case .unspecified: ServiceSet(proto)
        case .port(let port): ServiceSet(proto, destination: PortSet(port))
        case .icmp(let message):
            ServiceSet(proto, destination: PortSet(UInt16(message.type) << 8 | UInt16(message.code)))
        }
    }
}
