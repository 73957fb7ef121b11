import Flows
public import NetworkTypes
public import PolicyEngine
public import PolicyModel

/// All observed traffic from one group to another.
public struct MapEdge: Hashable, Sendable {
    /// Whose workloads or addresses opened the connections.
    public let source: MapGroup
    /// Whose were reached.
    public let destination: MapGroup
    /// All of it.
    public let total: TrafficCount
    /// Each service by itself, most connections first.
    public let services: [Part]

    /// One service of an edge.
    public struct Part: Hashable, Sendable {
        /// What was asked for.
        public let service: MapService
        /// How much.
        public let count: TrafficCount
    }
}

/// Observed edges gathered into who reaches whom.
public struct FlowMap: Sendable {
    /// What the ends were grouped by.
    public enum Grouping: Hashable, Sendable {
        /// By the values of these label dimensions.
        case labels([LabelKey])
        /// By subnet, since there is no policy that has labels.
        case subnetsWithoutPolicy
        /// By subnet, since no end that was observed has a label of these dimensions.
        case subnetsWithoutLabels([LabelKey])
    }

    /// What the ends were grouped by.
    public let grouping: Grouping
    /// The edges between groups: most connections first, then by source and destination.
    public let edges: [MapEdge]
    /// All traffic together; nil when there is none.
    public let total: TrafficCount?
    /// The addresses that were seen, by group; each group's in order.
    public let members: [MapGroup: [IPAddress]]

    /// Gathers observed edges by label dimensions.
    ///
    /// `names` are those that name servers gave to addresses; those of the internet are gathered by domain. `engine` judges the edges at `instant`; with nil there are no verdicts. Cost: linear in the edges.
    public init(
        _ observed: [ObservedEdge], workloads: [Workload] = [], addressSets: [AddressSetID: AddressSet] = [:],
        names: [IPAddress: String] = [:], by dimensions: [LabelKey], engine: PolicyEngine? = nil, at instant: Instant
    ) {
        grouping = Self.grouping(observed, workloads, dimensions, hasPolicy: engine != nil || !workloads.isEmpty)
        var asked: [LabelKey]?
        if case .labels(let dimensions) = grouping { asked = dimensions }
        var finder = GroupFinder(workloads: workloads, addressSets: addressSets, names: names, dimensions: asked)
        var judge = engine.map { EdgeJudge($0, at: instant) }
        var parts: [Cell: TrafficCount] = [:]
        var totals: [Ends: TrafficCount] = [:]
        var all: TrafficCount?
        for edge in observed {
            let ends = Ends(
                source: finder.group(of: edge.key.source), destination: finder.group(of: edge.key.destination))
            let cell = Cell(ends: ends, service: MapService(proto: edge.key.proto, service: edge.key.service))
            let decision = judge?.decide(edge.key.flow)
            if parts[cell]?.add(edge, decision) == nil { parts[cell] = TrafficCount(edge, decision) }
            if totals[ends]?.add(edge, decision) == nil { totals[ends] = TrafficCount(edge, decision) }
            if all?.add(edge, decision) == nil { all = TrafficCount(edge, decision) }
        }
        total = all
        members = finder.members
        var services: [Ends: [MapEdge.Part]] = [:]
        for (cell, count) in parts {
            services[cell.ends, default: []].append(MapEdge.Part(service: cell.service, count: count))
        }
        edges = totals.map { ends, total in
            MapEdge(
                source: finder.groups[ends.source], destination: finder.groups[ends.destination], total: total,
                services: (services[ends] ?? []).sorted { a, b in
                    if a.count.connections != b.count.connections { return a.count.connections > b.count.connections }
                    return a.service < b.service
                })
        }
        .sorted { a, b in
            if a.total.connections != b.total.connections { return a.total.connections > b.total.connections }
            return a.source == b.source ? a.destination < b.destination : a.source < b.source
        }
    }

    /// The numbers of both ends' groups.
    private struct Ends: Hashable {
        let source: Int
        let destination: Int
    }

    private struct Cell: Hashable {
        let ends: Ends
        let service: MapService
    }

    private static func grouping(
        _ observed: [ObservedEdge], _ workloads: [Workload], _ dimensions: [LabelKey], hasPolicy: Bool
    ) -> Grouping {
        guard hasPolicy else { return .subnetsWithoutPolicy }
        var labelled: Set<IPAddress> = []
        for workload in workloads where dimensions.contains(where: { workload.labels[$0] != nil }) {
            labelled.formUnion(workload.addresses)
        }
        let isMet = observed.contains { labelled.contains($0.key.source) || labelled.contains($0.key.destination) }
        return isMet ? .labels(dimensions) : .subnetsWithoutLabels(dimensions)
    }
}
