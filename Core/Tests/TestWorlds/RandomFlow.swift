import NetworkTypes
public import PolicyModel

extension Flow {
    /// A flow between addresses of the world, or to and from unmanaged ones.
    public static func random(in world: FlatWorld, using rng: inout some RandomNumberGenerator) -> Flow {
        random(among: world.workloads, using: &rng)
    }

    /// A flow between addresses of the world, or to and from unmanaged ones.
    public static func random(in world: LatticeWorld, using rng: inout some RandomNumberGenerator) -> Flow {
        random(among: world.workloads, using: &rng)
    }

    /// A flow between addresses of the workloads, or to and from unmanaged ones; both ends of one family.
    public static func random(among workloads: [Workload], using rng: inout some RandomNumberGenerator) -> Flow {
        let first = rng.pick(workloads).addresses
        let source = rng.pick(first)
        let family = source.family
        var others = workloads.flatMap(\.addresses).filter { $0.family == family }
        // A workload talks to itself seldom, or that would decide too much.
        if rng.chance(70) { others.removeAll { first.contains($0) } }
        let hasBothFamilies = Set(workloads.flatMap(\.addresses).map(\.family)).count > 1
        others += Universe.unmanaged.map { Universe.address($0, family) }
        var (from, to) = (FlowEnd(source), FlowEnd(rng.pick(others)))
        if rng.chance(50) { (from, to) = (to, from) }
        from.observe(using: &rng)
        to.observe(using: &rng)
        var flow = Flow(source: from, destination: to, proto: randomProtocol(family, hasBothFamilies, using: &rng))
        if flow.proto.hasPorts {
            flow.destinationPort = rng.pick(Universe.ports + [67, 40_000])
            flow.sourcePort = rng.chance(30) ? nil : rng.pick(Universe.sourcePorts + [68])
            if flow.proto == .udp, hasBothFamilies, rng.chance(25) {
                let dhcp: (UInt16, UInt16) = family == .ipv4 ? (68, 67) : (546, 547)
                (flow.sourcePort, flow.destinationPort) = rng.chance(50) ? dhcp : (dhcp.1, dhcp.0)
            }
        }
        if flow.proto.isICMP, rng.chance(75) { flow.icmp = ICMPMessage.random(family, hasBothFamilies, using: &rng) }
        for name in Universe.conditions where rng.chance(60) { flow.conditions[name] = rng.chance(50) }
        return flow
    }

    private static func randomProtocol(
        _ family: AddressFamily, _ hasBothFamilies: Bool, using rng: inout some RandomNumberGenerator
    ) -> IPProtocol {
        switch rng.below(20) {
        case 0...9: return .tcp
        case 10...13: return .udp
        case 14...17: return family == .ipv4 ? .icmp : .icmpv6
        case 18: return rng.pick([.gre, .sctp])
        default: return family == .ipv4 && hasBothFamilies ? .igmp : .gre
        }
    }
}

extension FlowEnd {
    fileprivate mutating func observe(using rng: inout some RandomNumberGenerator) {
        switch rng.below(5) {
        case 0, 1: process = .unknown
        case 2: process = .absent
        default: process = .known(rng.pick(Universe.processes))
        }
        switch rng.below(5) {
        case 0, 1: principal = .unknown
        case 2: principal = .absent
        default: principal = .known(rng.pick(Universe.principals))
        }
    }
}

extension ICMPMessage {
    /// Echo mostly, then redirects, errors and neighbour discovery; what has no twin only in worlds of both families.
    fileprivate static func random(
        _ family: AddressFamily, _ hasBothFamilies: Bool, using rng: inout some RandomNumberGenerator
    ) -> ICMPMessage {
        let types: [UInt8] =
            switch family {
            case .ipv4: [8, 8, 0, 3, 5, 11]
            case .ipv6: [128, 128, 129, 1, 137, hasBothFamilies ? 135 : 3]
            }
        return ICMPMessage(type: rng.pick(types), code: rng.chance(70) ? 0 : 1)
    }
}
