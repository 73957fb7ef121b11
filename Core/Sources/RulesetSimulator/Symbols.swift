/// The names that nft 1.0.6 prints and reads for values, from its man page and from listings of every number.
enum Symbols {
    /// The value of a name, or nil when the type has no such name.
    static func value(_ name: String, _ type: Datatype) -> UInt128? {
        switch type {
        case .proto: protocols[name]
        case .icmpType: icmpTypes[name]
        case .icmpCode: icmpCodes[name]
        case .icmpv6Type: icmpv6Types[name]
        case .icmpv6Code: icmpv6Codes[name]
        case .ctState: ctStates[name]
        case .ctDirection: ["original": 0, "reply": 1][name]
        case .ctStatus: ctStatuses[name]
        case .nfproto: ["ipv4": 2, "ipv6": 10][name]
        case .packetType: ["host": 0, "unicast": 0, "broadcast": 1, "multicast": 2, "other": 3][name]
        case .tcpFlags: tcpFlags[name]
        case .etherType: ["ip": 0x0800, "arp": 0x0806, "8021q": 0x8100, "vlan": 0x8100, "ip6": 0x86DD][name]
        case .addressType: addressTypes[name]
        case .presence: ["exists": 1, "missing": 0, "true": 1, "false": 0][name]
        case .ipv4Address, .ipv6Address, .service, .mark, .interfaceName, .interfaceIndex, .user, .time, .integer8,
            .integer16:
            nil
        }
    }

    /// IANA "Assigned Internet Protocol Numbers", with the spellings of /etc/protocols that nft prints.
    private static let protocols: [String: UInt128] = [
        "ip": 0, "icmp": 1, "igmp": 2, "ipencap": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41, "ipv6-route": 43,
        "ipv6-frag": 44, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "icmpv6": 58, "ipv6-nonxt": 59,
        "ipv6-opts": 60, "ospf": 89, "pim": 103, "ipcomp": 108, "vrrp": 112, "l2tp": 115, "sctp": 132, "udplite": 136,
    ]

    /// IANA "ICMP Type Numbers".
    private static let icmpTypes: [String: UInt128] = [
        "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
        "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
        "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
        "address-mask-request": 17, "address-mask-reply": 18,
    ]

    /// Codes of ICMP destination unreachable (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1); nft uses them for all.
    private static let icmpCodes: [String: UInt128] = [
        "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3, "frag-needed": 4,
        "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
    ]

    /// IANA "ICMPv6 type Numbers".
    private static let icmpv6Types: [String: UInt128] = [
        "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
        "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
        "mld-listener-done": 132, "mld-listener-reduction": 132, "nd-router-solicit": 133, "nd-router-advert": 134,
        "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137, "router-renumbering": 138,
        "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142, "mld2-listener-report": 143,
    ]

    /// Codes of ICMPv6 destination unreachable (RFC 4443 §3.1).
    private static let icmpv6Codes: [String: UInt128] = [
        "no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4, "policy-fail": 5,
        "reject-route": 6,
    ]

    /// Bits of `NF_CT_STATE_BIT` (linux/netfilter/nf_conntrack_common.h).
    private static let ctStates: [String: UInt128] = [
        "invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64,
    ]

    /// `enum ip_conntrack_status` (linux/netfilter/nf_conntrack_common.h).
    private static let ctStatuses: [String: UInt128] = [
        "expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32, "dying": 512,
    ]

    /// RFC 9293 §3.1.
    private static let tcpFlags: [String: UInt128] = [
        "fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128,
    ]

    /// `RTN_*` (linux/rtnetlink.h).
    private static let addressTypes: [String: UInt128] = [
        "unspec": 0, "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5, "blackhole": 6,
        "unreachable": 7, "prohibit": 8,
    ]
}
