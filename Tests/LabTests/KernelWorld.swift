import Lab
import NetworkTypes
import PolicyModel

/// A small random world on the addresses of a lab: labels, modes, and a policy that uses every tier.
struct KernelWorld {
    static let names = ["a", "b", "c", "d"]
    static let ports: [UInt16] = [80, 443, 8080]
    /// Every port that is asked has a listener, since a reset by a rejecting rule looks like a closed port.
    static let services = ports.flatMap { [LabService(.tcp, $0, "tcp"), LabService(.udp, $0, "udp")] }

    let workloads: [Workload]
    let policy: Policy

    /// Every pair of addresses of two hosts, on every port, and an echo request.
    static func cells(_ network: LabNetwork) -> [Cell] {
        var result: [Cell] = []
        for source in network.hosts {
            for target in network.hosts where target.name != source.name {
                for from in source.addresses {
                    for to in target.addresses where to.family == from.family {
                        for proto in [IPProtocol.tcp, .udp] {
                            result += ports.map { Cell(source: from, destination: to, proto: proto, port: $0) }
                        }
                        let echo: IPProtocol = from.family == .ipv4 ? .icmp : .icmpv6
                        result.append(Cell(source: from, destination: to, proto: echo, port: 0))
                    }
                }
            }
        }
        return result
    }

    init(seed: UInt64, _ network: LabNetwork) {
        var dice = Dice(state: seed)
        workloads = Self.workloads(network, &dice)
        policy = Self.policy(network, &dice)
    }

    private static let role = LabelKey("role")
    private static let roles = ["web", "db"].compactMap { LabelValue($0) }

    /// The last host is nobody's workload in half of the worlds; the others have an agent that often enforces.
    private static func workloads(_ network: LabNetwork, _ dice: inout Dice) -> [Workload] {
        let isStrangerThere = dice.chance(50)
        return network.hosts.filter { !isStrangerThere || $0.name != names.last }.map { host in
            var labels: Labels = [:]
            if let role, dice.chance(85) { labels[role] = dice.pick(roles) }
            let mode = dice.pick([.full, .full, .full, .selective, .selective, .visibility] as [EnforcementMode])
            return host.workload(mode, labels)
        }
    }

    private static func policy(_ network: LabNetwork, _ dice: inout Dice) -> Policy {
        let all = network.hosts.flatMap(\.addresses)
        var policy = Policy()
        policy.addressSets["few"] = AddressSet((0..<3).map { _ in Prefix(dice.pick(all)) })
        policy.addressSets["net"] = AddressSet(
            ["10.77.2.0/24", "fd77:0:0:2::/64", "10.77.4.8/29"].compactMap { Prefix($0) })
        let rules = (0..<(4 + dice.below(5))).map { number in
            let isDeny = dice.chance(30)
            return Rule(
                id: RuleID(rawValue: "r/\(number)"),
                action: isDeny ? .deny(dice.chance(40) ? .reject : .drop) : .allow, match: match(&dice),
                anywhere: true, documentation: .forTests)
        }
        policy.rulesets = [Ruleset(id: "r", scopes: [.all], rules: rules)]
        if dice.chance(70) {
            let exception = PolicyException(id: "g/hole", match: match(&dice), documentation: .forTests)
            policy.guardrails = [
                Guardrail(id: "g", match: match(&dice), exceptions: [exception], documentation: .forTests)
            ]
        }
        if dice.chance(35) {
            let hole = PolicyException(id: "q/hole", match: match(&dice), documentation: .forTests)
            policy.quarantines = [
                Quarantine(
                    id: "q", members: .workload(WorkloadID(rawValue: dice.pick(names))), exceptions: [hole],
                    documentation: .forTests)
            ]
        }
        return policy
    }

    private static func match(_ dice: inout Dice) -> TrafficMatch {
        TrafficMatch(
            from: end(&dice), to: end(&dice),
            relations: role.map { dice.chance(15) ? [dice.chance(50) ? .same([$0]) : .different([$0])] : [] } ?? [],
            services: (0...dice.below(2)).map { _ in service(&dice) })
    }

    private static func end(_ dice: inout Dice) -> EndExpression {
        let roles = self.roles
        let ends: [EndExpression] = [
            .any, .anyWorkload, .addressSet("few"), .addressSet("net"),
            .workload(WorkloadID(rawValue: dice.pick(names))),
            .selector(role.map { .equals($0, dice.pick(roles)) } ?? .all),
            .selector(role.map { .exists($0) } ?? .all),
            .difference(.any, .addressSet("few")),
        ]
        return dice.pick(ends)
    }

    private static func service(_ dice: inout Dice) -> ServiceTerm {
        let proto = dice.pick([IPProtocol.tcp, .udp])
        let services: [ServiceTerm] = [
            .any, .proto(proto), .ports(proto, destination: PortSet(dice.pick(ports))),
            .ports(proto, destination: PortSet([80...500])),
            .ports(proto, destination: .all, source: PortSet([20_000...20_400])),
            .icmp(.icmp, type: 8, code: nil), .icmp(.icmpv6, type: 128, code: 0),
        ]
        return dice.pick(services)
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same worlds on every machine.
struct Dice {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % max(1, bound) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
