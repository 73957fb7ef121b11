/// An IP protocol number (IANA registry "Assigned Internet Protocol Numbers").
public struct IPProtocol: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number in the IPv4 protocol or the last IPv6 next-header field.
    public let rawValue: UInt8

    /// Makes a protocol from its number.
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// ICMP for IPv4 (RFC 792).
    public static let icmp = Self(rawValue: 1)
    /// IGMP (RFC 3376).
    public static let igmp = Self(rawValue: 2)
    /// TCP (RFC 9293).
    public static let tcp = Self(rawValue: 6)
    /// UDP (RFC 768).
    public static let udp = Self(rawValue: 17)
    /// DCCP (RFC 4340).
    public static let dccp = Self(rawValue: 33)
    /// GRE (RFC 2784).
    public static let gre = Self(rawValue: 47)
    /// ESP (RFC 4303).
    public static let esp = Self(rawValue: 50)
    /// AH (RFC 4302).
    public static let ah = Self(rawValue: 51)
    /// ICMP for IPv6 (RFC 4443).
    public static let icmpv6 = Self(rawValue: 58)
    /// SCTP (RFC 9260).
    public static let sctp = Self(rawValue: 132)
    /// UDP-Lite (RFC 3828).
    public static let udplite = Self(rawValue: 136)

    /// Whether packets carry a source and a destination port.
    @inlinable public var hasPorts: Bool {
        switch rawValue {
        case 6, 17, 33, 132, 136: true
        default: false
        }
    }

    /// Whether packets carry an ICMP type and code.
    @inlinable public var isICMP: Bool { rawValue == 1 || rawValue == 58 }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

extension IPProtocol: CustomStringConvertible {
    private static let names: [(name: String, value: Self)] = [
        ("icmp", .icmp), ("igmp", .igmp), ("tcp", .tcp), ("udp", .udp), ("dccp", .dccp), ("gre", .gre), ("esp", .esp),
        ("ah", .ah), ("icmpv6", .icmpv6), ("sctp", .sctp), ("udplite", .udplite),
    ]

    /// Reads a lower-case name or a decimal number without leading zeros.
    public init?(_ text: some StringProtocol) {
        if let known = Self.names.first(where: { $0.name == text }) {
            self = known.value
        } else if let number = UInt8(text), String(number) == text {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }

    /// The name where this type knows one, else the number.
    public var description: String {
        Self.names.first { $0.value == self }?.name ?? String(rawValue)
    }
}
