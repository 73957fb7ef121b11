import NetworkTypes
import PolicyFiles
import PolicyModel

/// The policy of a cluster that runs Calico, while its objects are read.
struct CalicoPolicy {
    let cluster: CalicoCluster
    let values: CalicoValues
    let standIns: SortedAddresses
    /// Reads the policies of Kubernetes, which Calico enforces in tiers of its own.
    var kubernetes: KubernetesPolicy
    var findings: DialectFindings
    var origins: [RuleID: RuleOrigin] = [:]
    private(set) var tiers: [String: CalicoTier]
    private(set) var policies: [CalicoPlacedPolicy] = []
    /// Rules of policies that hold before connections are tracked or addresses translated; hosts only.
    private(set) var early: [CalicoPlacedPolicy] = []
    /// The protocols that rules name.
    var mentioned: Set<IPProtocol> = []
    /// Why the ports that hosts always keep open may be others than Calico's own.
    var failsafeDoubt: String?

    init(cluster: CalicoCluster, findings: DialectFindings) {
        self.cluster = cluster
        self.findings = findings
        values = CalicoValues(cluster.workloads)
        standIns = SortedAddresses(cluster.standIns)
        kubernetes = KubernetesPolicy(cluster: cluster.kubernetes, plugin: .calico, findings: DialectFindings())
        tiers = [:]
        for tier in CalicoTier.fixed { tiers[tier.name] = tier }
    }

    mutating func add(_ tier: CalicoTier) { tiers[tier.name] = tier }

    mutating func add(_ policy: CalicoPlacedPolicy) { policies.append(policy) }

    mutating func addEarly(_ policy: CalicoPlacedPolicy) { early.append(policy) }

    /// The protocols that answers are about: those that the API has names for, and those that rules name by number.
    ///
    /// Where nobody has an IPv6 address, nobody sends ICMPv6.
    var protocols: [IPProtocol] {
        let hasIPv6 = cluster.workloads.contains { $0.addresses.contains { $0.family == .ipv6 } }
        let named: [IPProtocol] = [.tcp, .udp, .sctp, .icmp] + (hasIPv6 ? [.icmpv6] : []) + [.udplite]
        return named + mentioned.subtracting(named).subtracting([.icmpv6]).sorted()
    }

    // MARK: The layer

    /// The layer, at every endpoint: what its tiers do not decide is what profiles say, at pods that everything is allowed.
    func layer() -> Layer {
        var all: [Tier] = []
        let local = kubernetes.localNodeRules().filter { $0.direction == .ingress }
        if !local.isEmpty { all.append(Tier(id: "calico/local-node", rules: local)) }
        let hosts = cluster.workloads.filter { CalicoLabels.anyHost.matches($0.labels) }
        if !hosts.isEmpty { all.append(Tier(id: "calico/failsafe", rules: failsafeRules())) }
        if !early.isEmpty { all.append(Tier(id: "calico/early", rules: Self.ranked(early))) }
        for tier in tiers.values.sorted() {
            let own = policies.filter { $0.tier == tier.name }
            if own.isEmpty { continue }
            all.append(
                Tier(
                    id: TierID(rawValue: tier.name), onNoMatch: tier.denies ? .deny : .next,
                    selections: own.sorted().flatMap(\.selections), rules: Self.ranked(own)))
        }
        if !hosts.isEmpty { all.append(profiles()) }
        return Layer(
            id: "calico", enforcer: .platform, appliesTo: .selector(CalicoLabels.anyEndpoint), tiers: all,
            fullDefault: .allow)
    }

    /// The rules of a tier with dense ranks by (order, name, index).
    private static func ranked(_ policies: [CalicoPlacedPolicy]) -> [FlatRule] {
        var rules: [FlatRule] = []
        var base = 0
        for policy in policies.sorted() {
            for var rule in policy.rules {
                rule.rank += base
                rules.append(rule)
            }
            base += policy.ruleCount
        }
        return rules
    }

    /// What hosts are allowed whatever policy says (`felixconfig.go`, `FailsafeInboundHostPorts` and `FailsafeOutboundHostPorts`).
    private func failsafeRules() -> [FlatRule] {
        let control: [ClosedRange<UInt16>] = [179...179, 2379...2380, 5473...5473, 6443...6443, 6666...6667]
        func rule(_ direction: Direction, tcp: [ClosedRange<UInt16>], udp: [ClosedRange<UInt16>]) -> FlatRule {
            FlatRule(
                id: "calico/failsafe", action: .allow, direction: direction, subject: .selector(CalicoLabels.anyHost),
                peer: .any,
                services: [.ports(.tcp, destination: PortSet(tcp)), .ports(.udp, destination: PortSet(udp))],
                certainty: failsafeDoubt.map { .approximate($0) } ?? .exact)
        }
        return [
            rule(.ingress, tcp: [22...22] + control, udp: [68...68]),
            rule(.egress, tcp: control, udp: [53...53, 67...67]),
        ]
    }

    /// What follows the last tier at interfaces of hosts: nothing is allowed but what their profiles allow.
    private func profiles() -> Tier {
        guard let key = CalicoLabels.profile, let all = LabelValue("all"), let unknown = LabelValue("unknown") else {
            return Tier(id: "calico/profiles")
        }
        let closed = EndExpression.selector(.and([CalicoLabels.anyHost, .notEquals(key, all)]))
        return Tier(
            id: "calico/profiles", onNoMatch: .deny,
            selections: Direction.allCases.map { Selection(subject: closed, direction: $0) },
            rules: cluster.workloads.contains { $0.labels[key] == unknown } ? Self.unknownProfiles(key, unknown) : [])
    }

    /// What hosts may be allowed by profiles that are not read.
    private static func unknownProfiles(_ key: LabelKey, _ unknown: LabelValue) -> [FlatRule] {
        Direction.allCases.map {
            FlatRule(
                id: "calico/profiles", action: .allow, direction: $0, subject: .selector(.equals(key, unknown)),
                peer: .any, services: [.any], certainty: .approximate("the profile of the host endpoint is not read"))
        }
    }
}
