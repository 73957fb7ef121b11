/// The kind of an ICMP message: type and code (RFC 792; RFC 4443 §2.1 for ICMPv6).
///
/// Which of the two registries is meant follows from the flow's protocol.
public struct ICMPMessage: Hashable, Comparable, Sendable {
    /// The message type, for example 8 for an echo request (RFC 792) or 128 (RFC 4443 §4.1).
    public var type: UInt8
    /// The code inside the type.
    public var code: UInt8

    /// Makes a kind from type and code.
    public init(type: UInt8, code: UInt8) {
        self.type = type
        self.code = code
    }

    public static func < (a: Self, b: Self) -> Bool { (a.type, a.code) < (b.type, b.code) }
}
