/// A set of the numbers from zero below a fixed count: which ends of a universe something holds for.
struct MemberSet: Hashable, Sendable {
    private var words: [UInt64]

    /// The set without a member.
    init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

    /// The numbers that the test holds for.
    init(count: Int, where holds: (Int) -> Bool) {
        self.init(count: count)
        for number in 0..<count where holds(number) { words[number / 64] |= 1 << UInt64(number % 64) }
    }

    private init(words: [UInt64]) { self.words = words }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    func contains(_ number: Int) -> Bool { words[number / 64] & (1 << UInt64(number % 64)) != 0 }

    func intersection(_ other: Self) -> Self { Self(words: zip(words, other.words).map { $0 & $1 }) }
    func union(_ other: Self) -> Self { Self(words: zip(words, other.words).map { $0 | $1 }) }
    func subtracting(_ other: Self) -> Self { Self(words: zip(words, other.words).map { $0 & ~$1 }) }
    func isDisjoint(with other: Self) -> Bool { zip(words, other.words).allSatisfy { $0 & $1 == 0 } }
    func isSubset(of other: Self) -> Bool { zip(words, other.words).allSatisfy { $0 & ~$1 == 0 } }

    /// The members, ascending.
    var numbers: [Int] {
        words.indices.flatMap { word in (0..<64).filter { words[word] & (1 << UInt64($0)) != 0 }.map { word * 64 + $0 }
        }
    }
}
