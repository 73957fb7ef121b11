/// A run of addresses of one family; both ends belong to it.
public struct AddressRange: Hashable, Comparable, Sendable {
    /// The lowest address.
    public let lower: IPAddress
    /// The highest address.
    public let upper: IPAddress

    /// Makes a range, or nil when the families differ or the ends are reversed.
    public init?(_ lower: IPAddress, _ upper: IPAddress) {
        guard lower.family == upper.family, lower <= upper else { return nil }
        self.init(unchecked: lower, upper)
    }

    init(unchecked lower: IPAddress, _ upper: IPAddress) {
        self.lower = lower
        self.upper = upper
    }

    /// The family of both ends.
    public var family: AddressFamily { lower.family }

    /// Whether the address lies between the ends.
    public func contains(_ address: IPAddress) -> Bool { lower <= address && address <= upper }

    /// The fewest prefixes that cover exactly this range, in order; at most 2 × width.
    public var prefixes: [Prefix] {
        var result: [Prefix] = []
        var next = lower.bits
        while true {
            var size = min(next == 0 ? family.width : next.trailingZeroBitCount, family.width)
            while size > 0, Self.end(next, size) > upper.bits { size -= 1 }
            let start = IPAddress(unchecked: family, next)
            if let prefix = Prefix(start, length: family.width - size) { result.append(prefix) }
            let end = Self.end(next, size)
            if end >= upper.bits { return result }
            next = end + 1
        }
    }

    private static func end(_ start: UInt128, _ size: Int) -> UInt128 {
        size >= 128 ? .max : start | ((UInt128(1) << UInt128(size)) - 1)
    }

    public static func < (a: Self, b: Self) -> Bool { a.lower == b.lower ? a.upper < b.upper : a.lower < b.lower }
}

extension AddressRange: CustomStringConvertible {
    /// Reads `lower-upper`, a prefix, or a lone address.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        if parts.count == 2, let lower = IPAddress(parts[0]), let upper = IPAddress(parts[1]) {
            self.init(lower, upper)
        } else if let prefix = Prefix(text) {
            self = prefix.range
        } else {
            return nil
        }
    }

    /// The shortest of: the address, the prefix, `lower-upper`.
    public var description: String {
        if lower == upper { return lower.description }
        let prefixes = self.prefixes
        return prefixes.count == 1 ? prefixes[0].description : "\(lower)-\(upper)"
    }
}
