/// The row of each pair of classes.
///
/// It is the largest thing that a replay reads at random, so that pairs are small: the rows that a class meets as a source
/// are few and stand together, and a pair is a place among its source's in one byte, or in two for all once a class meets
/// more than 255.
struct PairTable: Sendable {
    typealias Row = DecisionTable.Row

    /// The number of classes: pair (s, d) stands at s × `width` + d.
    let width: Int
    /// The place of each pair among the rows of its source; 0 where it was not met yet.
    private(set) var bytes: [UInt8]
    /// Takes over from `bytes`, which is then empty.
    private(set) var words: [UInt16] = []
    /// For each source, where its rows begin in `rows`.
    private(set) var starts: [UInt32]
    /// The rows of all sources; the first of each says: ask.
    private(set) var rows: [Row]
    /// The number of each of `rows`.
    private var numbers: [UInt32] = [0]
    /// How many rows each source has, the first included; 0 where it has met none.
    private var counts: [Int]

    /// Makes the table of a number of classes, whose pairs all have the row `ask`, which has the number 0.
    init(width: Int, ask: Row) {
        self.width = width
        bytes = Array(repeating: 0, count: width * width)
        starts = Array(repeating: 0, count: width)
        rows = [ask]
        counts = Array(repeating: 0, count: width)
    }

    /// The size of the pairs in bytes, their rows not counted.
    var size: Int { bytes.count + words.count * 2 + starts.count * 4 }

    /// Where the row of a pair stands in `rows`; nil where the pair was not met yet.
    func row(_ source: UInt16, _ destination: UInt16) -> UInt32? {
        let pair = Int(source) * width + Int(destination)
        let place = words.isEmpty ? UInt32(bytes[pair]) : UInt32(words[pair])
        return place == 0 ? nil : starts[Int(source)] + place
    }

    /// Gives a pair the row of a number.
    mutating func set(_ source: UInt16, _ destination: UInt16, number: UInt32, _ row: Row) {
        let place = place(of: number, row, Int(source))
        let pair = Int(source) * width + Int(destination)
        if words.isEmpty {
            if let byte = UInt8(exactly: place) {
                bytes[pair] = byte
                return
            }
            words = bytes.map(UInt16.init)
            bytes = []
        }
        // A class has at most one row for each of `DecisionTable.maximumClasses`.
        words[pair] = UInt16(place)
    }

    /// Adds a row that belongs to no pair, and returns where it stands in `rows`.
    mutating func append(_ row: Row) -> UInt32 {
        rows.append(row)
        numbers.append(0)
        return UInt32(rows.count - 1)
    }

    private mutating func place(of number: UInt32, _ row: Row, _ source: Int) -> Int {
        let (start, count) = (Int(starts[source]), counts[source])
        var place = 1
        while place < count, numbers[start + place] != number { place += 1 }
        if place < count { return place }
        // Room is a power of two, beginning with 8; who has filled it moves to the end.
        if count == 0 || count >= 8 && count & (count - 1) == 0 { move(source, room: max(8, 2 * count)) }
        let new = max(1, count)
        rows[Int(starts[source]) + new] = row
        numbers[Int(starts[source]) + new] = number
        counts[source] = new + 1
        return new
    }

    private mutating func move(_ source: Int, room: Int) {
        let old = Int(starts[source])..<Int(starts[source]) + max(1, counts[source])
        starts[source] = UInt32(rows.count)
        rows += rows[old]
        numbers += numbers[old]
        rows += repeatElement(rows[0], count: room - old.count)
        numbers += repeatElement(0, count: room - old.count)
    }
}
