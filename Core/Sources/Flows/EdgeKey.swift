public import NetworkTypes

/// What a connection asks for at its destination.
public enum EdgeService: Hashable, Comparable, Sendable {
    /// The protocol has neither ports nor types, or the source does not give them.
    case unspecified
    /// The destination port.
    case port(UInt16)
    /// The type and code of the first ICMP message.
    case icmp(ICMPMessage)

    private var order: (Int, Int) {
        switch self {
        case .unspecified: (0, 0)
        case .port(let port): (1, Int(port))
        case .icmp(let message): (2, Int(message.type) << 8 | Int(message.code))
        }
    }

    public static func < (a: Self, b: Self) -> Bool { a.order < b.order }
}

/// What connections are aggregated by: who reaches whom on what.
///
/// The initiator's port is left out.
public struct EdgeKey: Hashable, Comparable, Sendable {
    /// The initiator's address.
    public var source: IPAddress
    /// The responder's address, after destination NAT where that is known.
    public var destination: IPAddress
    /// The protocol above IP.
    public var proto: IPProtocol
    /// The destination port, or ICMP type and code.
    public var service: EdgeService

    /// Makes a key from its four parts.
    public init(source: IPAddress, destination: IPAddress, proto: IPProtocol, service: EdgeService) {
        self.source = source
        self.destination = destination
        self.proto = proto
        self.service = service
    }

    /// Orders by source, destination, protocol, service.
    public static func < (a: Self, b: Self) -> Bool {
        if a.source != b.source { return a.source < b.source }
        if a.destination != b.destination { return a.destination < b.destination }
        if a.proto != b.proto { return a.proto < b.proto }
        return a.service < b.service
    }
}
