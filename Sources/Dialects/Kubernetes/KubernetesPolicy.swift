import NetworkTypes
import PolicyFiles
import PolicyModel

/// The policy of a cluster while its objects are read, in the tiers of the API.
struct KubernetesPolicy {
    let cluster: KubernetesCluster
    var findings: DialectFindings
    var origins: [RuleID: RuleOrigin] = [:]
    /// What NetworkPolicy objects say.
    var networkPolicies: [FlatRule] = []
    var selections: [Selection] = []
    /// What cluster-wide policies say, before ranks are given.
    var ranked: [RankedPolicy] = []
    /// The kinds of objects that were said to be passed over.
    var passedOver: Set<String> = []

    /// The addresses of pods that state theirs, and of the nodes of those that use their node's network.
    let podAddresses: [(id: WorkloadID, usesHostNetwork: Bool, addresses: [IPAddress])]

    init(cluster: KubernetesCluster, findings: DialectFindings) {
        self.cluster = cluster
        self.findings = findings
        podAddresses = cluster.pods.map { id, pod in
            (id, pod.usesHostNetwork, pod.usesHostNetwork ? cluster.nodeAddresses(of: pod) : pod.addresses)
        }
    }

    /// The layer: default allow, at every pod.
    func layer() -> Layer {
        Layer(
            id: "kubernetes", enforcer: .platform, appliesTo: .selector(KubernetesCluster.anyPod),
            tiers: [
                Tier(id: "admin", rules: ranked(.admin)),
                Tier(id: "networkpolicy", onNoMatch: .deny, selections: selections, rules: networkPolicies),
                Tier(id: "baseline", rules: ranked(.baseline)),
            ], fullDefault: .allow)
    }

    /// The rules of a tier with dense ranks by (priority, name, kind, index).
    private func ranked(_ tier: RankedPolicy.Tier) -> [FlatRule] {
        var rules: [FlatRule] = []
        var base = 0
        for policy in ranked.filter({ $0.tier == tier }).sorted(by: <) {
            for rule in policy.rules {
                var rule = rule
                rule.rank += base
                rules.append(rule)
            }
            base += policy.ruleCount
        }
        return rules
    }

    /// Reports policies of one tier and priority: which of them is asked first is not specified.
    mutating func reportEqualPriorities() {
        for tier in [RankedPolicy.Tier.admin, .baseline] {
            let policies = ranked.filter { $0.tier == tier }.sorted(by: <)
            for (policy, next) in zip(policies, policies.dropFirst()) where policy.priority == next.priority {
                findings.report(
                    .warning, "equal-priority",
                    "expected policies of one tier to differ in priority, got `\(policy.name)` and `\(next.name)`; where both match, which one is asked first is not specified, and the answer takes them by name",
                    at: next.location, effect: .may, related: [policy.location])
            }
        }
    }

    /// The rules of one written rule: exact for what is understood of its peers, approximate for the rest.
    mutating func rules(
        _ id: RuleID, rank: Int = 0, action: RuleAction, direction: Direction, subject: EndExpression,
        peers: KubernetesPeers, services: [ServiceTerm], doubt: String?, at location: Diagnostic.Location
    ) -> [FlatRule] {
        origins[id] = RuleOrigin(location: location)
        func rule(_ peer: EndExpression, _ relations: [Relation], _ certainty: Certainty) -> FlatRule {
            FlatRule(
                id: id, rank: rank, action: action, direction: direction, subject: subject, peer: peer,
                relations: relations, services: services, certainty: certainty)
        }
        let certainty = doubt.map { Certainty.approximate($0) } ?? .exact
        var rules: [FlatRule] = []
        if peers.exact.count == 1 {
            rules.append(rule(peers.exact[0], [], certainty))
        } else if !peers.exact.isEmpty || (peers.approximate.isEmpty && peers.related.isEmpty) {
            rules.append(rule(.union(peers.exact), [], certainty))
        }
        for related in peers.related { rules.append(rule(related.peer, related.relations, certainty)) }
        for part in peers.approximate { rules.append(rule(part.peer, [], .approximate(part.reason))) }
        return rules
    }

    /// Reports a field that the API does not know, and says why the rule is approximate.
    mutating func doubt(about fields: [Scalar], in what: String, rule: RuleID?) -> String? {
        for field in fields {
            findings.report(
                .warning, "unknown-field",
                "unknown field `\(field.text.prefix(60))` in \(what); what depends on it is answered as may",
                at: field.location, effect: .may, rule: rule)
        }
        return fields.first.map { "unknown field `\($0.text.prefix(60))` in \(what)" }
    }
}

/// A cluster-wide policy with its place among others.
struct RankedPolicy: Comparable {
    /// The tiers of cluster-wide policies.
    enum Tier {
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

/// The far ends that a rule names.
struct KubernetesPeers {
    /// What is understood.
    var exact: [EndExpression] = []
    /// What is understood, where the ends stand in a relation.
    var related: [(peer: EndExpression, relations: [Relation])] = []
    /// What covers at least what was written.
    var approximate: [(peer: EndExpression, reason: String)] = []
}

extension KubernetesCluster {
    /// The addresses of the node that a pod runs on, as the pod or a Node object states them.
    func nodeAddresses(of pod: KubernetesPod) -> [IPAddress] {
        var addresses = pod.nodeAddresses
        for node in nodes where node.name == pod.node {
            for address in node.addresses where !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }

    /// Joined by AND; one alone stands for itself.
    static func all(_ terms: [Selector]) -> Selector { terms.count == 1 ? terms[0] : .and(terms) }
}
