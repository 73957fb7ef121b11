/// A set of traffic atoms, a bit for each.
///
/// Masks of one analysis have the same number of words.
struct AtomMask: Hashable, Sendable {
    private(set) var words: [UInt64]

    /// No atom, of so many words.
    init(wordCount: Int) { words = Array(repeating: 0, count: wordCount) }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    func contains(_ atom: Int) -> Bool { words[atom >> 6] >> UInt64(atom & 63) & 1 == 1 }

    mutating func insert(_ atom: Int) { words[atom >> 6] |= 1 << UInt64(atom & 63) }

    mutating func formUnion(_ other: AtomMask) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    mutating func formIntersection(_ other: AtomMask) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    mutating func subtract(_ other: AtomMask) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    func intersection(_ other: AtomMask) -> AtomMask {
        var result = self
        result.formIntersection(other)
        return result
    }

    func subtracting(_ other: AtomMask) -> AtomMask {
        var result = self
        result.subtract(other)
        return result
    }

    func meets(_ other: AtomMask) -> Bool {
        for index in words.indices where words[index] & other.words[index] != 0 { return true }
        return false
    }

    func isSubset(of other: AtomMask) -> Bool {
        for index in words.indices where words[index] & ~other.words[index] != 0 { return false }
        return true
    }
}
