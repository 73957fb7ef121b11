public import Flows
public import NetworkTypes

/// What the connections of one edge add up to, as an analysis needs it.
public struct ObservedEdge: Hashable, Sendable {
    /// Who reaches whom on what.
    public var key: EdgeKey
    /// The number of connections.
    public var connections: Int
    /// How many of them were refused, or had no answer in a protocol with a handshake.
    public var failed: Int
    /// Octets of both directions; nil when not counted.
    public var bytes: UInt64?
    /// The start of the first connection.
    public var firstSeen: Instant
    /// The last packet of any connection.
    public var lastSeen: Instant
    /// How the direction of the least certain of the connections is known.
    public var direction: DirectionSource
    /// How many of the connections began with a handshake that the observer saw, which shows who the initiator was.
    public var handshakes: Int
    /// The initiators' ports with the number of connections from each; only asked for where the direction is uncertain.
    ///
    /// Empty means not known: the other way round is then judged at the same service.
    public var initiatorPorts: [UInt16: Int]

    /// Makes an edge; what is left out was not seen.
    public init(
        key: EdgeKey, connections: Int, failed: Int = 0, bytes: UInt64? = nil, firstSeen: Instant, lastSeen: Instant,
        direction: DirectionSource, handshakes: Int = 0, initiatorPorts: [UInt16: Int] = [:]
    ) {
        self.key = key
        self.connections = connections
        self.failed = failed
        self.bytes = bytes
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.direction = direction
        self.handshakes = handshakes
        self.initiatorPorts = initiatorPorts
    }

    /// Adds what one of its connections tells about their direction.
    ///
    /// Whoever knows the state of a connection in a protocol with a handshake has seen who began it: Zeek calls `OTH`,
    /// here unknown, what it saw no SYN of (docs.zeek.org, `Conn::Info`, `conn_state`).
    public mutating func addEvidence(initiatorPort: UInt16, state: ConnectionState) {
        guard key.proto.hasPorts else { return }
        initiatorPorts[initiatorPort, default: 0].addSaturating(1)
        if key.proto.beginsWithHandshake, state != .unknown { handshakes.addSaturating(1) }
    }

    /// Whether the initiator of every connection is known from a source that semantics §5 names: the host's sockets,
    /// the first SYN, or connection tracking; and not just from a log's word.
    public var hasCertainDirection: Bool { direction.isCertain || handshakes >= connections }
}

extension IPProtocol {
    /// TCP (RFC 9293 §3.5), SCTP (RFC 9260 §5.1) and DCCP (RFC 4340 §8.1).
    var beginsWithHandshake: Bool { self == .tcp || self == .sctp || self == .dccp }
}

extension DirectionSource {
    /// Whether this is one of the sources that semantics §5 names, and not just a log's word.
    public var isCertain: Bool {
        switch self {
        case .hostSockets, .firstSYN, .conntrack: true
        case .asRecorded, .ports: false
        }
    }
}
