import NetworkTypes

extension Datatype {
    /// The values that one literal stands for; both ends belong to it.
    func values(_ text: String) -> ClosedRange<UInt128>? {
        switch self {
        case .interfaceName, .interfaceIndex: return Self.name(text, wildcard: self == .interfaceName)
        case .ipv4Address, .ipv6Address: return address(text).map { $0...$0 }
        case .time: return Self.instant(text).map { $0...$0 }
        case .proto, .service, .icmpType, .icmpCode, .icmpv6Type, .icmpv6Code, .mark, .ctState, .ctDirection,
            .ctStatus, .nfproto, .packetType, .user, .tcpFlags, .etherType, .addressType, .presence, .integer8,
            .integer16:
            guard let value = Symbols.value(text, self) ?? Self.number(text), value <= highest else { return nil }
            return value...value
        }
    }

    /// The values that share the first `length` bits with a literal, or nil when the type has no prefixes.
    func values(_ text: String, prefix length: Int) -> ClosedRange<UInt128>? {
        guard self == .ipv4Address || self == .ipv6Address else { return nil }
        let width = self == .ipv4Address ? 32 : 128
        guard let base = address(text), length >= 0, length <= width else { return nil }
        // The shift by the full width gives zero, so that a length of 0 stands for every address.
        let low: UInt128 = ((UInt128(1) << UInt128(width - length)) &- 1) & highest
        return (base & ~low)...(base | low)
    }

    private func address(_ text: String) -> UInt128? {
        guard let parsed = IPAddress(text) else { return nil }
        if self == .ipv4Address { return text.contains(":") ? nil : parsed.bits }
        guard text.contains(":") else { return nil }
        // To the kernel `::ffff:192.0.2.1` in an IPv6 header is 16 bytes like any other.
        return parsed.family == .ipv6 ? parsed.bits : 0xFFFF << 32 | parsed.bits
    }

    /// A decimal or `0x` number.
    static func number(_ text: String) -> UInt128? {
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            let digits = text.dropFirst(2)
            return digits.allSatisfy(\.isHexDigit) ? UInt128(digits, radix: 16) : nil
        }
        return text.utf8.allSatisfy { (48...57).contains($0) } ? UInt128(text) : nil
    }

    /// A name of at most 15 bytes as 16 bytes with zeros at the end (`IFNAMSIZ`); `eth*` is every name with that start.
    private static func name(_ text: String, wildcard: Bool) -> ClosedRange<UInt128>? {
        var bytes = Array(text.utf8)
        let open = wildcard && bytes.last == UInt8(ascii: "*")
        if open { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= 15, !bytes.contains(0), !bytes.contains(UInt8(ascii: "*")) else {
            return nil
        }
        let lower = pack(bytes)
        return lower...(open ? lower | UInt128.max >> UInt128(8 * bytes.count) : lower)
    }

    /// Up to 16 bytes, the first one highest.
    static func pack(_ bytes: some Collection<UInt8>) -> UInt128 {
        var value: UInt128 = 0
        for byte in bytes.prefix(16) { value = value << 8 | UInt128(byte) }
        return value << UInt128(8 * (16 - min(16, bytes.count)))
    }

    /// Nanoseconds since 1970 of whole seconds, of `YYYY-MM-DD` or of `YYYY-MM-DD HH:MM:SS`, both read as UTC.
    ///
    /// nft prints the local zone of whoever lists: only a listing made with `TZ=UTC` reads back as what is enforced.
    private static func instant(_ text: String) -> UInt128? {
        if let seconds = number(text) { return seconds <= 9_000_000_000 ? seconds * 1_000_000_000 : nil }
        let halves = text.split(separator: " ", omittingEmptySubsequences: false)
        guard let date = halves.first, halves.count <= 2 else { return nil }
        let days = parts(date, "-")
        let clock = halves.count == 2 ? parts(halves[1], ":") : [0, 0, 0]
        guard days.count == 3, clock.count == 3, (1970...2200).contains(days[0]), (1...12).contains(days[1]),
            (1...31).contains(days[2]), clock[0] < 24, clock[1] < 60, clock[2] <= 60
        else { return nil }
        // Days since 1970-01-01 with years that begin in March, so that the leap day comes last.
        let year = days[1] <= 2 ? days[0] - 1 : days[0]
        let month = (days[1] + 9) % 12
        let day = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + days[2] - 1 - 719_468
        return UInt128(((day * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]) * 1_000_000_000
    }

    private static func parts(_ text: Substring, _ separator: Character) -> [Int] {
        text.split(separator: separator, omittingEmptySubsequences: false).map {
            $0.utf8.allSatisfy { (48...57).contains($0) } ? Int($0) ?? -1 : -1
        }.filter { $0 >= 0 }
    }

    /// A value as this package prints it: addresses, ranges and names readable, all else in decimal.
    func text(_ values: ClosedRange<UInt128>) -> String {
        switch self {
        case .ipv4Address, .ipv6Address:
            let family: AddressFamily = self == .ipv4Address ? .ipv4 : .ipv6
            if let lower = IPAddress(family, bits: values.lowerBound),
                let upper = IPAddress(family, bits: values.upperBound), let range = AddressRange(lower, upper)
            {
                return range.description
            }
            return "\(values.lowerBound)-\(values.upperBound)"
        case .interfaceName, .interfaceIndex:
            let bytes = (0..<16).map { UInt8(truncatingIfNeeded: values.lowerBound >> UInt128(120 - 8 * $0)) }
            let name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            return values.lowerBound == values.upperBound ? name : name + "*"
        case .proto, .service, .icmpType, .icmpCode, .icmpv6Type, .icmpv6Code, .mark, .ctState, .ctDirection,
            .ctStatus, .nfproto, .packetType, .user, .tcpFlags, .time, .etherType, .addressType, .presence, .integer8,
            .integer16:
            let (lower, upper) = (values.lowerBound, values.upperBound)
            return lower == upper ? "\(lower)" : "\(lower)-\(upper)"
        }
    }
}
