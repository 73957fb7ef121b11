/// For each column and code, the identities that have it; made for one pass over all expressions.
struct Postings {
    private var lists: [[[UInt32]]]
    private let everyone: [UInt32]

    init(_ identities: IdentityTable) {
        lists = Array(repeating: [], count: identities.width)
        everyone = (0..<UInt32(identities.capacity)).filter(identities.isUsed)
        for column in 0..<identities.width where column != Vocabulary.Column.signature {
            var list: [[UInt32]] = []
            for identity in everyone {
                let code = Int(identities.column(column, of: identity))
                while list.count <= code { list.append([]) }
                list[code].append(identity)
            }
            lists[column] = list
        }
    }

    /// Identities among which all members of the expression are: those of its rarest code.
    func candidates(_ expression: CompiledExpression) -> [UInt32] {
        var best = everyone
        for test in expression.tests where test.equal {
            let list = lists[test.column]
            let found = Int(test.code) < list.count ? list[Int(test.code)] : []
            if found.count < best.count { best = found }
        }
        return best
    }
}

/// The expressions, each filed under one code that all its members have, so that a new identity finds its own at once.
struct ExpressionIndex: Sendable {
    private struct Key: Hashable {
        let column: Int
        let code: UInt32
    }

    private var filed: [Key: [Int]] = [:]
    private var rest: [Int] = []

    init(_ expressions: [ExpressionEntry]) {
        for (number, entry) in expressions.enumerated() where entry.uses > 0 { add(number, entry.compiled) }
    }

    private static func key(_ expression: CompiledExpression) -> Key? {
        // Label dimensions tell more than the fixed columns; the last named is as good as any.
        expression.tests.filter { $0.equal && $0.code != 0 }.max { $0.column < $1.column }
            .map { Key(column: $0.column, code: $0.code) }
    }

    mutating func add(_ number: Int, _ expression: CompiledExpression) {
        if let key = Self.key(expression) { filed[key, default: []].append(number) } else { rest.append(number) }
    }

    mutating func remove(_ number: Int, _ expression: CompiledExpression) {
        if let key = Self.key(expression) {
            filed[key]?.removeAll { $0 == number }
        } else {
            rest.removeAll { $0 == number }
        }
    }

    /// The expressions that may hold for an identity with these columns.
    func candidates(_ row: UnsafeBufferPointer<UInt32>) -> [Int] {
        var result = rest
        for (column, code) in row.enumerated() where code != 0 {
            if let found = filed[Key(column: column, code: code)] { result += found }
        }
        return result
    }
}
