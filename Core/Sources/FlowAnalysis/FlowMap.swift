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
        var cells: [Cell] = []
        cells.reserveCapacity(observed.count)
        for number in observed.indices {
            let key = observed[number].key
            let source = finder.group(of: key.source)
            let destination = finder.group(of: key.destination)
            cells.append(
                Cell(ends: UInt64(source) << 32 | UInt64(destination), service: Self.number(key), edge: number))
        }
        members = finder.members
        cells.sort { a, b in
            if a.ends != b.ends { return a.ends < b.ends }
            return a.service == b.service ? a.edge < b.edge : a.service < b.service
        }
        var all: TrafficCount?
        var made: [(ends: UInt64, edge: MapEdge)] = []
        made.reserveCapacity(cells.indices.count { $0 == 0 || cells[$0].ends != cells[$0 - 1].ends })
        var next = 0
        while next < cells.count {
            let ends = cells[next].ends
            var total: TrafficCount?
            var services: [MapEdge.Part] = []
            services.reserveCapacity(Self.services(cells[next...]))
            while next < cells.count, cells[next].ends == ends {
                let service = cells[next].service
                let key = observed[cells[next].edge].key
                var count: TrafficCount?
                while next < cells.count, cells[next].ends == ends, cells[next].service == service {
                    let number = cells[next].edge
                    // Edges of the same groups are judged one after the other, since they ask for the same rows.
                    let answer = judge?.answers(observed[number].key.flow)
                    if count?.add(observed[number], answer) == nil { count = TrafficCount(observed[number], answer) }
                    next += 1
                }
                guard let count else { continue }
                if total?.add(count) == nil { total = count }
                services.append(
                    MapEdge.Part(service: MapService(proto: key.proto, service: key.service), count: count))
            }
            guard let total else { continue }
            if all?.add(total) == nil { all = total }
            services.sort { a, b in
                if a.count.connections != b.count.connections { return a.count.connections > b.count.connections }
                return a.service < b.service
            }
            let edge = MapEdge(
                source: finder.groups[Int(ends >> 32)], destination: finder.groups[Int(ends & 0xFFFF_FFFF)],
                total: total, services: services)
            made.append((ends, edge))
        }
        total = all
        edges = Self.sorted(made, finder.groups)
    }

    /// How many services the first ends have.
    private static func services(_ cells: ArraySlice<Cell>) -> Int {
        guard var last = cells.first else { return 0 }
        var count = 1
        for cell in cells.dropFirst() {
            guard cell.ends == last.ends else { break }
            if cell.service != last.service { count += 1 }
            last = cell
        }
        return count
    }

    /// Most connections first, then by source and destination; groups, whose names are long, are compared once.
    private static func sorted(_ edges: [(ends: UInt64, edge: MapEdge)], _ groups: [MapGroup]) -> [MapEdge] {
        var ranks = [UInt64](repeating: 0, count: groups.count)
        for (rank, number) in groups.indices.sorted(by: { groups[$0] < groups[$1] }).enumerated() {
            ranks[number] = UInt64(rank)
        }
        let order = edges.indices.map { place in
            let ends = ranks[Int(edges[place].ends >> 32)] << 32 | ranks[Int(edges[place].ends & 0xFFFF_FFFF)]
            return (connections: edges[place].edge.total.connections, ends: ends, place: place)
        }
        return order.sorted { $0.connections == $1.connections ? $0.ends < $1.ends : $0.connections > $1.connections }
            .map { edges[$0.place].edge }
    }

    /// An edge by the numbers of its groups and of its service.
    private struct Cell {
        let ends: UInt64
        let service: UInt32
        let edge: Int
    }

    /// A number that services of equal protocol and port, or type and code, share.
    private static func number(_ key: EdgeKey) -> UInt32 {
        let service: UInt32 =
            switch key.service {
            case .unspecified: 0
            case .port(let port): 1 << 16 | UInt32(port)
            case .icmp(let message): 2 << 16 | UInt32(message.type) << 8 | UInt32(message.code)
            }
        return UInt32(key.proto.rawValue) << 24 | service
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
