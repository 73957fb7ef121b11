public import NetworkTypes

/// An edge with the beginnings of its connections, as the advisor needs them.
public struct TimedEdge: Hashable, Sendable {
    /// The edge.
    public var edge: ObservedEdge
    /// When connections began, ascending; empty where nobody kept it.
    public var starts: [Instant]

    /// Makes an edge.
    public init(_ edge: ObservedEdge, starts: [Instant] = []) {
        self.edge = edge
        self.starts = starts
    }

    /// When the last connection began, as far as it is known.
    var lastStart: Instant { starts.last ?? max(edge.firstSeen, edge.lastSeen) }

    /// Whether all its connections began inside one hour.
    var isBrief: Bool { lastStart.rawValue - edge.firstSeen.rawValue < Instant.hour }
}

extension Instant {
    /// Nanoseconds of an hour.
    static let hour: Int64 = 3_600_000_000_000
    /// Nanoseconds of a day.
    static let day: Int64 = 24 * hour
}
