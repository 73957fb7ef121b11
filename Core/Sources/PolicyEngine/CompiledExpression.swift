internal import NetworkTypes
internal import PolicyModel

/// An end expression as a test on the columns of an identity.
struct CompiledExpression: Sendable {
    /// An equality test on one column.
    struct Test: Sendable {
        let column: Int
        let code: UInt32
        let equal: Bool

        /// Holds where this one does not; of the column with two codes only equality is asked, which finds its members.
        var negated: Test {
            if column == Vocabulary.Column.owned, equal { return Test(column: column, code: 1 - code, equal: true) }
            return Test(column: column, code: code, equal: !equal)
        }
    }

    /// What a conjunction of equality tests cannot say.
    indirect enum Node: Sendable {
        case constant(Bool)
        case test(Test)
        case isIn(column: Int, [UInt32])
        case inSet(Int)
        case all([Node])
        case any([Node])
        case not(Node)
    }

    /// Tests that must all hold.
    let tests: [Test]
    /// What else must hold.
    let residual: Node?

    init(_ expression: EndExpression, _ vocabulary: inout Vocabulary) {
        var tests: [Test] = []
        var rest: [Node] = []
        var pending = [Self.node(expression, &vocabulary)]
        while let node = pending.popLast() {
            switch node {
            case .test(let test): tests.append(test)
            case .all(let parts): pending.append(contentsOf: parts)
            case .constant(true): break
            case .not(.test(let test)): tests.append(test.negated)
            case .constant, .isIn, .inSet, .any, .not: rest.append(node)
            }
        }
        self.tests = tests
        residual = rest.isEmpty ? nil : rest.count == 1 ? rest[0] : .all(rest)
    }

    private static let owned = Node.test(Test(column: Vocabulary.Column.owned, code: 1, equal: true))

    private static func node(_ expression: EndExpression, _ vocabulary: inout Vocabulary) -> Node {
        switch expression {
        case .any: return .constant(true)
        case .anyWorkload: return owned
        case .selector(let selector):
            let inner = node(selector, &vocabulary)
            // A positive term holds only for workloads already.
            if case .test(let test) = inner, test.equal, test.code != 0 { return inner }
            return .all([inner, owned])
        case .workload(let id):
            let code = vocabulary.code(id)
            return code == 0 ? .constant(false) : .test(Test(column: Vocabulary.Column.name, code: code, equal: true))
        case .addressSet(let id): return vocabulary.set(id).map(Node.inSet) ?? .constant(false)
        case .addresses(let set): return vocabulary.space.index(of: set).map(Node.inSet) ?? .constant(false)
        case .union(let parts): return .any(parts.map { node($0, &vocabulary) })
        case .intersection(let parts): return .all(parts.map { node($0, &vocabulary) })
        case .difference(let first, let second):
            return .all([node(first, &vocabulary), .not(node(second, &vocabulary))])
        }
    }

    private static func node(_ selector: Selector, _ vocabulary: inout Vocabulary) -> Node {
        func values(_ key: LabelKey, _ list: [LabelValue], _ equal: Bool, _ vocabulary: inout Vocabulary) -> Node {
            guard let column = vocabulary.column(key) else { return .constant(!equal) }
            if list.count == 1 {
                return .test(Test(column: column, code: vocabulary.code(list[0], column: column), equal: equal))
            }
            let found = Node.isIn(column: column, list.map { vocabulary.code($0, column: column) }.sorted())
            return equal ? found : .not(found)
        }
        func presence(_ key: LabelKey, _ present: Bool) -> Node {
            guard let column = vocabulary.column(key) else { return .constant(!present) }
            return .test(Test(column: column, code: 0, equal: !present))
        }
        switch selector {
        case .all: return .constant(true)
        case .equals(let key, let value): return values(key, [value], true, &vocabulary)
        case .notEquals(let key, let value): return values(key, [value], false, &vocabulary)
        case .isIn(let key, let list): return values(key, list, true, &vocabulary)
        case .notIn(let key, let list): return values(key, list, false, &vocabulary)
        case .exists(let key): return presence(key, true)
        case .notExists(let key): return presence(key, false)
        case .not(let inner): return .not(node(inner, &vocabulary))
        case .and(let parts): return .all(parts.map { node($0, &vocabulary) })
        case .or(let parts): return .any(parts.map { node($0, &vocabulary) })
        }
    }

    /// A set that all members lie in, when the expression names one on every branch.
    var set: Int? {
        switch residual {
        case .inSet(let set): set
        case .all(let parts): parts.lazy.compactMap { if case .inSet(let set) = $0 { set } else { nil } }.first
        case .constant, .test, .isIn, .any, .not, nil: nil
        }
    }

    /// Whether the expression holds for the identity whose columns start at `row`.
    @inline(__always)
    func matches(_ row: UnsafePointer<UInt32>, _ signatures: [[Int]]) -> Bool {
        for test in tests where (row[test.column] == test.code) != test.equal { return false }
        guard let residual else { return true }
        return Self.holds(residual, row, signatures)
    }

    private static func holds(_ node: Node, _ row: UnsafePointer<UInt32>, _ signatures: [[Int]]) -> Bool {
        switch node {
        case .constant(let value): value
        case .test(let test): (row[test.column] == test.code) == test.equal
        case .isIn(let column, let codes): codes.contains(row[column])
        case .inSet(let set): signatures[Int(row[Vocabulary.Column.signature])].contains(set)
        case .all(let parts): parts.allSatisfy { holds($0, row, signatures) }
        case .any(let parts): parts.contains { holds($0, row, signatures) }
        case .not(let inner): !holds(inner, row, signatures)
        }
    }
}
