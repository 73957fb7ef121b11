/// A 64-bit FNV-1a hash, the same on every machine and in every run.
///
/// Offset basis and prime: RFC 9923, the constants for 64 bits. It is no defence against somebody who seeks
/// collisions; whoever names things by it keeps the content beside the name and refuses two contents under one name.
public struct ContentHash: Hashable, Comparable, Sendable {
    /// The hash of the bytes so far.
    public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of nothing.
    public init() {}

    /// The hash of the UTF-8 bytes of a text.
    public init(_ text: String) { combine(text) }

    /// Appends the UTF-8 bytes of a text.
    public mutating func combine(_ text: String) {
        for byte in text.utf8 {
            value ^= UInt64(byte)
            value = value &* 0x0000_0100_0000_01B3
        }
    }

    /// The hash as 16 lower-case hexadecimal digits.
    public var digits: String {
        let short = String(value, radix: 16)
        return String(repeating: "0", count: 16 - short.utf8.count) + short
    }

    public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
}
