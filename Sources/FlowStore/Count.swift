/// How many packets or octets, or that nobody counted them; a number that nobody counted is less than none.
struct Count: Comparable {
    /// The number; -1 where nobody counted.
    // INVARIANT: never below -1.
    let number: Int64

    /// What nobody counted.
    static let uncounted = Count(-1)

    /// Makes a count of a number; one below 0 stands for what nobody counted.
    init(_ number: Int64) { self.number = max(number, -1) }

    /// SQLite's integers are signed; a count beyond 2⁶³ − 1, which is a fault of its source, is kept as 2⁶³ − 1.
    init(clamping number: UInt64?) { self.number = number.map { Int64(clamping: $0) } ?? -1 }

    /// The number; nil where nobody counted.
    var value: Int64? { number < 0 ? nil : number }

    /// Both together; what is more than 2⁶³ − 1 is kept as that.
    func adding(_ other: Self) -> Self {
        guard number >= 0 else { return other }
        guard other.number >= 0 else { return self }
        let (sum, over) = number.addingReportingOverflow(other.number)
        return Self(over ? .max : sum)
    }

    static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}
