/// The expressions, each filed under one code that all its members have, so that a new identity finds its own at once.
struct ExpressionIndex: Sendable {
    private struct Key: Hashable {
        let column: Int
        let code: UInt32
    }

    private var filed: [Key: [Int]] = [:]
    private var rest: [Int] = []
    /// How many expressions were seen to ask for each code: the fewer, the more it tells.
    private var askers: [Key: Int] = [:]
    /// Under what each expression is filed.
    private var keys: [Key?]

    init(_ expressions: [ExpressionEntry]) {
        keys = Array(repeating: nil, count: expressions.count)
        for entry in expressions where entry.uses > 0 {
            for test in entry.compiled.tests where Self.tells(test) {
                askers[Key(column: test.column, code: test.code), default: 0] += 1
            }
        }
        for (number, entry) in expressions.enumerated() where entry.uses > 0 { add(number, entry.compiled) }
    }

    private static func tells(_ test: CompiledExpression.Test) -> Bool { test.equal && test.code != 0 }

    /// The code that the fewest expressions ask for; label dimensions tell more than the fixed columns.
    private func key(_ expression: CompiledExpression) -> Key? {
        var best: (key: Key, askers: Int)?
        for test in expression.tests where Self.tells(test) {
            let key = Key(column: test.column, code: test.code)
            let isFixed = test.column < Vocabulary.Column.fixed
            let count = isFixed ? Int.max : askers[key] ?? 0
            if let best, count > best.askers || (count == best.askers && test.column < best.key.column) { continue }
            best = (key, count)
        }
        return best?.key
    }

    mutating func add(_ number: Int, _ expression: CompiledExpression) {
        let key = key(expression)
        while keys.count <= number { keys.append(nil) }
        keys[number] = key
        if let key { filed[key, default: []].append(number) } else { rest.append(number) }
    }

    mutating func remove(_ number: Int) {
        if let key = keys[number] {
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
