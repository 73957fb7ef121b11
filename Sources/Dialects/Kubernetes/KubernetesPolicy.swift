import NetworkTypes
import PolicyFiles
import PolicyModel

/// The policy of a cluster while its objects are read, in the tiers of the API.
struct KubernetesPolicy {
    let cluster: KubernetesCluster
    /// Who enforces it, as far as that settles what the API leaves open.
    let plugin: KubernetesPlugin
    var findings: DialectFindings
    var origins: [RuleID: RuleOrigin] = [:]
    /// What NetworkPolicy objects say.
    var networkPolicies: [FlatRule] = []
    var selections: [Selection] = []
    /// What cluster-wide policies say, before ranks are given.
    var ranked: [RankedPolicy] = []
    /// The kinds of objects that were said to be passed over.
    var passedOver: Set<String> = []

    /// The addresses that pods state, and those that were made up.
    let podAddresses: SortedAddresses
    let standIns: SortedAddresses
    /// The pods that use their node's network, with its addresses, by namespace.
    let hostPods: [HostPod]

    /// A pod that uses its node's network.
    struct HostPod {
        let id: WorkloadID
        let pod: KubernetesPod
        let labels: Labels
        let addresses: [IPAddress]
    }

    init(cluster: KubernetesCluster, plugin: KubernetesPlugin = .unknown, findings: DialectFindings) {
        self.cluster = cluster
        self.plugin = plugin
        self.findings = findings
        podAddresses = SortedAddresses(cluster.pods.flatMap(\.pod.addresses))
        standIns = SortedAddresses(cluster.standIns)
        hostPods = zip(cluster.pods, cluster.workloads).filter { $0.0.pod.usesHostNetwork }.map { entry, workload in
            HostPod(
                id: entry.id, pod: entry.pod, labels: workload.labels, addresses: cluster.nodeAddresses(of: entry.pod))
        }
    }

    /// The layer: default allow, at every pod.
    mutating func layer() -> Layer {
        Layer(
            id: "kubernetes", enforcer: .platform, appliesTo: .selector(KubernetesCluster.anyPod),
            tiers: [
                Tier(id: "admin", rules: ranked(.admin)),
                Tier(id: "networkpolicy", onNoMatch: .deny, selections: selections, rules: networkPolicies),
                Tier(id: "baseline", rules: ranked(.baseline)),
            ], fullDefault: .allow)
    }

    /// The rules of one written rule: exact for what is understood of its peers, approximate for the rest.
    mutating func rules(
        _ id: RuleID, rank: Int = 0, action: RuleAction, direction: Direction, subject: EndExpression,
        peers: KubernetesPeers, services: [ServiceTerm], doubt: String?, at location: Diagnostic.Location
    ) -> [FlatRule] {
        origins[id] = RuleOrigin(location: location)
        func rule(_ peer: EndExpression, _ certainty: Certainty) -> FlatRule {
            FlatRule(
                id: id, rank: rank, action: action, direction: direction, subject: subject, peer: peer,
                services: services, certainty: certainty)
        }
        let certainty = doubt.map { Certainty.approximate($0) } ?? .exact
        var rules: [FlatRule] = []
        // A rule without a peer in the files still has a name that reviews can speak of.
        if !peers.exact.isEmpty || peers.approximate.isEmpty {
            rules.append(rule(Self.any(of: peers.exact), certainty))
        }
        for part in peers.approximate { rules.append(rule(part.peer, .approximate(part.reason))) }
        return rules
    }

    /// Joined by OR; one alone stands for itself.
    static func any(of parts: [EndExpression]) -> EndExpression {
        if let only = parts.first, parts.count == 1 { return only }
        return .union(parts)
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

/// The network plugin of a cluster, which settles what the API of Kubernetes leaves open.
enum KubernetesPlugin {
    /// Any: what is left open is answered as may.
    case unknown
    /// Calico: blocks hold for pods, and a pod in its node's network is no endpoint that selectors could find.
    case calico
}

/// The far ends that a rule names.
struct KubernetesPeers {
    /// What is understood.
    var exact: [EndExpression] = []
    /// What covers at least what was written.
    var approximate: [(peer: EndExpression, reason: String)] = []
    /// Whether one is of a kind that this version of the API does not know.
    var isOfUnknownKind = false
}

extension KubernetesCluster {
    /// The addresses of the node that a pod runs on, as the pod or a Node object states them.
    func nodeAddresses(of pod: KubernetesPod) -> [IPAddress] {
        var addresses = pod.nodeAddresses
        if let node = pod.node.flatMap({ nodesByName[$0] }) {
            for address in node.addresses where !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }

    /// Joined by AND; one alone stands for itself.
    static func all(_ terms: [Selector]) -> Selector {
        if let only = terms.first, terms.count == 1 { return only }
        return .and(terms)
    }
}
