internal import NetworkTypes
internal import PolicyModel

/// The traffic at a destination, cut into atoms that no service of the policy tells apart.
///
/// TCP and UDP ports and ICMP messages are looked up in tables of 65,536 places; other protocols have one atom each.
struct ServiceAtoms: Sendable {
    /// The atom that means: ask the engine, since the protocol has ports but no table here, or there are too many atoms.
    static let ask: UInt16 = 0
    /// The most atoms that a table is made for, `ask` included: their numbers take two bytes.
    static let maximum = 65_536

    /// By protocol × 256 + the upper half of the port: the number of a block of `atoms`.
    private(set) var blocks = [UInt16](repeating: 0, count: 65_536)
    /// Blocks of 256 atoms, by the lower half of the port; equal blocks are held once.
    private(set) var atoms: [UInt16] = []
    /// One packet for each atom; nil for the atom `ask`.
    private(set) var representatives: [Packet?] = [nil]
    /// The atoms apart as far as rules alone cannot tell: each port that some workload has a name for, and the rest.
    private(set) var partition = Partition(cells: [], count: 1)
    /// For each rule, the number of its list of terms.
    private(set) var listOfRule: [UInt32]
    /// For each list, the atoms that it covers for some source port and some destination, ascending.
    private(set) var covered: [[UInt32]]

    init(_ engine: PolicyEngine, maximum: Int = maximum) {
        var lists: [[ServiceTerm]: UInt32] = [:]
        var ordered: [[ServiceTerm]] = []
        listOfRule = engine.rules.map { rule in
            guard let services = rule?.source.services else { return 0 }
            if let known = lists[services] { return known }
            lists[services] = UInt32(ordered.count)
            ordered.append(services)
            return UInt32(ordered.count - 1)
        }
        covered = Array(repeating: [], count: ordered.count)
        var names: [PortName: Set<ProtocolPort>] = [:]
        for ports in engine.vocabulary.portTableList {
            for (name, list) in ports { names[name, default: []].formUnion(list) }
        }
        // Numbers of lists, so that two places with the same lists are one atom.
        var known: [[UInt32]: UInt16] = [:]
        var numberOfBlock: [ArraySlice<UInt16>: UInt16] = [:]
        var cells: [UInt32] = [0]
        var cellCount: UInt32 = 1
        for number in UInt8.min...UInt8.max {
            let proto = IPProtocol(rawValue: number)
            let isTable = proto == .tcp || proto == .udp || proto.isICMP
            if !isTable, proto.hasPorts {
                fill(number, Array(repeating: Self.ask, count: 256), &numberOfBlock)
                continue
            }
            var places: [UInt16] = []
            let cuts = ServiceCuts(proto, isTable: isTable, ordered, names)
            for (index, start) in cuts.starts.enumerated() {
                // Without a table the port means nothing.
                let end: UInt16 = index + 1 < cuts.starts.count ? cuts.starts[index + 1] - 1 : isTable ? .max : 255
                // Named ports mean different things at different destinations, so their places are told apart.
                let isNamed = names.values.contains { $0.contains(ProtocolPort(proto, start)) }
                let found = isNamed ? nil : known[cuts.lists[index]]
                let isFull = representatives.count >= min(maximum, Self.maximum)
                let atom = found ?? (isFull ? Self.ask : add(Self.packet(proto, start), cuts.lists[index]))
                if isNamed { if atom != Self.ask { cellCount += 1 } } else { known[cuts.lists[index]] = atom }
                if Int(atom) == cells.count { cells.append(isNamed ? cellCount - 1 : 0) }
                places.append(contentsOf: repeatElement(atom, count: Int(end - start) + 1))
            }
            fill(number, places, &numberOfBlock)
        }
        partition = Partition(cells: cells, count: Int(cellCount))
    }

