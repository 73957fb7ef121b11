/// For each pair of classes, the number of its row; 0 where it was not met yet.
///
/// Numbers take two bytes while they fit, since the table is the largest thing that a replay reads at random.
struct PairTable: Sendable {
    private(set) var narrow: [UInt16]
    /// Takes over from `narrow`, which is then empty, when there are more rows than two bytes can number.
    private(set) var wide: [UInt32] = []

    init(count: Int) { narrow = Array(repeating: 0, count: count) }

    /// The size in bytes.
    var bytes: Int { narrow.count * 2 + wide.count * 4 }

    subscript(pair: Int) -> UInt32 {
        get { wide.isEmpty ? UInt32(narrow[pair]) : wide[pair] }
        set {
            if wide.isEmpty, let number = UInt16(exactly: newValue) {
                narrow[pair] = number
                return
            }
            if wide.isEmpty {
                wide = narrow.map(UInt32.init)
                narrow = []
            }
            wide[pair] = newValue
        }
    }
}
