/// A block of addresses that share their first `length` bits, in CIDR form (RFC 4632).
public struct Prefix: Hashable, Comparable, Sendable {
    // INVARIANT: all bits after `length` are zero.
    /// The lowest address of the block.
    public let address: IPAddress
    /// The number of leading bits that are fixed, 0 to the family's width.
    public let length: Int

    /// Makes the block of `length` bits that holds `address`, or nil when the length is out of range.
    public init?(_ address: IPAddress, length: Int) {
        guard length >= 0, length <= address.family.width else { return nil }
        self.address = IPAddress(unchecked: address.family, address.bits & Self.mask(address.family, length))
        self.length = length
    }

    /// Makes the block that holds one address only.
    public init(_ address: IPAddress) {
        self.address = address
        self.length = address.family.width
    }

    /// Every address of one family.
    public static func all(_ family: AddressFamily) -> Prefix { Prefix(unchecked: IPAddress(unchecked: family, 0), 0) }

    private init(unchecked address: IPAddress, _ length: Int) {
        self.address = address
        self.length = length
    }

    static func mask(_ family: AddressFamily, _ length: Int) -> UInt128 {
        length == 0 ? 0 : (family.highest << UInt128(family.width - length)) & family.highest
    }

    /// The family of the addresses in the block.
    public var family: AddressFamily { address.family }

    /// The lowest and the highest address of the block.
    public var range: AddressRange {
        let highest = address.bits | (family.highest & ~Self.mask(family, length))
        return AddressRange(unchecked: address, IPAddress(unchecked: family, highest))
    }

    /// Whether the block holds `other`; an address of the other family is never held.
    public func contains(_ other: IPAddress) -> Bool {
        other.family == family && other.bits & Self.mask(family, length) == address.bits
    }

    /// Shorter prefixes sort before the longer ones that start at the same address.
    public static func < (a: Self, b: Self) -> Bool {
        a.address == b.address ? a.length < b.length : a.address < b.address
    }
}

extension Prefix: CustomStringConvertible {
    /// Reads `address/length`, or a lone address as a block of one; bits after the length must be zero.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard var length = Self.decimal(parts[1]) else { return nil }
        if address.family == .ipv4, first.contains(":") {
            length -= 96  // An IPv4-mapped prefix: RFC 4291 §2.5.5.2.
        }
        guard let masked = Prefix(address, length: length), masked.address == address else { return nil }
        self = masked
    }

    private static func decimal(_ text: some StringProtocol) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        // A leading zero is octal to some readers, as in an address.
        guard text.utf8.count == 1 || text.utf8.first != 48 else { return nil }
        return Int(text)
    }

    /// `address/length`, always with the length.
    public var description: String { "\(address)/\(length)" }
}
