internal import PolicyModel

/// The label dimensions that a policy names, each with the values that were met in it.
struct LabelDimensions: Sendable {
    private struct Dimension: Sendable {
        let key: LabelKey
        /// In the order of their codes, which begin at 1.
        var values: [LabelValue] = []
        var codes = ItemIndex()
    }

    private var dimensions: [Dimension]
    private let numbers: ItemIndex
    private let seed = ContentHash.seed

    init(_ keys: [LabelKey]) {
        dimensions = keys.map { Dimension(key: $0) }
        var numbers = ItemIndex(capacity: keys.count)
        for (number, key) in keys.enumerated() { numbers.enter(number, ContentHash.of(key.description)) }
        self.numbers = numbers
    }

    /// The column of a dimension, or nil when the policy does not name it.
    func column(_ key: LabelKey) -> Int? {
        numbers.first(ContentHash.of(key.description, seed: seed)) { dimensions[$0].key == key }
            .map { Vocabulary.Column.fixed + $0 }
    }

    /// The code of a value in its dimension; 0 is for an absent label.
    mutating func code(_ value: LabelValue, column: Int) -> UInt32 {
        let number = column - Vocabulary.Column.fixed
        let next = dimensions[number].values.count
        let hash = ContentHash.of(value.description, seed: seed)
        let known = dimensions[number].codes.first(hash) { dimensions[number].values[$0] == value }
        if let known { return UInt32(known + 1) }
        dimensions[number].codes.enter(next, hash)
        dimensions[number].values.append(value)
        return UInt32(next + 1)
    }

    /// The value that a code stands for, nil for an absent label.
    func value(_ code: UInt32, _ column: Int) -> LabelValue? {
        code == 0 ? nil : dimensions[column - Vocabulary.Column.fixed].values[Int(code) - 1]
    }
}
