public import Flows
public import NetworkTypes

/// What the connections of one edge add up to, over the hours that were asked for.
public struct StoredEdge: Hashable, Sendable {
    /// Who reaches whom on what.
    public let key: EdgeKey
    /// The number of connections; one that several points saw counts once.
    public let connections: Int
    /// How many of them were refused, or had no answer in a protocol with a handshake.
    public let failed: Int
    /// What the initiators sent, where counted.
    public let initiator: FlowCounters
    /// What the responders sent, where counted.
    public let responder: FlowCounters
    /// The start of the first connection.
    public let firstSeen: Instant
    /// The last packet of any connection.
    public let lastSeen: Instant
    /// How the direction of the least certain of the connections is known.
    public let direction: DirectionSource
}

/// One connection, as all its observations together describe it.
public struct StoredConnection: Hashable, Sendable {
    /// The edge it belongs to.
    public let edge: EdgeKey
    /// The initiator's port; zero where the protocol has none.
    public let sourcePort: UInt16
    /// The first packet's time, as the earliest observer reports it.
    public let start: Instant
    /// The last packet's time, as the latest observer reports it.
    public let end: Instant
    /// How far it came.
    public let state: ConnectionState
    /// Where it was seen, in order of name.
    public let observationPoints: [ObservationPoint]
}

/// How much the store holds.
public struct StoreCounts: Hashable, Sendable {
    /// Connections.
    public let connections: Int
    /// Records, as the observation points reported them.
    public let observations: Int
    /// Edges that have at least one connection.
    public let edges: Int
    /// Observation points.
    public let points: Int
    /// Connections that more than one point reported.
    public let seenTwice: Int
}

/// How far an import of one file has come.
public struct ImportProgress: Sendable {
    /// The path as it was given.
    public let path: String
    /// Bytes read so far, after unpacking.
    public let bytes: Int
    /// Bytes in all.
    public let totalBytes: Int
    /// Lines read so far.
    public let lines: Int
    /// Connections among them.
    public let records: Int
}
