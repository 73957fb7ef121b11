import NetworkTypes
import PolicyModel

/// The world of Antrea's published scale test: many namespaces, each with three NetworkPolicies and four pods.
///
/// After `getXLargeScaleWithSmallNamespaces` in antrea-io/antrea, pkg/controller/networkpolicy/
/// networkpolicy_controller_perf_test.go: a policy that denies all, and one for each of two pairs of pods that lets the pair
/// talk. Addresses are given out in order instead of at random, so that no two pods share one.
struct NamespacedWorld {
    static let name = "antrea"
    static let namespaces = 25_000
    static let podsOfNamespace = 4
    static let policiesOfNamespace = 3
    static let layer: LayerID = "kubernetes"
    static let tier: TierID = "networkpolicy"

    private static let namespaceKey = Named.key("ns/kubernetes.io/metadata.name")
    /// The labels `app-1=scale-1` and `app-2=scale-2` of pods and of the policies that select them.
    private static let groups = (1...2).map { (Named.key("pod/app-\($0)"), Named.value("scale-\($0)")) }

    let workloads: [Workload]
    let policy: FlatPolicy

    init(namespaces: Int) {
        var workloads: [Workload] = []
        var selections: [Selection] = []
        var rules: [FlatRule] = []
        for number in 0..<namespaces {
            let namespace = Self.namespace(number)
            let all = Selector.equals(Self.namespaceKey, namespace)
            for pod in 0..<Self.podsOfNamespace {
                let (key, value) = Self.groups[pod / 2]
                workloads.append(
                    Workload(
                        id: WorkloadID(rawValue: "\(namespace)/pod\(pod + 1)"),
                        labels: [Self.namespaceKey: namespace, key: value], addresses: [Self.address(number, pod)]))
            }
            selections += Self.isolated(.selector(all))
            for (place, (key, value)) in Self.groups.enumerated() {
                let group = EndExpression.selector(.and([all, .equals(key, value)]))
                selections += Self.isolated(group)
                rules.append(
                    FlatRule(
                        id: RuleID(rawValue: "\(namespace)/np-\(place + 1)/ingress/0"), action: .allow,
                        direction: .ingress, subject: group, peer: group, services: [.any]))
            }
        }
        self.workloads = workloads
        let tier = Tier(id: Self.tier, onNoMatch: .deny, selections: selections, rules: rules)
        let layer = Layer(
            id: Self.layer, enforcer: .platform, appliesTo: .anyWorkload, tiers: [tier], fullDefault: .allow)
        policy = FlatPolicy(layers: [layer])
    }

    /// The policy with what the policies of some namespaces say, and nothing of others.
    func policy(of namespaces: some Sequence<Int>) -> FlatPolicy {
        var result = policy
        var tier = policy.layers[0].tiers[0]
        let all = tier
        tier.selections = []
        tier.rules = []
        for number in namespaces {
            tier.selections? += (all.selections ?? [])[number * 6..<(number + 1) * 6]
            tier.rules += all.rules[number * 2..<(number + 1) * 2]
        }
        result.layers[0].tiers[0] = tier
        return result
    }

    /// The policies that deny or select isolate in both directions, as each of the published test does.
    private static func isolated(_ subject: EndExpression) -> [Selection] {
        Direction.allCases.map { Selection(subject: subject, direction: $0) }
    }

    private static func namespace(_ number: Int) -> LabelValue { Named.value(Named.number("ns-", number, digits: 5)) }

    static func address(_ namespace: Int, _ pod: Int) -> IPAddress {
        IPAddress(ipv4: 10 << 24 | UInt32(namespace * podsOfNamespace + pod))
    }
}
