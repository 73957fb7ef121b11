public import NetworkTypes

/// An exact set of traffic, apart from its ends: protocol, destination port or ICMP message, and source port.
///
/// Two sets with the same members are equal.
public struct ServiceSet: Hashable, Sendable {
    /// The part of one protocol.
    public struct Part: Hashable, Sendable {
        /// The protocol.
        public var proto: IPProtocol
        /// Destination ports; for ICMP type × 256 + code; for other protocols without ports only 0.
        public var destination: ClosedRange<UInt16>
        /// Source ports; every port for protocols without.
        public var source: PortSet
    }

    // INVARIANT: by protocol and destination; neighbours of one protocol that touch differ in `source`; none is empty.
    /// The members.
    public private(set) var parts: [Part]

    /// The set without a member.
    public init() { parts = [] }

    /// Whether the set has no member.
    public var isEmpty: Bool { parts.isEmpty }
}
