/// What a value means to nft: which names it has, how wide it is, and which sets may hold it (nft(8), "Data types").
enum Datatype: String, Hashable, Sendable, CaseIterable {
    case ipv4Address = "ipv4_addr"
    case ipv6Address = "ipv6_addr"
    case proto = "inet_proto"
    case service = "inet_service"
    case icmpType = "icmp_type"
    case icmpCode = "icmp_code"
    case icmpv6Type = "icmpv6_type"
    case icmpv6Code = "icmpv6_code"
    case mark
    case interfaceName = "ifname"
    case interfaceIndex = "iface_index"
    case ctState = "ct_state"
    case ctDirection = "ct_dir"
    case ctStatus = "ct_status"
    case nfproto = "nf_proto"
    case packetType = "pkt_type"
    case user = "uid"
    case tcpFlags = "tcp_flag"
    /// A point in time; nft has no name to declare a set of it by.
    case time = "absolute time"
    case etherType = "ether_type"
    case addressType = "fib_addrtype"
    case presence = "boolean"
    case integer8 = "integer 8"
    case integer16 = "integer 16"

    /// The highest value.
    var highest: UInt128 {
        switch self {
        case .ipv6Address, .interfaceName, .interfaceIndex: .max
        case .ipv4Address, .mark, .ctState, .ctStatus, .user, .addressType: 0xFFFF_FFFF
        case .service, .etherType, .integer16: 0xFFFF
        case .time: 0xFFFF_FFFF_FFFF_FFFF
        case .presence: 1
        case .proto, .icmpType, .icmpCode, .icmpv6Type, .icmpv6Code, .ctDirection, .nfproto, .packetType, .tcpFlags,
            .integer8:
            0xFF
        }
    }

    /// Whether a bare right side asks for any common bit instead of equality (`tcp flags syn`, `ct state new`).
    var isBitmask: Bool {
        switch self {
        case .ctState, .ctStatus, .tcpFlags: true
        case .ipv4Address, .ipv6Address, .proto, .service, .icmpType, .icmpCode, .icmpv6Type, .icmpv6Code, .mark,
            .interfaceName, .interfaceIndex, .ctDirection, .nfproto, .packetType, .user, .time, .etherType,
            .addressType, .presence, .integer8, .integer16:
            false
        }
    }
}
