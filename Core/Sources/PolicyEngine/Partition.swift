/// Items in cells, split set by set until two items are in one cell only when no set tells them apart.
///
/// Splitting by a set costs its size.
package struct Partition: Sendable {
    /// The cell of each item; `outside` for what takes no part.
    package private(set) var cells: [UInt32]
    /// The number of cells; none is empty.
    package private(set) var count: Int
    private var sizes: [UInt32]
    // Per cell, of the set being split by: how many items it has there, and the cell that those go to.
    private var hits: [UInt32]
    private var fresh: [UInt32]

    /// The cell of an item that takes no part.
    package static let outside = UInt32.max

    /// Items that start in these cells, whose numbers have no gaps.
    package init(cells: [UInt32], count: Int) {
        self.cells = cells
        self.count = count
        sizes = Array(repeating: 0, count: count)
        hits = sizes
        fresh = sizes
        for cell in cells where cell != Self.outside { sizes[Int(cell)] += 1 }
    }

    /// Tells the items of the set, each named once and taking part, apart from the others.
    package mutating func split(by set: [UInt32]) {
        for item in set { hits[Int(cells[Int(item)])] += 1 }
        var parents: [Int] = []
        for item in set {
            let cell = Int(cells[Int(item)])
            guard hits[cell] != sizes[cell] else { continue }
            if fresh[cell] == 0 {
                fresh[cell] = UInt32(count + parents.count)
                parents.append(cell)
            }
            cells[Int(item)] = fresh[cell]
        }
        // What stayed lies in cells that are whole in the set; the cells that were split are reset below.
        for item in set where cells[Int(item)] < UInt32(count) { hits[Int(cells[Int(item)])] = 0 }
        for parent in parents {
            sizes[parent] -= hits[parent]
            sizes.append(hits[parent])
            (hits[parent], fresh[parent]) = (0, 0)
        }
        count += parents.count
        hits.append(contentsOf: repeatElement(0, count: parents.count))
        fresh.append(contentsOf: repeatElement(0, count: parents.count))
    }
}
