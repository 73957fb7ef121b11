public import NetworkTypes

/// An exact set of traffic, apart from its ends: protocol, destination port or ICMP message, and source port.
///
/// Two sets with the same members are equal.
public struct ServiceSet: Hashable, Sendable {
    /// A run of destinations of one protocol that have the same source ports.
    public struct Part: Hashable, Sendable {
        /// The protocol.
        public let proto: IPProtocol
        /// Destination ports; for ICMP type × 256 + code; for other protocols without ports only 0.
        public let destination: ClosedRange<UInt16>
        /// Source ports; every port for protocols without.
        public let source: PortSet

        init(_ proto: IPProtocol, _ destination: ClosedRange<UInt16>, _ source: PortSet) {
            self.proto = proto
            self.destination = destination
            self.source = source
        }
    }

    // INVARIANT: by protocol and destination; neighbours of one protocol that touch differ in `source`; none is empty.
    /// The members, by protocol and destination.
    public private(set) var parts: [Part] = []

    /// The set without a member.
    public init() {}

    /// Everything of one protocol that these ports allow.
    ///
    /// Protocols without ports are taken whole, whatever the ports; ICMP takes `destination` as type × 256 + code.
    public init(_ proto: IPProtocol, destination: PortSet = .all, source: PortSet = .all) {
        if proto.hasPorts {
            for interval in destination.intervals { append(Part(proto, interval, source)) }
        } else if proto.isICMP {
            for interval in destination.intervals { append(Part(proto, interval, .all)) }
        } else {
            append(Part(proto, 0...0, .all))
        }
    }

    /// Everything of these protocols.
    public static func all(_ protocols: some Sequence<IPProtocol>) -> ServiceSet {
        var result = ServiceSet()
        for proto in Set(protocols).sorted() { result.parts += ServiceSet(proto).parts }
        return result
    }

    /// Everything.
    public static let all = all((UInt8.min...UInt8.max).map(IPProtocol.init(rawValue:)))

    /// Adds a part that stands behind all the others; an empty one is left out, one that continues the last is joined.
    mutating func append(_ part: Part) {
        guard !part.source.isEmpty else { return }
        if let last = parts.last, last.proto == part.proto, last.source == part.source,
            last.destination.upperBound < .max, last.destination.upperBound + 1 == part.destination.lowerBound
        {
            let joined = last.destination.lowerBound...part.destination.upperBound
            parts[parts.count - 1] = Part(part.proto, joined, part.source)
        } else {
            parts.append(part)
        }
    }

    /// Whether the set has no member.
    public var isEmpty: Bool { parts.isEmpty }

    /// The protocols that have a member, ascending.
    public var protocols: [IPProtocol] {
        parts.reduce(into: []) { if $0.last != $1.proto { $0.append($1.proto) } }
    }

    /// The destination ports of a protocol to which at least one of the source ports is a member.
    public func ports(_ proto: IPProtocol, from sources: PortSet = .all) -> PortSet {
        PortSet(
            parts.filter { $0.proto == proto && !$0.source.intersection(sources).isEmpty }.map(\.destination))
    }

    /// Whether this traffic is a member.
    public func contains(_ point: ServicePoint) -> Bool {
        parts.contains {
            $0.proto == point.proto && $0.destination.contains(point.destination) && $0.source.contains(point.source)
        }
    }
}
