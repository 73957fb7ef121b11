/// An IPv4 or IPv6 address, one type for both.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) *is* the IPv4 address: a dual-stack socket
/// reports one peer in either form, and a policy that told them apart would miss its twin. Scope identifiers
/// (`%eth0`) are refused. Addresses order by family, then numerically.
public struct IPAddress: Hashable, Comparable, Sendable {
    /// The version of the protocol that the address belongs to.
    public let family: AddressFamily
    /// The address as an integer in host order; IPv4 uses the low 32 bits.
    public let bits: UInt128

    /// Makes an address from its integer value, or nil when `bits` does not fit the family.
    ///
    /// As everywhere, an IPv6 value in `::ffff:0:0/96` becomes the IPv4 address that it maps.
    @inlinable public init?(_ family: AddressFamily, bits: UInt128) {
        switch family {
        case .ipv4:
            guard bits <= family.highest else { return nil }
            self.init(unchecked: family, bits)
        case .ipv6:
            self.init(ipv6: bits)
        }
    }

    /// Makes an IPv4 address from its integer value in host order.
    @inlinable public init(ipv4 value: UInt32) { self.init(unchecked: .ipv4, UInt128(value)) }

    /// Makes an address from 128 bits; a value in `::ffff:0:0/96` becomes the IPv4 address that it maps.
    @inlinable public init(ipv6 value: UInt128) {
        if value >> 32 == 0xFFFF {
            self.init(unchecked: .ipv4, value & 0xFFFF_FFFF)
        } else {
            self.init(unchecked: .ipv6, value)
        }
    }

    @usableFromInline init(unchecked family: AddressFamily, _ bits: UInt128) {
        self.family = family
        self.bits = bits
    }

    @inlinable public static func < (a: Self, b: Self) -> Bool {
        a.family == b.family ? a.bits < b.bits : a.family < b.family
    }

    /// The next higher address of the family, or nil after the last.
    public var successor: IPAddress? {
        bits == family.highest ? nil : IPAddress(unchecked: family, bits + 1)
    }

    /// Whether the host itself is meant: `127.0.0.0/8` (RFC 1122 §3.2.1.3) or `::1` (RFC 4291 §2.5.3).
    @inlinable public var isLoopback: Bool {
        switch family {
        case .ipv4: bits >> 24 == 127
        case .ipv6: bits == 1
        }
    }

    /// Whether the address names a group: `224.0.0.0/4` (RFC 5771) or `ff00::/8` (RFC 4291 §2.7).
    @inlinable public var isMulticast: Bool {
        switch family {
        case .ipv4: bits >> 28 == 0xE
        case .ipv6: bits >> 120 == 0xFF
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// Reads dotted decimal without leading zeros, or any form of RFC 4291 §2.2.
    public init?(_ text: some StringProtocol) {
        var copy = String(text)
        guard let parsed = copy.withUTF8({ IPAddress(utf8: $0) }) else { return nil }
        self = parsed
    }

    /// Reads the text form from ASCII bytes; the whole collection must be the address.
    @inlinable public init?<Bytes: RandomAccessCollection>(utf8 bytes: Bytes) where Bytes.Element == UInt8 {
        guard bytes.count >= 2, bytes.count <= 45 else { return nil }
        if bytes.contains(UInt8(ascii: ":")) {
            guard let value = Self.parseIPv6(bytes) else { return nil }
            self.init(ipv6: value)
        } else {
            guard let value = Self.parseIPv4(bytes) else { return nil }
            self.init(ipv4: value)
        }
    }

    @inlinable static func parseIPv4<Bytes: RandomAccessCollection>(_ bytes: Bytes) -> UInt32?
    where Bytes.Element == UInt8 {
        var value: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | octet
                octet = 0
                digits = 0
                dots += 1
            } else {
                guard byte >= 48, byte <= 57 else { return nil }
                // A leading zero is octal to some readers (CVE-2021-29921), so it is refused.
                guard digits == 0 || octet != 0 else { return nil }
                octet = octet * 10 + UInt32(byte &- 48)
                digits += 1
                guard octet <= 255 else { return nil }
            }
        }
        guard dots == 3, digits > 0 else { return nil }
        return value << 8 | octet
    }

    @inlinable static func parseIPv6<Bytes: RandomAccessCollection>(_ bytes: Bytes) -> UInt128?
    where Bytes.Element == UInt8 {
        let colon = UInt8(ascii: ":")
        var head: UInt128 = 0
        var groups = 0
        var tail: UInt128 = 0
        var tailGroups = 0
        var compressed = false
        var index = bytes.startIndex
        let end = bytes.endIndex
        if bytes[index] == colon {
            let next = bytes.index(after: index)
            guard next < end, bytes[next] == colon else { return nil }
            compressed = true
            index = bytes.index(after: next)
        }
        while index < end {
            let start = index
            var group: UInt128 = 0
            var digits = 0
            while index < end, let nibble = Self.hexValue(bytes[index]) {
                group = group << 4 | UInt128(nibble)
                digits += 1
                guard digits <= 4 else { break }
                index = bytes.index(after: index)
            }
            if index < end, bytes[index] == UInt8(ascii: ".") {
                guard let mapped = parseIPv4(bytes[start..<end]) else { return nil }
                if compressed {
                    tail = tail << 32 | UInt128(mapped)
                    tailGroups += 2
                } else {
                    head = head << 32 | UInt128(mapped)
                    groups += 2
                }
                index = end
                break
            }
            guard digits >= 1, digits <= 4 else { return nil }
            if compressed {
                tail = tail << 16 | group
                tailGroups += 1
            } else {
                head = head << 16 | group
                groups += 1
            }
            guard groups + tailGroups <= 8 else { return nil }
            if index == end { break }
            guard bytes[index] == colon else { return nil }
            index = bytes.index(after: index)
            guard index < end else { return nil }
            if bytes[index] == colon {
                guard !compressed else { return nil }
                compressed = true
                index = bytes.index(after: index)
            }
        }
        guard compressed ? groups + tailGroups <= 7 : groups == 8 else { return nil }
        return groups == 0 ? tail : head << UInt128(16 * (8 - groups)) | tail
    }

    @inlinable static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte &- 48
        case 65...70: byte &- 55
        case 97...102: byte &- 87
        default: nil
        }
    }

    /// Dotted decimal, or the canonical text form of RFC 5952.
    public var description: String {
        switch family {
        case .ipv4:
            return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        case .ipv6:
            let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
            var best = 0..<0
            var start = 0
            while start < 8 {
                var end = start
                while end < 8, groups[end] == 0 { end += 1 }
                if end - start > max(1, best.count) { best = start..<end }
                start = max(end, start + 1)
            }
            func text(_ range: Range<Int>) -> String {
                groups[range].map { String($0, radix: 16) }.joined(separator: ":")
            }
            return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
        }
    }
}
