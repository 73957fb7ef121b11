/// Peers in cells, split predicate by predicate; cell 0 is what most peers answer.
///
/// Splitting costs the size of the smaller side, so that a row takes as long as it has exceptions.
struct PeerCells: Sendable {
    /// What the peers of a cell answer to each predicate of the row, and the table of their named ports.
    struct Cell: Sendable {
        var answers: [Bool]
        var table: UInt32 = 0
    }

    /// The cell of each class.
    private var cellOf: [UInt32]
    /// The classes outside cell 0.
    private(set) var touched: [UInt32] = []
    private(set) var cells: [Cell] = []
    private var successor: [UInt32] = []

    init(classCount: Int) { cellOf = Array(repeating: 0, count: classCount) }

    func cell(of peer: UInt32) -> Int { Int(cellOf[Int(peer)]) }

    /// Starts a row, in which most peers answer like this.
    mutating func begin(_ usual: [Bool]) {
        for peer in touched { cellOf[Int(peer)] = 0 }
        touched.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
        cells.append(Cell(answers: usual))
    }

    /// Moves peers, each named once, to cells that differ from theirs as `change` says.
    mutating func split(_ peers: [UInt32], _ change: (inout Cell) -> Void) {
        successor.removeAll(keepingCapacity: true)
        successor.append(contentsOf: repeatElement(0, count: cells.count))
        for peer in peers {
            let cell = Int(cellOf[Int(peer)])
            if cell == 0 { touched.append(peer) }
            if successor[cell] == 0 {
                successor[cell] = UInt32(cells.count)
                var made = cells[cell]
                change(&made)
                cells.append(made)
            }
            cellOf[Int(peer)] = successor[cell]
        }
    }
}
