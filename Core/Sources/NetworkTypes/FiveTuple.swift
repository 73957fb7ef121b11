/// What identifies the packets of one direction of a connection.
///
/// For ICMP, both ports are zero here; type and code belong to the flow that carries the tuple.
public struct FiveTuple: Hashable, Sendable {
    /// The protocol above IP.
    public var proto: IPProtocol
    /// The sender's address.
    public var source: IPAddress
    /// The receiver's address.
    public var destination: IPAddress
    /// The sender's port, zero when the protocol has none.
    public var sourcePort: UInt16
    /// The receiver's port, zero when the protocol has none.
    public var destinationPort: UInt16

    /// Makes a tuple from its five parts.
    public init(
        proto: IPProtocol, source: IPAddress, sourcePort: UInt16, destination: IPAddress, destinationPort: UInt16
    ) {
        self.proto = proto
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }

    /// The tuple of the packets that come back.
    public var reversed: FiveTuple {
        FiveTuple(
            proto: proto, source: destination, sourcePort: destinationPort, destination: source,
            destinationPort: sourcePort)
    }
}
