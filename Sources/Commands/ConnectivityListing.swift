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

    /// An end with what its answers depend on.
    private struct Member {
        let end: End
        /// The class of ends that policy cannot tell apart.
        let number: Int
        let hasIPv4: Bool
        let hasIPv6: Bool

        init(_ end: End, _ number: Int) {
            self.end = end
            self.number = number
            hasIPv4 = end.ranges.isEmpty || end.ranges.contains { $0.family == .ipv4 }
            hasIPv6 = end.ranges.isEmpty || end.ranges.contains { $0.family == .ipv6 }
        }
    }

    /// What is known already of the pairs of two classes, by the families that their ends share.
    private final class Known {
        struct Key: Hashable {
            let from: Int
            let to: Int
            let families: Int
        }
        var traffic: [Key: Traffic] = [:]
    }

    /// Gives each connection, by the names of source and destination; what a workload does with itself is left out.
    func forEach(_ body: (Line) throws -> Void) rethrows {
        var named: [String: [Member]] = [:]
        var outside: [Member] = []
        for (number, group) in connectivity.classes.enumerated() {
            for end in group.ends {
                let member = Member(end, number)
                if end.owners.isEmpty { outside.append(member) } else { named[name(end), default: []].append(member) }
            }
        }
        outside.removeAll { member in !member.end.ranges.contains { families.contains($0.family) } }
        let known = Known()
        let names = named.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        // From outside: what reaches each workload, with neighbouring ranges of equal traffic joined.
        for to in names {
            let found = outside.map { ($0.end, traffic([$0], named[to] ?? [], known)) }
            for (range, traffic) in joined(found) {
                try body(Line(from: Self.text(range), to: to, traffic: traffic))
            }
        }
        for from in names {
            let sources = named[from] ?? []
            let found = outside.map { ($0.end, traffic(sources, [$0], known)) }
            for (range, traffic) in joined(found) {
                try body(Line(from: from, to: Self.text(range), traffic: traffic))
            }
            for to in names where to != from {
                let traffic = traffic(sources, named[to] ?? [], known)
                if !traffic.may.isEmpty { try body(Line(from: from, to: to, traffic: traffic)) }
            }
        }
    }

    /// What some of these sources may send to some of those destinations.
    private func traffic(_ sources: [Member], _ destinations: [Member], _ known: Known) -> Traffic {
        var result: Traffic?
        for source in sources {
            for destination in destinations where !source.end.isSelfTraffic(with: destination.end) {
                let traffic = traffic(source, destination, known)
                if traffic.may.isEmpty { continue }
                guard let found = result else {
                    result = traffic
                    continue
                }
                if found != traffic {
                    result = Traffic(must: found.must.union(traffic.must), may: found.may.union(traffic.may))
                }
            }
        }
        return result ?? .none
    }

    private func traffic(_ source: Member, _ destination: Member, _ known: Known) -> Traffic {
        let hasIPv4 = source.hasIPv4 && destination.hasIPv4
        let hasIPv6 = source.hasIPv6 && destination.hasIPv6
        let key = Known.Key(
            from: source.number, to: destination.number, families: (hasIPv4 ? 1 : 0) | (hasIPv6 ? 2 : 0))
        if let found = known.traffic[key] { return found }
        let all = connectivity.traffic(from: source.end, to: destination.end)
        // The message protocol of a family that the ends do not share means nothing (RFC 792, RFC 4443).
        let impossible = ServiceSet.all((hasIPv4 ? [] : [.icmp]) + (hasIPv6 ? [] : [.icmpv6]))
        func shown(_ set: ServiceSet) -> ServiceSet {
            let listed = services.listed(set)
            return services.isEverything(listed) ? listed : listed.subtracting(impossible)
        }
        let made = Traffic(must: shown(all.must), may: shown(all.may))
        known.traffic[key] = made
        return made
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
            if let (last, known) = result.last, known == traffic, let both = owned.bridge(last, range) {
                result[result.count - 1].0 = both
            } else {
                result.append((range, traffic))
            }
        }
        return result
    }
}
