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
    /// The initiators' ports with the number of connections from each; only asked for where the direction is uncertain.
    ///
    /// Empty means not known: the other way round is then judged at the same service.
    public var initiatorPorts: [UInt16: Int]

    /// Makes an edge.
    public init(
        key: EdgeKey, connections: Int, failed: Int = 0, bytes: UInt64? = nil, firstSeen: Instant, lastSeen: Instant,
        direction: DirectionSource, initiatorPorts: [UInt16: Int] = [:]
    ) {
        self.key = key
        self.connections = connections
        self.failed = failed
        self.bytes = bytes
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.direction = direction
        self.initiatorPorts = initiatorPorts
    }
}

extension DirectionSource {
    /// Whether the initiator is known from one of the sources that semantics §5 names, and not just from a log's word.
    public var isCertain: Bool {
        switch self {
        case .hostSockets, .firstSYN, .conntrack: true
        case .asRecorded: false
        }
    }
}
