import NetworkTypes

/// Something that a rule can read from a packet or from what the kernel knows about it.
enum Field: String, Hashable, Sendable, CaseIterable {
    case ipSource = "ip saddr"
    case ipDestination = "ip daddr"
    case ipProtocol = "ip protocol"
    case ipTTL = "ip ttl"
    case ipFragment = "ip frag-off"
    case ip6Source = "ip6 saddr"
    case ip6Destination = "ip6 daddr"
    case ip6NextHeader = "ip6 nexthdr"
    case ip6HopLimit = "ip6 hoplimit"
    case thSource = "th sport"
    case thDestination = "th dport"
    case tcpSource = "tcp sport"
    case tcpDestination = "tcp dport"
    case tcpFlags = "tcp flags"
    case udpSource = "udp sport"
    case udpDestination = "udp dport"
    case udpliteSource = "udplite sport"
    case udpliteDestination = "udplite dport"
    case sctpSource = "sctp sport"
    case sctpDestination = "sctp dport"
    case dccpSource = "dccp sport"
    case dccpDestination = "dccp dport"
    case icmpType = "icmp type"
    case icmpCode = "icmp code"
    case icmpv6Type = "icmpv6 type"
    case icmpv6Code = "icmpv6 code"
    case metaL4proto = "meta l4proto"
    case metaNfproto = "meta nfproto"
    case metaProtocol = "meta protocol"
    case metaIif = "meta iif"
    case metaOif = "meta oif"
    case metaIifname = "meta iifname"
    case metaOifname = "meta oifname"
    case metaPkttype = "meta pkttype"
    case metaSkuid = "meta skuid"
    case metaMark = "meta mark"
    case metaTime = "meta time"
    case ctState = "ct state"
    case ctDirection = "ct direction"
    case ctStatus = "ct status"
    case ctMark = "ct mark"
    case ctOriginalIPSource = "ct original ip saddr"
    case ctOriginalIPDestination = "ct original ip daddr"
    case ctOriginalIP6Source = "ct original ip6 saddr"
    case ctOriginalIP6Destination = "ct original ip6 daddr"
    case ctOriginalSourcePort = "ct original proto-src"
    case ctOriginalDestinationPort = "ct original proto-dst"
    case fibReversePath = "fib saddr . iif oif"
    case fibSourceRoute = "fib saddr oif"
    case fibSourceType = "fib saddr type"
    case fibDestinationType = "fib daddr type"

    /// The type of what is read.
    var type: Datatype {
        switch self {
        case .ipSource, .ipDestination, .ctOriginalIPSource, .ctOriginalIPDestination: .ipv4Address
        case .ip6Source, .ip6Destination, .ctOriginalIP6Source, .ctOriginalIP6Destination: .ipv6Address
        case .ipProtocol, .ip6NextHeader, .metaL4proto: .proto
        case .ipTTL, .ip6HopLimit: .integer8
        case .ipFragment: .integer16
        case .thSource, .thDestination, .tcpSource, .tcpDestination, .udpSource, .udpDestination, .udpliteSource,
            .udpliteDestination, .sctpSource, .sctpDestination, .dccpSource, .dccpDestination, .ctOriginalSourcePort,
            .ctOriginalDestinationPort:
            .service
        case .tcpFlags: .tcpFlags
        case .icmpType: .icmpType
        case .icmpCode: .icmpCode
        case .icmpv6Type: .icmpv6Type
        case .icmpv6Code: .icmpv6Code
        case .metaNfproto: .nfproto
        case .metaProtocol: .etherType
        case .metaIif, .metaOif: .interfaceIndex
        case .metaIifname, .metaOifname: .interfaceName
        case .metaPkttype: .packetType
        case .metaSkuid: .user
        case .metaMark, .ctMark: .mark
        case .metaTime: .time
        case .ctState: .ctState
        case .ctDirection: .ctDirection
        case .ctStatus: .ctStatus
        case .fibReversePath, .fibSourceRoute: .presence
        case .fibSourceType, .fibDestinationType: .addressType
        }
    }

    /// Where a field is read from.
    enum Origin: Hashable, Sendable { case ip, ip6, transport, tcp, udp, udplite, sctp, dccp, icmp, icmpv6, kernel }

    /// Where this field is read from; `kernel` is what travels beside the packet.
    var origin: Origin {
        switch self {
        case .ipSource, .ipDestination, .ipProtocol, .ipTTL, .ipFragment: .ip
        case .ip6Source, .ip6Destination, .ip6NextHeader, .ip6HopLimit: .ip6
        case .thSource, .thDestination: .transport
        case .tcpSource, .tcpDestination, .tcpFlags: .tcp
        case .udpSource, .udpDestination: .udp
        case .udpliteSource, .udpliteDestination: .udplite
        case .sctpSource, .sctpDestination: .sctp
        case .dccpSource, .dccpDestination: .dccp
        case .icmpType, .icmpCode: .icmp
        case .icmpv6Type, .icmpv6Code: .icmpv6
        case .metaL4proto, .metaNfproto, .metaProtocol, .metaIif, .metaOif, .metaIifname, .metaOifname, .metaPkttype,
            .metaSkuid, .metaMark, .metaTime, .ctState, .ctDirection, .ctStatus, .ctMark, .ctOriginalIPSource,
            .ctOriginalIPDestination, .ctOriginalIP6Source, .ctOriginalIP6Destination, .ctOriginalSourcePort,
            .ctOriginalDestinationPort, .fibReversePath, .fibSourceRoute, .fibSourceType, .fibDestinationType:
            .kernel
        }
    }

    /// The version that nft requires in front of this match in family inet (`meta nfproto`), seen in its bytecode.
    var requiredFamily: AddressFamily? {
        switch origin {
        case .ip, .icmp: .ipv4
        case .ip6, .icmpv6: .ipv6
        case .transport, .tcp, .udp, .udplite, .sctp, .dccp, .kernel: nil
        }
    }

    /// The protocol that nft requires in front of this match (`meta l4proto`), seen in its bytecode; none for `th`.
    var requiredProtocol: IPProtocol? {
        switch origin {
        case .tcp: .tcp
        case .udp: .udp
        case .udplite: .udplite
        case .sctp: .sctp
        case .dccp: .dccp
        case .icmp: .icmp
        case .icmpv6: .icmpv6
        case .ip, .ip6, .transport, .kernel: nil
        }
    }
}
