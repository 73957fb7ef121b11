/// One row of the table `segment` in memory.
///
/// A class, since an import changes connections in place wherever they are found; all of them in one stored property,
/// since each use of one is checked against other uses at the same time.
final class Segment {
    /// The row in the store.
    let id: Int64
    var table: ConnectionTable
    /// When it was last used, in the order of uses.
    var used = 0
    /// On which shelf it stands, and the first start that belongs into it.
    var place: (shelf: Int, lower: Int64) = (0, .min)

    init(id: Int64, _ table: consuming ConnectionTable) {
        self.id = id
        self.table = table
    }

    /// Reads the data of a row; nil when it is something else.
    convenience init?(id: Int64, encoded bytes: UnsafeRawBufferPointer, isIndexed: Bool) {
        guard let table = ConnectionTable(encoded: bytes, isIndexed: isIndexed) else { return nil }
        self.init(id: id, table)
    }
}
