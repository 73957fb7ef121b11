internal import NetworkTypes
internal import PolicyModel

/// The traffic at a destination, cut into atoms that no service of the policy tells apart.
///
/// TCP and UDP ports and ICMP messages are looked up in tables of 65,536 places; a protocol without ports is one atom
/// for each number.
struct ServiceAtoms: Sendable {
    /// The atom that means: ask the engine, since the protocol has ports but no table here.
    static let ask: UInt16 = 0

    /// Where in `table` a protocol's places begin, and which bits of the port choose among them.
    private(set) var base = [UInt32](repeating: 0, count: 256)
    private(set) var mask = [UInt32](repeating: 0, count: 256)
    private(set) var table: [UInt16] = []
    /// One packet for each atom; nil for the atom `ask`.
    private(set) var representatives: [Packet?] = [nil]
    /// The distinct lists of terms, by number, and the atoms that each covers for some source port.
    private(set) var lists: [[ServiceTerm]: Int] = [:]
    private(set) var covered: [[UInt16]] = []

    init(_ engine: PolicyEngine) {
        for rule in engine.rules.compactMap(\.self) where lists[rule.source.services] == nil {
            lists[rule.source.services] = lists.count
        }
        let ordered = lists.sorted { $0.value < $1.value }.map(\.key)
        covered = Array(repeating: [], count: ordered.count)
        var names: [PortName: Set<ProtocolPort>] = [:]
        for ports in engine.vocabulary.portTableList {
            for (name, list) in ports { names[name, default: []].formUnion(list) }
        }
        var known: [[Int]: UInt16] = [:]
        for number in UInt8.min...UInt8.max {
            let proto = IPProtocol(rawValue: number)
            base[Int(number)] = UInt32(table.count)
            if proto == .tcp || proto == .udp || proto.isICMP {
                mask[Int(number)] = 0xFFFF
                add(proto, cuts: Self.cuts(proto, ordered, names), ordered, names, &known)
            } else if proto.hasPorts {
                table.append(Self.ask)
            } else {
                add(proto, cuts: [0], ordered, names, &known)
            }
        }
    }

    /// The atom of a packet; for ICMP the port is type × 256 + code.
    func atom(_ proto: IPProtocol, _ port: UInt16) -> UInt16 {
        let number = Int(proto.rawValue)
        return table[Int(base[number] + UInt32(port) & mask[number])]
    }

    private mutating func add(
        _ proto: IPProtocol, cuts: [UInt16], _ ordered: [[ServiceTerm]], _ names: [PortName: Set<ProtocolPort>],
        _ known: inout [[Int]: UInt16]
    ) {
        let isTable = mask[Int(proto.rawValue)] != 0
        known = [:]
        for (index, start) in cuts.enumerated() {
            let end: UInt16 = !isTable ? 0 : index + 1 < cuts.count ? cuts[index + 1] - 1 : .max
            let packet = Self.packet(proto, start)
            let signature = ordered.indices.filter { Self.mayCover(ordered[$0], packet, names) }
            // Named ports mean different things at different destinations, so their places are told apart.
            let isNamed = names.values.contains { $0.contains(ProtocolPort(proto, start)) }
            let atom = (isNamed ? nil : known[signature]) ?? UInt16(truncatingIfNeeded: representatives.count)
            if Int(atom) == representatives.count {
                representatives.append(packet)
                for list in signature { covered[list].append(atom) }
                if !isNamed { known[signature] = atom }
            }
            table.append(contentsOf: repeatElement(atom, count: Int(end - (isTable ? start : 0)) + 1))
        }
    }

    private static func packet(_ proto: IPProtocol, _ port: UInt16) -> Packet {
        let message = ICMPMessage(type: UInt8(port >> 8), code: UInt8(port & 0xFF))
        return Packet(
            proto: proto, sourcePort: Flow.unrecordedSourcePorts.lowerBound,
            destinationPort: proto.hasPorts ? port : 0, icmp: proto.isICMP ? message : nil)
    }

    /// Whether some term covers the packet from some source port, to some destination.
    private static func mayCover(
        _ terms: [ServiceTerm], _ packet: Packet, _ names: [PortName: Set<ProtocolPort>]
    ) -> Bool {
        terms.contains { term in
            switch term {
            case .any: true
            case .proto(let proto): proto == packet.proto
            case .ports(let proto, destination: let ports, source: let sources):
                proto == packet.proto && ports.contains(packet.destinationPort) && !sources.isEmpty
            case .icmp(let proto, let type, let code):
                proto == packet.proto && packet.icmp?.type == type && (code == nil || code == packet.icmp?.code)
            case .named(let name): names[name]?.contains(ProtocolPort(packet.proto, packet.destinationPort)) ?? false
            }
        }
    }

    private static func cuts(
        _ proto: IPProtocol, _ lists: [[ServiceTerm]], _ names: [PortName: Set<ProtocolPort>]
    ) -> [UInt16] {
        var cuts: Set<UInt16> = [0]
        func add(_ interval: ClosedRange<UInt16>) {
            cuts.insert(interval.lowerBound)
            if interval.upperBound < .max { cuts.insert(interval.upperBound + 1) }
        }
        for terms in lists {
            for term in terms {
                switch term {
                case .ports(proto, destination: let ports, source: _): ports.intervals.forEach(add)
                case .icmp(proto, let type, let code):
                    let first = UInt16(type) << 8
                    add(code.map { (first | UInt16($0))...(first | UInt16($0)) } ?? first...(first | 0xFF))
                case .any, .proto, .ports, .icmp, .named: break
                }
            }
        }
        for port in names.values.joined() where port.proto == proto { add(port.port...port.port) }
        return cuts.sorted()
    }
}
