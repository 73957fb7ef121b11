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

    /// Makes a listing; addresses outside are listed of these families.
    init(
        _ connectivity: Connectivity, _ index: PolicyIndex, _ services: ServiceSetText, families: Set<AddressFamily>
    ) {
        self.connectivity = connectivity
        self.index = index
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
            for (range, traffic) in Self.joined(found) {
                try body(Line(from: Self.text(range), to: to, traffic: traffic))
            }
        }
        for from in names {
            let sources = named[from] ?? []
            let found = outside.map { ($0, traffic(sources, [$0])) }
            for (range, traffic) in Self.joined(found) {
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
        if sources.count == 1, destinations.count == 1 {
            let traffic = connectivity.traffic(from: sources[0], to: destinations[0])
            return Traffic(must: services.listed(traffic.must), may: services.listed(traffic.may))
        }
        var (must, may) = (ServiceSet(), ServiceSet())
        for source in sources {
            for destination in destinations where !source.isSelfTraffic(with: destination) {
                let traffic = connectivity.traffic(from: source, to: destination)
                must = must.union(traffic.must)
                may = may.union(traffic.may)
            }
        }
        return Traffic(must: services.listed(must), may: services.listed(may))
    }

    private func name(_ end: End) -> String {
        end.owners.map { index.name(of: $0) }.joined(separator: "+")
    }

    private static func text(_ range: AddressRange) -> String { "\(range.lower)-\(range.upper)[External]" }

    /// The ranges by traffic, neighbours of equal traffic as one; without those that nothing may pass.
    private static func joined(_ found: [(End, Traffic)]) -> [(AddressRange, Traffic)] {
        let parts = found.filter { !$0.1.may.isEmpty }.flatMap { end, traffic in end.ranges.map { ($0, traffic) } }
            .sorted { $0.0 < $1.0 }
        var result: [(AddressRange, Traffic)] = []
        for (range, traffic) in parts {
            if let (last, known) = result.last, known == traffic, last.family == range.family,
                last.upper.bits < .max, last.upper.bits + 1 == range.lower.bits,
                let both = AddressRange(last.lower, range.upper)
            {
                result[result.count - 1].0 = both
            } else {
                result.append((range, traffic))
            }
        }
        return result
    }
}
