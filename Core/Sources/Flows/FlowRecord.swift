public import NetworkTypes

/// What one observation point reported about one connection (RFC 7011 flow record; RFC 5103 biflow).
///
/// Source is the initiator and destination the responder, as `direction` knows it.
public struct FlowRecord: Hashable, Sendable {
    /// How the identifiers of flows begin that were gathered from packets: the first packet's time follows.
    ///
    /// Who began such a flow may show only later.
    public static let packetUID = "packet-"

    /// Addresses and ports, the destination after NAT; both ports are zero where the protocol has none.
    public var tuple: FiveTuple
    /// Type and code of the first message, for ICMP where known.
    public var icmp: ICMPMessage?
    /// The identifier of an ICMP query (RFC 792), where known; it tells simultaneous pings apart.
    public var icmpIdentifier: UInt16?
    /// The address and port that the initiator asked for, when destination NAT changed them.
    public var originalDestination: FlowEndpoint?
    /// The first packet's time; nil when the source gives no time.
    public var start: Instant?
    /// The last packet's time, at or after `start`; nil when the source gives no time.
    public var end: Instant?
    /// What the initiator sent.
    public var initiator: FlowCounters
    /// What the responder sent.
    public var responder: FlowCounters
    /// How far the connection came.
    public var state: ConnectionState
    /// The source's own word for the state, for example `SF` or `SYN_SENT`; nil when it has none.
    public var stateText: String?
    /// Where the connection was seen; nil when the source does not say.
    public var observationPoint: ObservationPoint?
    /// How the initiator is known.
    public var direction: DirectionSource
    /// The source's identifier of the connection, for example Zeek's `uid`.
    public var uid: String?
    /// The application protocol that the source recognised.
    public var service: String?
    /// Whether the connection is over or may go on.
    public var stage: FlowStage

    /// Makes a record; what is left out is unknown.
    @inlinable public init(
        tuple: FiveTuple, icmp: ICMPMessage? = nil, icmpIdentifier: UInt16? = nil,
        originalDestination: FlowEndpoint? = nil, start: Instant? = nil, end: Instant? = nil,
        initiator: FlowCounters = FlowCounters(), responder: FlowCounters = FlowCounters(),
        state: ConnectionState = .unknown, stateText: String? = nil, observationPoint: ObservationPoint? = nil,
        direction: DirectionSource, uid: String? = nil, service: String? = nil, stage: FlowStage = .complete
    ) {
        self.tuple = tuple
        self.icmp = icmp
        self.icmpIdentifier = icmpIdentifier
        self.originalDestination = originalDestination
        self.start = start
        self.end = end
        self.initiator = initiator
        self.responder = responder
        self.state = state
        self.stateText = stateText
        self.observationPoint = observationPoint
        self.direction = direction
        self.uid = uid
        self.service = service
        self.stage = stage
    }

    /// The edge that this connection belongs to.
    public var edge: EdgeKey {
        let service: EdgeService =
            if tuple.proto.isICMP {
                icmp.map(EdgeService.icmp) ?? .unspecified
            } else if tuple.proto.hasPorts {
                .port(tuple.destinationPort)
            } else {
                .unspecified
            }
        return EdgeKey(source: tuple.source, destination: tuple.destination, proto: tuple.proto, service: service)
    }

    /// Whether the initiator did not get what it asked for.
    ///
    /// A refusal always; an unanswered attempt only in a protocol that begins with a handshake (TCP, SCTP, DCCP).
    public var failed: Bool {
        switch state {
        case .rejected: true
        case .attempted: tuple.proto == .tcp || tuple.proto == .sctp || tuple.proto == .dccp
        case .established, .unknown: false
        }
    }
}

/// An address with a port; the port is zero where the protocol has none.
public struct FlowEndpoint: Hashable, Sendable {
    /// The address.
    public var address: IPAddress
    /// The port.
    public var port: UInt16

    /// Makes an endpoint.
    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// What a record says about the life of its connection.
public enum FlowStage: Hashable, Sendable {
    /// The record is the whole connection; its writer closed it.
    case complete
    /// The connection has just begun; the entry lives on for so many seconds without a packet.
    case opened(lifetime: UInt32)
    /// The connection was alive; the entry lives on for so many seconds without a packet.
    case alive(lifetime: UInt32)
    /// The connection's entry was removed.
    case closed
}
