import NetworkTypes
import PolicyEngine
import PolicyModel

/// All traffic, cut into *cells* at every boundary of every rule; cells that no rule tells apart are one *atom*.
///
/// A protocol that no rule names shares one cell with the others of its kind. A named one has a grid of cells: runs of
/// destinations × runs of source ports.
struct TrafficAtoms: Sendable {
    /// What a workload calls its ports.
    typealias PortTable = [PortName: [ProtocolPort]]

    /// The grid of a named protocol; both lists are the first values of runs, ascending from 0.
    private struct Grid: Sendable {
        let proto: IPProtocol
        let firstCell: Int
        let destinations: [UInt16]
        let sources: [UInt16]

        var cellCount: Int { destinations.count * sources.count }

        /// The runs, by index, that an interval covers exactly.
        static func runs(_ starts: [UInt16], _ interval: ClosedRange<UInt16>) -> Range<Int> {
            let first = index(starts, notBelow: Int(interval.lowerBound))
            return first..<index(starts, notBelow: Int(interval.upperBound) + 1)
        }

        static func index(_ starts: [UInt16], notBelow value: Int) -> Int {
            var (low, high) = (0, starts.count)
            while low < high {
                let middle = (low + high) / 2
                if Int(starts[middle]) < value { low = middle + 1 } else { high = middle }
            }
            return low
        }

        static func run(_ starts: [UInt16], _ index: Int) -> ClosedRange<UInt16> {
            starts[index]...(index + 1 < starts.count ? starts[index + 1] - 1 : .max)
        }
    }

    private var grids: [Grid] = []
    private var gridOfProto: [IPProtocol: Int] = [:]
    /// The atom of each cell; cell 0 is that of the protocols that no rule names.
    private var atomOfCell: [UInt32]
    /// The number of atoms.
    private(set) var count = 1
    /// Every atom.
    private(set) var everything = AtomMask(wordCount: 1)

    /// Cuts for these lists of terms, to destinations with these tables; with `hasReplies` also for the replies' packets.
    init(_ lists: [[ServiceTerm]], tables: [PortTable], hasReplies: Bool) {
        var cuts = TrafficCuts()
        for term in lists.joined() { cuts.add(term) }
        for port in tables.lazy.flatMap(\.values).joined() { cuts.add(port) }
        if hasReplies { cuts.closeUnderReply() }
        var cellCount = 1
        for proto in cuts.protocols {
            let axes = cuts.axes(proto)
            let grid = Grid(proto: proto, firstCell: cellCount, destinations: axes.destinations, sources: axes.sources)
            gridOfProto[proto] = grids.count
            grids.append(grid)
            cellCount += grid.cellCount
        }
        atomOfCell = Array(repeating: 0, count: cellCount)
        var partition = Partition(cells: atomOfCell, count: 1)
        for terms in lists {
            for isReply in hasReplies ? [false, true] : [false] {
                if let covered = cells(terms, table: [:], isReply: isReply) { partition.split(by: covered) }
            }
        }
        let names = Self.names(lists)
        for table in tables {
            for name in names where table[name] != nil {
                for isReply in hasReplies ? [false, true] : [false] {
                    if let covered = cells([.named(name)], table: table, isReply: isReply) {
                        partition.split(by: covered)
                    }
                }
            }
        }
        atomOfCell = partition.cells
        count = partition.count
        var mask = AtomMask(wordCount: (partition.count + 63) / 64)
        for atom in 0..<partition.count { mask.insert(atom) }
        everything = mask
    }

    private static func names(_ lists: [[ServiceTerm]]) -> [PortName] {
        var result: Set<PortName> = []
        for case .named(let name) in lists.joined() { result.insert(name) }
        return result.sorted()
    }

    /// The atoms that a list of terms covers at a destination with this table; of replies: whose reply it covers.
    func mask(_ terms: [ServiceTerm], table: PortTable, isReply: Bool) -> AtomMask {
        guard let cells = cells(terms, table: table, isReply: isReply) else { return everything }
        var mask = AtomMask(wordCount: everything.words.count)
        for cell in cells { mask.insert(Int(atomOfCell[Int(cell)])) }
        return mask
    }

    /// The cells that terms cover, each once; nil for all.
    private func cells(_ terms: [ServiceTerm], table: PortTable, isReply: Bool) -> [UInt32]? {
        var result: Set<UInt32> = []
        var ordered: [UInt32] = []
        func add(_ cell: Int) {
            if terms.count == 1 || result.insert(UInt32(cell)).inserted { ordered.append(UInt32(cell)) }
        }
        func add(_ proto: IPProtocol, _ destinations: PortSet, _ sources: PortSet) {
            guard let number = gridOfProto[proto] else { return }
            let grid = grids[number]
            // The reply goes from the flow's destination port to its source port.
            let (rows, columns) = isReply ? (sources, destinations) : (destinations, sources)
            for row in rows.intervals.lazy.flatMap({ Grid.runs(grid.destinations, $0) }) {
                for column in columns.intervals.lazy.flatMap({ Grid.runs(grid.sources, $0) }) {
                    add(grid.firstCell + row * grid.sources.count + column)
                }
            }
        }
        for term in terms {
            switch term {
            case .any: return nil
            case .proto(let proto):
                guard let number = gridOfProto[proto] else { continue }
                for cell in 0..<grids[number].cellCount { add(grids[number].firstCell + cell) }
            case .ports(let proto, destination: let destinations, source: let sources):
                if proto.hasPorts { add(proto, destinations, sources) }
            case .icmp(let proto, let type, let code):
                guard proto.isICMP, let number = gridOfProto[proto] else { continue }
                let asked = isReply ? TrafficCuts.answered(by: type, proto) : type
                let first = UInt16(asked) << 8
                let interval = code.map { (first | UInt16($0))...(first | UInt16($0)) } ?? first...(first | 0xFF)
                for run in Grid.runs(grids[number].destinations, interval) { add(grids[number].firstCell + run) }
            case .named(let name):
                for port in Set(table[name] ?? []).sorted() where port.proto.hasPorts {
                    add(port.proto, PortSet(port.port), .all)
                }
            }
        }
        return ordered
    }

    /// The traffic of a mask.
    func services(_ mask: AtomMask) -> ServiceSet {
        var result = ServiceSet()
        let hasRest = mask.contains(Int(atomOfCell[0]))
        var next = 0
        for number in UInt8.min...UInt8.max {
            let proto = IPProtocol(rawValue: number)
            if next < grids.count, grids[next].proto == proto {
                append(grids[next], mask, to: &result)
                next += 1
            } else if hasRest {
                result.append(.whole(proto))
            }
        }
        return result
    }

    private func append(_ grid: Grid, _ mask: AtomMask, to result: inout ServiceSet) {
        for row in grid.destinations.indices {
            let cells = grid.firstCell + row * grid.sources.count
            let columns = grid.sources.indices.filter { mask.contains(Int(atomOfCell[cells + $0])) }
            guard !columns.isEmpty else { continue }
            let sources =
                columns.count == grid.sources.count
                ? PortSet.all : PortSet(columns.map { Grid.run(grid.sources, $0) })
            let run = grid.proto.hasPorts || grid.proto.isICMP ? Grid.run(grid.destinations, row) : 0...0
            result.append(ServiceSet.Part(grid.proto, run, sources))
        }
    }
}

extension ServiceSet.Part {
    /// Everything of a protocol.
    static func whole(_ proto: IPProtocol) -> Self {
        Self(proto, proto.hasPorts || proto.isICMP ? 0 ... .max : 0...0, .all)
    }
}
