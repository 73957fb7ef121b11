import NetworkTypes
import PolicyAnalysis
import PolicyModel

/// How far an intruder gets, in the shape of its JSON; the names are documented in `docs/commands.md`.
struct BreachReport: Encodable {
    /// Who is reached first in how many hops, of those with equal labels.
    struct Group: Encodable {
        let hops: Int
        let group: String
        let workloads: Int
        let crownJewels: Int
        /// The first names.
        let examples: [String]

        private enum CodingKeys: CodingKey { case hops, group, workloads, crownJewels }
    }

    /// One connection; the fields are those of `bulkhead connectivity`.
    struct Connection: Encodable {
        private(set) var from: String
        private(set) var to: String
        let allow: [ServiceSetText.Entry]
        let certainty: String
        let text: String

        private enum CodingKeys: CodingKey { case from, to, allow, certainty }

        /// One for what is allowed for sure, one for what may be.
        static func all(
            _ from: String, _ to: String, _ traffic: Traffic, _ services: ServiceSetText
        ) -> [Connection] {
            let open = traffic.may.subtracting(traffic.must)
            return [("must", traffic.must), ("may", open)].filter { !$0.1.isEmpty }.map { certainty, set in
                let text = services.text(set) + (certainty == "may" ? " (may)" : "")
                return Connection(
                    from: from, to: to, allow: services.entries(set), certainty: certainty, text: text)
            }
        }

        /// The same between others.
        func between(_ from: String, _ to: String) -> Connection {
            var result = self
            result.from = from
            result.to = to
            return result
        }
    }

    /// A workload that is reached.
    struct Reached: Encodable {
        let workload: String
        let group: String
        let hops: Int
        /// The fewest hops for sure; nil when it is reached only perhaps.
        let sureHops: Int?
        let previous: String
        let isCrownJewel: Bool
        let traffic: [Connection]
    }

    /// A crown jewel, reached or not.
    struct Jewel: Encodable {
        let workload: String
        let hops: Int?
        let sureHops: Int?
        let path: [Connection]
    }

    /// What holds under one policy.
    struct Side: Encodable {
        let otherWorkloads: Int
        let reached: [Reached]
        let groups: [Group]
        let crownJewels: [Jewel]
        let exits: [Connection]
        let onlyEssential: [String]

        /// Whether the intruder gets to a crown jewel other than where they are.
        var reachesJewel: Bool { crownJewels.contains { $0.hops != nil } }
    }

    let workload: String
    let at: String
    let jewels: String
    let now: Side
    let draft: Side?
}

extension BreachReport.Side {
    init(
        _ breach: Breach, _ asked: AskedPolicy, _ services: ServiceSetText, jewels: Selector, _ dimensions: [LabelKey]
    ) {
        var labels: [WorkloadID: Labels] = [:]
        for workload in asked.workloads { labels[workload.id] = workload.labels }
        // Distinct traffic is written once; there may be a great many workloads.
        var written: [Traffic: [BreachReport.Connection]] = [:]
        func connections(_ from: WorkloadID, _ to: String, _ traffic: Traffic) -> [BreachReport.Connection] {
            if let known = written[traffic] { return known.map { $0.between(from.rawValue, to) } }
            let made = BreachReport.Connection.all(from.rawValue, to, traffic, services)
            written[traffic] = made
            return made
        }
        func group(_ id: WorkloadID) -> String {
            dimensions.map { labels[id]?[$0]?.description ?? "-" }.joined(separator: "/")
        }
        otherWorkloads = breach.others
        let found = breach.reached.map { entry in
            BreachReport.Reached(
                workload: entry.workload.rawValue, group: group(entry.workload), hops: entry.hops,
                sureHops: entry.sureHops, previous: entry.previous.rawValue,
                isCrownJewel: jewels.matches(labels[entry.workload] ?? [:]),
                traffic: connections(entry.previous, entry.workload.rawValue, entry.traffic))
        }
        reached = found
        groups = Self.groups(found)
        crownJewels = asked.workloads.filter { jewels.matches($0.labels) && $0.id != breach.start }.map(\.id).sorted()
            .map { id in
                let entry = breach.reached(id)
                let path = breach.path(to: id).flatMap { connections($0.from, $0.to.rawValue, $0.traffic) }
                return BreachReport.Jewel(
                    workload: id.rawValue, hops: entry?.hops, sureHops: entry?.sureHops, path: path)
            }
        let owned = AddressSet(asked.workloads.flatMap(\.addresses).map { Prefix($0) })
        exits = breach.exits.flatMap { exit in
            let ranges = owned.bridged(exit.ranges).map(\.description).joined(separator: ",")
            return connections(breach.start, ranges, exit.traffic)
        }
        onlyEssential = breach.onlyEssential.map(\.rawValue)
    }

    /// By hops, then name of the group.
    private static func groups(_ reached: [BreachReport.Reached]) -> [BreachReport.Group] {
        struct Key: Hashable {
            let hops: Int
            let group: String
        }
        var members: [Key: [BreachReport.Reached]] = [:]
        for entry in reached { members[Key(hops: entry.hops, group: entry.group), default: []].append(entry) }
        return members.keys.sorted { ($0.hops, $0.group) < ($1.hops, $1.group) }.map { key in
            let entries = members[key] ?? []
            return BreachReport.Group(
                hops: key.hops, group: key.group, workloads: entries.count,
                crownJewels: entries.filter(\.isCrownJewel).count, examples: entries.prefix(3).map(\.workload))
        }
    }
}
