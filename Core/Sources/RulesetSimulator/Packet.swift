public import NetworkTypes

/// A packet as the kernel's filter sees it: its headers, and what routing, sockets and connection tracking know of it.
public struct Packet: Hashable, Sendable {
    /// What connection tracking says of the packet; the raw value is the kernel's bit.
    public enum ConnectionState: UInt8, Sendable, Hashable, CaseIterable {
        /// No entry could be made or found.
        case invalid = 1
        /// Of a connection that has been answered, or an answer.
        case established = 2
        /// An ICMP error about a connection, or a connection that a helper expected.
        case related = 4
        /// Of a connection without an answer so far.
        case new = 8
        /// Left out of tracking by `notrack` or by the kernel (IPv6 neighbour discovery).
        case untracked = 64
    }

    /// Which side of a connection sent the packet.
    public enum ConnectionDirection: UInt8, Sendable, Hashable, CaseIterable {
        /// The side that sent the first packet.
        case original = 0
        /// The side that answers.
        case reply = 1
    }

    /// How the frame was addressed; the raw value is the kernel's `PACKET_*`.
    public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        /// To this host.
        case host = 0
        /// To all.
        case broadcast = 1
        /// To a group.
        case multicast = 2
        /// To another host.
        case other = 3
    }

    /// What the routing table says of an address; the raw value is the kernel's `RTN_*`.
    public enum AddressType: UInt8, Sendable, Hashable, CaseIterable {
        /// Nothing.
        case unspec = 0
        /// Reached over a route.
        case unicast = 1
        /// An address of this host.
        case local = 2
        /// A broadcast address.
        case broadcast = 3
        /// An anycast address.
        case anycast = 4
        /// A multicast address.
        case multicast = 5
        /// Discarded by a route.
        case blackhole = 6
        /// Unreachable by a route.
        case unreachable = 7
        /// Prohibited by a route.
        case prohibit = 8
    }

    /// The TCP flags of RFC 9293 §3.1, in the byte as it is sent.
    public struct TCPFlags: OptionSet, Hashable, Sendable {
        /// The byte.
        public let rawValue: UInt8
        /// Makes flags from the byte.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// No more data.
        public static let fin = Self(rawValue: 1)
        /// Synchronise sequence numbers.
        public static let syn = Self(rawValue: 2)
        /// Reset.
        public static let rst = Self(rawValue: 4)
        /// Push.
        public static let psh = Self(rawValue: 8)
        /// The acknowledgement field counts.
        public static let ack = Self(rawValue: 16)
        /// The urgent field counts.
        public static let urg = Self(rawValue: 32)
    }

    /// The version of the packet's IP header.
    public var family: AddressFamily
    /// The sender; an IPv4 address in an IPv6 header is its mapped form.
    public var source: IPAddress
    /// The receiver; an IPv4 address in an IPv6 header is its mapped form.
    public var destination: IPAddress
    /// The protocol behind all extension headers.
    public var proto: IPProtocol
    /// The first two bytes behind the IP headers of a protocol other than ICMP: its source port, if it has ports.
    public var sourcePort: UInt16 = 0
    /// The third and fourth byte of the same: the destination port.
    public var destinationPort: UInt16 = 0
    /// The flags of a TCP packet.
    public var tcpFlags: TCPFlags = .syn
    /// The type of an ICMP or ICMPv6 packet.
    public var icmpType: UInt8 = 0
    /// The code of an ICMP or ICMPv6 packet.
    public var icmpCode: UInt8 = 0
    /// The checksum of an ICMP or ICMPv6 packet: where `th dport` reads.
    public var icmpChecksum: UInt16 = 0
    /// The TTL of IPv4 or the hop limit of IPv6.
    public var hopLimit: UInt8 = 64
    /// The next header field of the fixed IPv6 header when extension headers follow; nil means `proto`.
    public var firstNextHeader: IPProtocol?
    /// Flags and offset of the IPv4 header as one number (RFC 791 §3.1); for IPv6 only the low 13 bits count.
    public var fragmentField: UInt16 = 0
    /// The interface of arrival; empty when there is none, and not visible in output and postrouting.
    public var inputInterface = ""
    /// The interface of departure; empty when there is none, and not visible in prerouting and input.
    public var outputInterface = ""
    /// How the frame was addressed.
    public var kind: Kind = .host
    /// The firewall mark.
    public var mark: UInt32 = 0
    /// The user of the sending socket; nil when no full socket of this namespace stands behind the packet.
    public var user: UInt32?
    /// When the packet is judged.
    public var time = Instant(rawValue: 0)
    /// What connection tracking says.
    public var state: ConnectionState = .new
    /// Which side sent it; like all below only known when `state` is neither invalid nor untracked.
    public var direction: ConnectionDirection = .original
    /// The bits of `enum ip_conntrack_status`.
    public var connectionStatus: UInt32 = 0
    /// The mark of the connection.
    public var connectionMark: UInt32 = 0
    /// The first packet's addresses and ports before translation; nil means this packet's, turned when it is a reply.
    public var original: FiveTuple?
    /// Whether the reverse path check finds a route over the interface of arrival (`fib saddr . iif oif`).
    public var hasReversePath = true
    /// Whether there is a route to the sender at all (`fib saddr oif`).
    public var hasSourceRoute = true
    /// What the routing table says of the sender.
    public var sourceType: AddressType = .unicast
    /// What the routing table says of the receiver.
    public var destinationType: AddressType = .local

    /// Makes the first packet of a connection, in state new, and a SYN if it is TCP.
    ///
    /// The family is the source's; an IPv4 destination in an IPv6 packet stands for its mapped form.
    public init(
        _ source: IPAddress, to destination: IPAddress, _ proto: IPProtocol, sourcePort: UInt16 = 0,
        port destinationPort: UInt16 = 0
    ) {
        self.family = source.family == .ipv6 || destination.family == .ipv6 ? .ipv6 : .ipv4
        self.source = source
        self.destination = destination
        self.proto = proto
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }

    /// Makes the first packet of the connection that the tuple describes.
    public init(_ tuple: FiveTuple) {
        self.init(
            tuple.source, to: tuple.destination, tuple.proto, sourcePort: tuple.sourcePort, port: tuple.destinationPort)
    }

    /// Whether this is a fragment other than the first, which carries no transport header.
    public var isLaterFragment: Bool { fragmentField & 0x1FFF != 0 }
}
