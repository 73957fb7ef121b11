import NetworkTypes
import PolicyModel

/// Where rules begin and cease to cover, for each protocol that they name.
struct TrafficCuts {
    private struct Cuts {
        var destinations: Set<UInt16> = [0]
        var sources: Set<UInt16> = [0]
    }

    private var cuts: [IPProtocol: Cuts] = [:]

    /// The protocols that are named, ascending.
    var protocols: [IPProtocol] { cuts.keys.sorted() }

    /// The first values of the runs of destinations and of source ports.
    func axes(_ proto: IPProtocol) -> (destinations: [UInt16], sources: [UInt16]) {
        let found = cuts[proto] ?? Cuts()
        return (found.destinations.sorted(), found.sources.sorted())
    }

    mutating func add(_ term: ServiceTerm) {
        switch term {
        case .any, .named: break
        case .proto(let proto): cuts[proto, default: Cuts()].destinations.insert(0)
        case .ports(let proto, destination: let destinations, source: let sources):
            guard proto.hasPorts else { return }
            for interval in destinations.intervals { Self.add(interval, &cuts[proto, default: Cuts()].destinations) }
            for interval in sources.intervals { Self.add(interval, &cuts[proto, default: Cuts()].sources) }
        case .icmp(let proto, let type, let code):
            guard proto.isICMP else { return }
            let first = UInt16(type) << 8
            let interval = code.map { (first | UInt16($0))...(first | UInt16($0)) } ?? first...(first | 0xFF)
            Self.add(interval, &cuts[proto, default: Cuts()].destinations)
        }
    }

    mutating func add(_ port: ProtocolPort) {
        guard port.proto.hasPorts else { return }
        Self.add(port.port...port.port, &cuts[port.proto, default: Cuts()].destinations)
    }

    private static func add(_ interval: ClosedRange<UInt16>, _ cuts: inout Set<UInt16>) {
        cuts.insert(interval.lowerBound)
        if interval.upperBound < .max { cuts.insert(interval.upperBound + 1) }
    }

    /// Cuts wherever the reply's packet is cut: ports swap; of ICMP echo request and reply do (RFC 792, RFC 4443 §4).
    mutating func closeUnderReply() {
        for proto in protocols {
            guard var found = cuts[proto] else { continue }
            if proto.hasPorts {
                found.destinations.formUnion(found.sources)
                found.sources = found.destinations
            } else if proto.isICMP {
                for cut in found.destinations {
                    let answered = Self.answered(by: UInt8(cut >> 8), proto)
                    guard answered != UInt8(cut >> 8) else { continue }
                    Self.add(UInt16(answered) << 8...UInt16(answered) << 8 | 0xFF, &found.destinations)
                    found.destinations.insert(UInt16(answered) << 8 | cut & 0xFF)
                }
            }
            cuts[proto] = found
        }
    }

    /// The type of the message that a message of this type replies to, and the other way round.
    static func answered(by type: UInt8, _ proto: IPProtocol) -> UInt8 {
        switch (proto, type) {
        case (.icmp, 8): 0
        case (.icmp, 0): 8
        case (.icmpv6, 128): 129
        case (.icmpv6, 129): 128
        default: type
        }
    }
}
