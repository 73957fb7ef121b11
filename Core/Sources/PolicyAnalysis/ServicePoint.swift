public import NetworkTypes

/// One kind of packet that opens a flow, apart from its ends.
public struct ServicePoint: Hashable, Comparable, Sendable {
    /// The protocol.
    public let proto: IPProtocol
    /// The destination port; for ICMP type × 256 + code; for other protocols without ports 0.
    public let destination: UInt16
    /// The source port; 0 for protocols without.
    public let source: UInt16

    /// Makes a point; what the protocol does not have becomes 0.
    public init(_ proto: IPProtocol, _ destination: UInt16 = 0, source: UInt16 = 0) {
        self.proto = proto
        self.destination = proto.hasPorts || proto.isICMP ? destination : 0
        self.source = proto.hasPorts ? source : 0
    }

    /// The message, for ICMP and ICMPv6.
    public var icmp: ICMPMessage? {
        proto.isICMP ? ICMPMessage(type: UInt8(destination >> 8), code: UInt8(destination & 0xFF)) : nil
    }

    public static func < (a: Self, b: Self) -> Bool {
        (a.proto, a.destination, a.source) < (b.proto, b.destination, b.source)
    }
}

extension ServiceSet {
    /// A member to show to people, or nil of the empty set.
    ///
    /// TCP before UDP before the rest; a port that everybody knows before the lowest; source port 40000 before the lowest
    /// from 1024 on before the lowest. Equal sets give equal members.
    public var witness: ServicePoint? {
        let ordinary = PortSet(Self.firstEphemeral ... .max)
        let byFamiliarity = [IPProtocol.tcp, .udp] + protocols.filter { $0 != .tcp && $0 != .udp }
        for sources in [ordinary, .all] {
            for proto in byFamiliarity {
                let found = parts.filter { $0.proto == proto && !$0.source.intersection(sources).isEmpty }
                guard let first = found.first else { continue }
                for port in Self.familiar(proto) {
                    if let part = found.first(where: { $0.destination.contains(port) }) { return part.point(port) }
                }
                return first.point(first.destination.lowerBound)
            }
        }
        return nil
    }

    /// The first port of those that are not reserved for servers (RFC 6335 §6).
    private static let firstEphemeral: UInt16 = 1024

    /// Ports (IANA service names) and messages (echo request: RFC 792, RFC 4443 §4.1) that readers know.
    private static func familiar(_ proto: IPProtocol) -> [UInt16] {
        switch proto {
        case .tcp: [443, 80, 22, 8080, 5432]
        case .udp: [53, 123, 443]
        case .icmp: [8 << 8]
        case .icmpv6: [128 << 8]
        default: []
        }
    }
}

extension ServiceSet.Part {
    /// The member with this destination and a source port that a client would use, where there is one.
    fileprivate func point(_ port: UInt16) -> ServicePoint {
        let client: UInt16 = 40_000
        if source.contains(client) { return ServicePoint(proto, port, source: client) }
        let ordinary = source.intersection(PortSet(1024 ... .max))
        let lowest = ordinary.intervals.first ?? source.intervals.first
        return ServicePoint(proto, port, source: lowest?.lowerBound ?? client)
    }
}
