/// One of the two versions of the Internet Protocol.
public enum AddressFamily: UInt8, Sendable, Hashable, Comparable, CaseIterable {
    /// IPv4 (RFC 791).
    case ipv4 = 4
    /// IPv6 (RFC 8200).
    case ipv6 = 6

    /// The number of bits in an address: 32 or 128.
    @inlinable public var width: Int {
        switch self {
        case .ipv4: 32
        case .ipv6: 128
        }
    }

    /// The address with every bit set, as an integer.
    @inlinable public var highest: UInt128 {
        switch self {
        case .ipv4: 0xFFFF_FFFF
        case .ipv6: .max
        }
    }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
