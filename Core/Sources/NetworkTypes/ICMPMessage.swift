/// An ICMP or ICMPv6 message, as its first two bytes say (RFC 792, RFC 4443 §2.1).
public struct ICMPMessage: Hashable, Comparable, Sendable {
    /// The type.
    public var type: UInt8
    /// The code.
    public var code: UInt8

    /// Makes a message from type and code.
    public init(type: UInt8, code: UInt8) {
        self.type = type
        self.code = code
    }

    public static func < (a: Self, b: Self) -> Bool { (a.type, a.code) < (b.type, b.code) }
}
