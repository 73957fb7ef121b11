public import NetworkTypes

/// A connection attempt to be judged.
public struct Flow: Hashable, Sendable {
    /// Who opens it.
    public var source: FlowEnd
    /// Who is reached.
    public var destination: FlowEnd
    /// The protocol above IP.
    public var proto: IPProtocol
    /// The source port of a protocol that has ports, or nil when not recorded; then it ranges over 1024–65535.
    public var sourcePort: UInt16?
    /// The destination port; zero for protocols without.
    public var destinationPort: UInt16
    /// The ICMP message, or nil when it is not recorded or the protocol is another.
    public var icmp: ICMPMessage?
    /// The facts that are known; one that is missing is unknown.
    public var conditions: [ConditionName: Bool]

    /// Makes a flow.
    public init(
        source: FlowEnd, destination: FlowEnd, proto: IPProtocol, sourcePort: UInt16? = nil,
        destinationPort: UInt16 = 0, icmp: ICMPMessage? = nil, conditions: [ConditionName: Bool] = [:]
    ) {
        self.source = source
        self.destination = destination
        self.proto = proto
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.icmp = icmp
        self.conditions = conditions
    }

    /// The source ports that an unrecorded source port may have been (semantics §5).
    public static let unrecordedSourcePorts: ClosedRange<UInt16> = 1024...65535
}

/// One end of a flow.
public struct FlowEnd: Hashable, Sendable {
    /// The address.
    public var address: IPAddress
    /// The process that opened or accepted the connection.
    public var process: Attribute<ProcessName>
    /// The principal on whose behalf it did.
    public var principal: Attribute<Principal>

    /// Makes an end.
    public init(
        _ address: IPAddress, process: Attribute<ProcessName> = .unknown, principal: Attribute<Principal> = .unknown
    ) {
        self.address = address
        self.process = process
        self.principal = principal
    }
}