    /// Takes the atoms of a protocol: of all its ports, or 256 equal ones that stand for any.
    private mutating func fill(
        _ proto: UInt8, _ places: [UInt16], _ numberOfBlock: inout [ArraySlice<UInt16>: UInt16]
    ) {
        for start in stride(from: 0, to: places.count, by: 256) {
            let block = places[start..<start + 256]
            let number = numberOfBlock[block] ?? UInt16(atoms.count >> 8)
            if numberOfBlock.updateValue(number, forKey: block) == nil { atoms += block }
            let upper = Int(proto) << 8 | start >> 8
            let range = places.count == 256 ? upper..<upper + 256 : upper..<upper + 1
            for index in range { blocks[index] = number }
        }
    }

    private mutating func add(_ packet: Packet, _ lists: [UInt32]) -> UInt16 {
        let atom = UInt16(representatives.count)
        representatives.append(packet)
        for list in lists { covered[Int(list)].append(UInt32(atom)) }
        return atom
    }

    /// The atom of a packet; for ICMP the port is type × 256 + code.
    func atom(_ proto: IPProtocol, _ port: UInt16) -> UInt16 {
        let block = blocks[Int(proto.rawValue) << 8 | Int(port >> 8)]
        return atoms[Int(block) << 8 | Int(port & 0xFF)]
    }

    /// The atoms that a rule covers for some source port and some destination, ascending.
    func covered(by rule: UInt32) -> [UInt32] { covered[Int(listOfRule[Int(rule)])] }

    private static func packet(_ proto: IPProtocol, _ port: UInt16) -> Packet {
        let message = ICMPMessage(type: UInt8(port >> 8), code: UInt8(port & 0xFF))
        return Packet(
            proto: proto, sourcePort: Flow.unrecordedSourcePorts.lowerBound,
            destinationPort: proto.hasPorts ? port : 0, icmp: proto.isICMP ? message : nil)
    }
}

/// The places of one protocol, cut wherever a list of terms begins or ends to cover.
struct ServiceCuts {
    /// The first place of each interval, ascending from 0.
    let starts: [UInt16]
    /// For each interval, the lists that cover it, ascending.
    let lists: [[UInt32]]

    init(
        _ proto: IPProtocol, isTable: Bool, _ ordered: [[ServiceTerm]], _ names: [PortName: Set<ProtocolPort>]
    ) {
        var parts: [(list: UInt32, interval: ClosedRange<UInt16>)] = []
        for (number, terms) in ordered.enumerated() {
            for interval in terms.flatMap({ Self.intervals($0, proto, names) }) {
                parts.append((UInt32(number), interval))
            }
        }
        var cuts: Set<UInt16> = [0]
        if isTable {
            for part in parts {
                cuts.insert(part.interval.lowerBound)
                if part.interval.upperBound < .max { cuts.insert(part.interval.upperBound + 1) }
            }
        }
        let starts = cuts.sorted()
        var lists = [[UInt32]](repeating: [], count: starts.count)
        for part in parts {
            var place = starts.partitioningIndex { $0 >= part.interval.lowerBound }
            while place < starts.count, starts[place] <= part.interval.upperBound {
                if lists[place].last != part.list { lists[place].append(part.list) }
                place += 1
            }
        }
        self.starts = starts
        self.lists = lists
    }

    /// What a term covers from some source port, to some destination.
    private static func intervals(
        _ term: ServiceTerm, _ proto: IPProtocol, _ names: [PortName: Set<ProtocolPort>]
    ) -> [ClosedRange<UInt16>] {
        switch term {
        case .any, .proto(proto): return [.min ... .max]
        case .ports(proto, destination: let ports, source: let sources):
            return sources.isEmpty || !proto.hasPorts ? [] : ports.intervals
        case .icmp(proto, let type, let code):
            let first = UInt16(type) << 8
            return [code.map { (first | UInt16($0))...(first | UInt16($0)) } ?? first...(first | 0xFF)]
        case .named(let name):
            return (names[name] ?? []).filter { $0.proto == proto }.map { $0.port...$0.port }
        case .proto, .ports, .icmp: return []
        }
    }
}

extension [UInt16] {
    /// The first index whose element fulfils a condition that holds from some element on; the end when none does.
    fileprivate func partitioningIndex(_ holds: (UInt16) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
