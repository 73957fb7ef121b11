import PolicyModel

/// A cluster-wide policy with its place among others.
struct RankedPolicy: Comparable {
    /// The tiers of cluster-wide policies.
    enum Tier: CaseIterable {
        /// Before NetworkPolicy.
        case admin
        /// After it, for pods that no NetworkPolicy isolates.
        case baseline
    }

    let tier: Tier
    let priority: Int
    let name: String
    let kind: String
    let location: Diagnostic.Location
    /// The rules, ranked by their index.
    var rules: [FlatRule] = []
    /// The most rules of a direction.
    var ruleCount = 0

    static func == (a: Self, b: Self) -> Bool { a.priority == b.priority && a.name == b.name && a.kind == b.kind }

    static func < (a: Self, b: Self) -> Bool {
        if a.priority != b.priority { return a.priority < b.priority }
        if a.name != b.name { return a.name.utf8.lexicographicallyPrecedes(b.name.utf8) }
        return a.kind.utf8.lexicographicallyPrecedes(b.kind.utf8)
    }
}

extension KubernetesPolicy {
    /// The rules of a tier with dense ranks by (priority, name, kind, index).
    ///
    /// Of policies of one priority the API lets any be asked first. A rule of a later one that an earlier one's rule contradicts
    /// is therefore also asked before both, as a rule that may hold: where only one of them matches, the answer is the
    /// same with it and without, and where both do, it is open.
    mutating func ranked(_ tier: RankedPolicy.Tier) -> [FlatRule] {
        var rules: [FlatRule] = []
        var base = 0
        let policies = ranked.filter { $0.tier == tier }.sorted()
        var start = policies.startIndex
        while start < policies.endIndex {
            let group = policies[start...].prefix { $0.priority == policies[start].priority }
            let open = contradictions(Array(group))
            rules += open.map { rule in
                var rule = rule
                rule.rank += base
                return rule
            }
            base += open.count
            for policy in group {
                for rule in policy.rules {
                    var rule = rule
                    rule.rank += base
                    rules.append(rule)
                }
                base += policy.ruleCount
            }
            start = group.endIndex
        }
        return rules
    }

    /// The rules of policies of one priority that depend on which policy is asked first, as rules that may hold.
    private mutating func contradictions(_ group: [RankedPolicy]) -> [FlatRule] {
        var open: [FlatRule] = []
        for (index, policy) in group.enumerated().dropFirst() {
            let before = group[..<index]
            let contradicted = policy.rules.filter { rule in
                before.contains { $0.rules.contains { contradicts($0, rule) } }
            }
            findings.report(
                .warning, "equal-priority",
                "expected policies of one tier to differ in priority, got `\(before.last?.name ?? "")` and `\(policy.name)`; "
                    + (contradicted.isEmpty
                        ? "no flow matches contradicting rules of them"
                        : "where both match, which one is asked first is not specified"),
                at: policy.location, effect: contradicted.isEmpty ? .none : .may, related: before.map(\.location))
            for rule in contradicted {
                var rule = rule
                rule.rank = open.count
                rule.certainty = .approximate("another policy of the same priority may be asked first")
                open.append(rule)
            }
        }
        return open
    }

    private func contradicts(_ a: FlatRule, _ b: FlatRule) -> Bool {
        a.direction == b.direction && a.action != b.action
            && a.services.contains { term in b.services.contains { term.mayMeet($0) } }
            && a.subject.meets(b.subject, among: cluster.workloads) && a.peer.meets(b.peer, among: cluster.workloads)
    }

    /// The API has BaselineAdminNetworkPolicy and the Baseline tier of ClusterNetworkPolicy in different versions, and no order for both.
    mutating func reportMixedVersions() {
        for tier in RankedPolicy.Tier.allCases {
            let policies = ranked.filter { $0.tier == tier }.sorted()
            guard let old = policies.first(where: { $0.kind != ClusterWideKind.cluster.name }),
                let new = policies.first(where: { $0.kind == ClusterWideKind.cluster.name })
            else { continue }
            findings.report(
                .warning, "mixed-versions",
                "expected \(old.kind) or ClusterNetworkPolicy, got both; the answer takes them in one order of priority",
                at: old.location, effect: .may, related: [new.location])
        }
    }
}
