/// What one direction of a connection carried, as far as the source counts it.
public struct FlowCounters: Hashable, Sendable {
    /// Packets; nil when not counted.
    public var packets: UInt64?
    /// Octets of the IP layer, headers included (RFC 7012 `octetDeltaCount`); nil when not counted.
    ///
    /// A log that counts payload only gives that, which is a lower bound.
    public var bytes: UInt64?

    /// Makes counters; nil means not counted, which is not zero.
    public init(packets: UInt64? = nil, bytes: UInt64? = nil) {
        self.packets = packets
        self.bytes = bytes
    }

    /// The larger of both counts: two observers of one connection count the same packets.
    public func maximum(_ other: Self) -> Self {
        Self(packets: Self.larger(packets, other.packets), bytes: Self.larger(bytes, other.bytes))
    }

    private static func larger(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
        guard let a else { return b }
        guard let b else { return a }
        return max(a, b)
    }
}
