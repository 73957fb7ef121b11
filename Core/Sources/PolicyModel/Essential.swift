public import NetworkTypes

/// Traffic that a host needs to stay manageable; tier 1, allowed at both ends where the agent enforces.
public struct EssentialRule: Hashable, Sendable {
    /// The name that verdicts report, `essential/…`.
    public var id: RuleID
    /// What is allowed.
    public var match: TrafficMatch
    /// Why it exists.
    public var documentation: Documentation

    /// Makes an essential rule.
    public init(id: RuleID, match: TrafficMatch, documentation: Documentation) {
        self.id = id
        self.match = match
        self.documentation = documentation
    }

    /// What every host needs, whatever its policy: neighbour discovery, multicast listener reports, IGMP, DHCP.
    public static let standard: [EssentialRule] = [
        // Router and neighbour solicitation and advertisement: RFC 4861 §4.1–4.4.
        both("neighbour-discovery", icmpv6(133, 134, 135, 136), "an IPv6 host finds its neighbours and routers"),
        // Query, report, done (RFC 2710 §3.2), version 2 report (RFC 3810 §5.2).
        both("multicast-listener", icmpv6(130, 131, 132, 143), "switches learn who listens to IPv6 groups"),
        // RFC 3376 §4.
        both("igmp", [.proto(.igmp)], "switches learn who listens to IPv4 groups"),
        // RFC 2131 §4.1: client port 68, server port 67. RFC 8415 §7.2: client port 546, server port 547.
        one("dhcp-request", from: .anyWorkload, to: .any, dhcp(client: 68, server: 67), "a host asks for its address"),
        one("dhcp-answer", from: .any, to: .anyWorkload, dhcp(server: 67, client: 68), "a host gets its address"),
        one(
            "dhcpv6-request", from: .anyWorkload, to: .any, dhcp(client: 546, server: 547),
            "a host asks for its address"),
        one("dhcpv6-answer", from: .any, to: .anyWorkload, dhcp(server: 547, client: 546), "a host gets its address"),
    ]

    private static func icmpv6(_ types: UInt8...) -> [ServiceTerm] {
        types.map { .icmp(.icmpv6, type: $0, code: nil) }
    }

    private static func dhcp(client: UInt16, server: UInt16) -> [ServiceTerm] {
        [.ports(.udp, destination: PortSet(server), source: PortSet(client))]
    }

    private static func dhcp(server: UInt16, client: UInt16) -> [ServiceTerm] {
        [.ports(.udp, destination: PortSet(client), source: PortSet(server))]
    }

    private static func both(_ name: String, _ services: [ServiceTerm], _ reason: String) -> EssentialRule {
        one(name, from: .any, to: .any, services, reason)
    }

    private static func one(
        _ name: String, from: EndExpression, to: EndExpression, _ services: [ServiceTerm], _ reason: String
    ) -> EssentialRule {
        EssentialRule(
            id: RuleID(rawValue: "essential/\(name)"), match: TrafficMatch(from: from, to: to, services: services),
            documentation: Documentation(owner: "bulkhead", reason: reason))
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
