public import NetworkTypes

/// Traffic that a host needs to stay manageable; tier 1, allowed where the agent enforces.
///
/// It passes quarantines and guardrails, so it is never wider than needed.
public struct EssentialRule: Hashable, Sendable {
    /// The name that verdicts report, `essential/…`.
    public var id: RuleID
    /// What is allowed.
    public var match: TrafficMatch
    /// The directions, seen from the workload, in which it is allowed.
    public var directions: Set<Direction>
    /// Why it exists.
    public var documentation: Documentation

    /// Makes an essential rule; it opens both ends unless told otherwise.
    public init(
        id: RuleID, match: TrafficMatch, directions: Set<Direction> = [.egress, .ingress],
        documentation: Documentation
    ) {
        self.id = id
        self.match = match
        self.directions = directions
        self.documentation = documentation
    }

    /// What every host needs, whatever its policy: neighbour discovery, listener reports, IGMP, finding a DHCP server.
    ///
    /// DHCP is limited to what finds a server: renewals by unicast, and answers to a client that listens on an ordinary
    /// socket instead of a packet socket, need a declared rule that names the servers. Otherwise two hosts that agree to
    /// use its ports would have a channel through every quarantine.
    public static let standard: [EssentialRule] = [
        // Router and neighbour solicitation and advertisement: RFC 4861 §4.1–4.4.
        rule(
            "neighbour-discovery", .any, .any, icmpv6(133, 134, 135, 136), both,
            "an IPv6 host finds neighbours and routers"),
        // Query, report, done (RFC 2710 §3.2), version 2 report (RFC 3810 §5.2).
        rule(
            "multicast-listener", .any, .any, icmpv6(130, 131, 132, 143), both,
            "switches learn who listens to IPv6 groups"),
        // RFC 3376 §4.2.14: reports go to groups. Queries reach groups too, which no policy governs.
        rule(
            "igmp-report", .any, ipv4(0xE000_0000, 4), [.proto(.igmp)], [.egress],
            "switches learn who listens to groups"),
        // RFC 2131 §4.1: client port 68, server port 67, the limited broadcast address.
        rule(
            "dhcp-request", .any, ipv4(0xFFFF_FFFF, 32), udp(from: 68, to: 67), [.egress], "a host finds a DHCP server"),
        // RFC 8415 §7.1–7.2: All_DHCP_Relay_Agents_and_Servers, client port 546, server port 547; answers come from
        // link-local addresses.
        rule(
            "dhcpv6-request", .any, ipv6(0xFF02 << 112 | 0x1_0002, 128), udp(from: 546, to: 547), [.egress],
            "a host finds a DHCPv6 server"),
        rule(
            "dhcpv6-answer", ipv6(0xFE80 << 112, 10), .any, udp(from: 547, to: 546), [.ingress],
            "a host hears the DHCPv6 servers of its link"),
    ]

    private static let both: Set<Direction> = [.egress, .ingress]

    private static func icmpv6(_ types: UInt8...) -> [ServiceTerm] {
        types.map { .icmp(.icmpv6, type: $0, code: nil) }
    }

    private static func udp(from source: UInt16, to destination: UInt16) -> [ServiceTerm] {
        [.ports(.udp, destination: PortSet(destination), source: PortSet(source))]
    }

    private static func ipv4(_ value: UInt32, _ length: Int) -> EndExpression {
        addresses(IPAddress(ipv4: value), length)
    }

    private static func ipv6(_ value: UInt128, _ length: Int) -> EndExpression {
        addresses(IPAddress(ipv6: value), length)
    }

    private static func addresses(_ address: IPAddress, _ length: Int) -> EndExpression {
        .addresses(AddressSet([Prefix(address, length: length)].compactMap(\.self)))
    }

    private static func rule(
        _ name: String, _ from: EndExpression, _ to: EndExpression, _ services: [ServiceTerm],
        _ directions: Set<Direction>, _ reason: String
    ) -> EssentialRule {
        EssentialRule(
            id: RuleID(rawValue: "essential/\(name)"), match: TrafficMatch(from: from, to: to, services: services),
            directions: directions, documentation: Documentation(owner: "bulkhead", reason: reason))
    }
}

extension ICMPMessage {
    /// Whether the message reports an error about another packet; such pass only as related to a connection.
    ///
    /// ICMP: types 3, 4, 11 and 12 (RFC 1122 §3.2.2); redirect, type 5, is an error too and has a rule of its own.
    /// ICMPv6: types 0–127 (RFC 4443 §2.1).
    public func isError(_ proto: IPProtocol) -> Bool {
        switch proto {
        case .icmp: [3, 4, 5, 11, 12].contains(type)
        case .icmpv6: type < 128
        default: false
        }
    }

    /// Whether the message tells a host to route differently: ICMP type 5 (RFC 792), ICMPv6 type 137 (RFC 4861 §4.5).
    public func isRedirect(_ proto: IPProtocol) -> Bool {
        switch proto {
        case .icmp: type == 5
        case .icmpv6: type == 137
        default: false
        }
    }
}

extension RuleID {
    /// Whether a rule is one of those that every policy of Bulkhead's own has (semantics, *Bulkhead's own layer*).
    package var comesWithProduct: Bool { rawValue.hasPrefix("icmp/") || rawValue.hasPrefix("essential/") }
}
