import NetworkTypes
import PolicyAnalysis
import PolicyModel

/// Connections as answers list them: ends by name, outside addresses in the fewest ranges.
struct ConnectivityListing {
    /// One connection.
    struct Line: Hashable {
        let from: String
        let to: String
        let traffic: Traffic
    }

    private let connectivity: Connectivity
    private let index: PolicyIndex
    private let services: ServiceSetText
    private let families: Set<AddressFamily>
    /// The addresses that workloads have; a range outside is written across them.
    private let owned: AddressSet

    /// Makes a listing; addresses outside are listed of these families.
    init(
        _ connectivity: Connectivity, _ asked: AskedPolicy, _ services: ServiceSetText, families: Set<AddressFamily>
    ) {
        self.connectivity = connectivity
        index = asked.index
        owned = AddressSet(asked.workloads.flatMap(\.addresses).map { Prefix($0) })
        self.services = services
        self.families = families
    }

    /// Gives each connection, by the names of source and destination; what a workload does with itself is left out.
    func forEach(_ body: (Line) throws -> Void) rethrows {
        var named: [String: [End]] = [:]
        var outside: [End] = []
        for end in connectivity.ends {
            if end.owners.isEmpty { outside.append(end) } else { named[name(end), default: []].append(end) }
        }
        outside.removeAll { end in !end.ranges.contains { families.contains($0.family) } }
        let names = named.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        // From outside: what reaches each workload, with neighbouring ranges of equal traffic joined.
        for to in names {
            var found: [(End, Traffic)] = []
            for source in outside { found.append((source, traffic([source], named[to] ?? []))) }
            for (range, traffic) in joined(found) {
                try body(Line(from: Self.text(range), to: to, traffic: traffic))
            }
        }
        for from in names {
            let sources = named[from] ?? []
            let found = outside.map { ($0, traffic(sources, [$0])) }
            for (range, traffic) in joined(found) {
                try body(Line(from: from, to: Self.text(range), traffic: traffic))
            }
            for to in names where to != from {
                let traffic = traffic(sources, named[to] ?? [])
                if !traffic.may.isEmpty { try body(Line(from: from, to: to, traffic: traffic)) }
            }
        }
    }

    /// What some of these sources may send to some of those destinations.
    private func traffic(_ sources: [End], _ destinations: [End]) -> Traffic {
        var (must, may) = (ServiceSet(), ServiceSet())
        for source in sources {
            for destination in destinations where !source.isSelfTraffic(with: destination) {
                let traffic = connectivity.traffic(from: source, to: destination)
                if traffic.may.isEmpty { continue }
                let impossible = Self.impossible(source, destination)
                must = must.union(traffic.must.subtracting(impossible))
                may = may.union(traffic.may.subtracting(impossible))
            }
        }
        return Traffic(must: services.listed(must), may: services.listed(may))
    }

    /// The message protocol of the family that the ends do not share (RFC 792, RFC 4443).
    private static func impossible(_ source: End, _ destination: End) -> ServiceSet {
        func share(_ family: AddressFamily) -> Bool {
            func has(_ end: End) -> Bool { end.ranges.isEmpty || end.ranges.contains { $0.family == family } }
            return has(source) && has(destination)
        }
        return ServiceSet.all((share(.ipv4) ? [] : [.icmp]) + (share(.ipv6) ? [] : [.icmpv6]))
    }

    private func name(_ end: End) -> String {
        end.owners.map { index.name(of: $0) }.joined(separator: "+")
    }

    private static func text(_ range: AddressRange) -> String { "\(range.lower)-\(range.upper)[External]" }

    /// The ranges by traffic, neighbours of equal traffic as one; without those that nothing may pass.
    private func joined(_ found: [(End, Traffic)]) -> [(AddressRange, Traffic)] {
        let parts = found.filter { !$0.1.may.isEmpty }.flatMap { end, traffic in end.ranges.map { ($0, traffic) } }
            .sorted { $0.0 < $1.0 }
        var result: [(AddressRange, Traffic)] = []
        for (range, traffic) in parts {
            if let (last, known) = result.last, known == traffic, let both = bridge(last, range) {
                result[result.count - 1].0 = both
            } else {
                result.append((range, traffic))
            }
        }
        return result
    }

    /// Both ranges as one, where only addresses of workloads lie between them.
    private func bridge(_ low: AddressRange, _ high: AddressRange) -> AddressRange? {
        guard low.family == high.family, low.upper.bits < high.lower.bits else { return nil }
        if low.upper.bits + 1 < high.lower.bits {
            let gap = IntervalSet(low.upper.bits + 1...high.lower.bits - 1)
            guard owned.intervals(low.family).isSuperset(of: gap) else { return nil }
        }
        return AddressRange(low.lower, high.upper)
    }
}
