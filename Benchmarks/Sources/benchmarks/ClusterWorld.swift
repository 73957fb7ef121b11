import NetworkTypes
import PolicyModel

/// A cluster with Kubernetes-like policies: pods in namespaces, each policy isolating some of them and letting others in.
///
/// Policies select by one or two labels of their namespace; peers are pods of the same or of another namespace, or a
/// block of addresses; ports are one to three of twenty. Equal seeds give equal worlds.
struct ClusterWorld {
    static let name = "cluster"
    static let podCount = 400
    static let policyCount = 200

    private static let namespaces = 10
    private static let layer: LayerID = "kubernetes"
    private static let tier: TierID = "networkpolicy"
    private static let namespaceKey = Named.key("ns/kubernetes.io/metadata.name")
    private static let appKey = Named.key("pod/app")
    private static let tierKey = Named.key("pod/tier")
    private static let apps = 8
    private static let tiers = 3

    let workloads: [Workload]
    let policy: FlatPolicy

    init(pods: Int, policies: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        workloads = (0..<pods).map { number in
            Workload(
                id: WorkloadID(rawValue: "pod-\(number)"),
                labels: [
                    Self.namespaceKey: Self.namespace(number % Self.namespaces), Self.appKey: Self.app(&random),
                    Self.tierKey: Self.role(&random),
                ],
                addresses: [IPAddress(ipv4: 10 << 24 | UInt32(number))])
        }
        var selections: [Selection] = []
        var rules: [FlatRule] = []
        for number in 0..<policies {
            let namespace = random.below(Self.namespaces)
            let subject = Self.pods(of: namespace, &random)
            let hasEgress = random.below(3) == 0
            selections.append(Selection(subject: subject, direction: .ingress))
            if hasEgress { selections.append(Selection(subject: subject, direction: .egress)) }
            for direction in hasEgress ? Direction.allCases : [.ingress] {
                for place in 0...random.below(2) {
                    rules.append(
                        FlatRule(
                            id: RuleID(rawValue: "np-\(number)/\(direction.rawValue)/\(place)"), action: .allow,
                            direction: direction, subject: subject, peer: Self.peer(of: namespace, &random),
                            services: Self.services(&random)))
                }
            }
        }
        let tier = Tier(id: Self.tier, onNoMatch: .deny, selections: selections, rules: rules)
        policy = FlatPolicy(layers: [
            Layer(id: Self.layer, enforcer: .platform, appliesTo: .anyWorkload, tiers: [tier], fullDefault: .allow)
        ])
    }

    private static func pods(of namespace: Int, _ random: inout SplitMix64) -> EndExpression {
        let inside = Selector.equals(namespaceKey, self.namespace(namespace))
        switch random.below(4) {
        case 0: return .selector(inside)
        case 1: return .selector(.and([inside, .equals(appKey, app(&random)), .equals(tierKey, role(&random))]))
        default: return .selector(.and([inside, .equals(appKey, app(&random))]))
        }
    }

    private static func peer(of namespace: Int, _ random: inout SplitMix64) -> EndExpression {
        switch random.below(6) {
        case 0:
            let block = Prefix(IPAddress(ipv4: 192 << 24 | UInt32(random.below(200)) << 16), length: 16)
            return .difference(.addresses(AddressSet([block].compactMap(\.self))), .anyWorkload)
        case 1: return pods(of: random.below(namespaces), &random)
        case 2: return .any
        default: return pods(of: namespace, &random)
        }
    }

    private static func services(_ random: inout SplitMix64) -> [ServiceTerm] {
        (0...random.below(3)).map { _ in
            let port = UInt16(8_000 + random.below(20))
            return .ports(random.below(5) == 0 ? .udp : .tcp, destination: PortSet(port))
        }
    }

    private static func namespace(_ number: Int) -> LabelValue { Named.value("ns-\(number)") }
    private static func app(_ random: inout SplitMix64) -> LabelValue { Named.value("app-\(random.below(apps))") }
    private static func role(_ random: inout SplitMix64) -> LabelValue { Named.value("tier-\(random.below(tiers))") }
}
