internal import NetworkTypes
internal import PolicyModel

/// The policy classes: identities for which every expression, relation and mode gives the same answers.
struct PolicyClasses: Sendable {
    /// The class of each identity; of places without one, nothing is said.
    private(set) var classOfIdentity: [UInt16]
    /// One identity of each class; nil for a class of addresses with several owners.
    private(set) var representatives: [UInt32?] = []
    /// Whether a workload of the class has several addresses of one family, so that it may talk to itself across them.
    private(set) var isMultiHomed: [Bool] = []
    /// For each class, a bit for each expression: whether it holds for the class.
    private var members: [UInt64]
    private let wordsPerClass: Int
    /// The columns of labels that members of a class have in common.
    private let columns: Set<Int>

    /// Groups the identities; nil when there are more classes than a table can hold.
    init?(_ engine: PolicyEngine, limit: Int) {
        var related: Set<Int> = []
        let relations: [CompiledRule.ColumnRelation] =
            engine.rules.flatMap { $0?.relations ?? [] } + engine.layers.flatMap(\.relations)
        for relation in relations {
            switch relation {
            case .same(let columns), .different(let columns): related.formUnion(columns)
            case .samePrincipal: break
            }
        }
        columns = related
        let columns = [Vocabulary.Column.owned, Vocabulary.Column.agent, Vocabulary.Column.ports] + related.sorted()
        let multiHomed = engine.directory.multiHomedIdentities
        var lists = ListTable()
        let capacity = engine.identities.capacity
        let cells = (0..<UInt32(capacity)).map { identity -> UInt32 in
            guard engine.identities.isUsed(identity) else { return Partition.outside }
            let key = columns.map { engine.column($0, identity) } + [multiHomed.contains(identity) ? 1 : 0]
            return UInt32(lists.number(of: key).number)
        }
        var partition = Partition(cells: cells, count: lists.count)
        for entry in engine.expressions where entry.uses > 0 { partition.split(by: entry.members) }
        // One more class is for addresses with several owners.
        guard partition.count < limit else { return nil }
        classOfIdentity = Array(repeating: 0, count: capacity)
        var classOfCell = [UInt16?](repeating: nil, count: partition.count)
        for (identity, cell) in partition.cells.enumerated() where cell != Partition.outside {
            let known = classOfCell[Int(cell)] ?? UInt16(representatives.count)
            classOfIdentity[identity] = known
            if classOfCell[Int(cell)] == nil {
                classOfCell[Int(cell)] = known
                representatives.append(UInt32(identity))
                isMultiHomed.append(multiHomed.contains(UInt32(identity)))
            }
        }
        representatives.append(nil)
        isMultiHomed.append(true)
        wordsPerClass = (engine.expressions.count + 63) / 64
        members = Array(repeating: 0, count: wordsPerClass * representatives.count)
        for (number, entry) in engine.expressions.enumerated() where entry.uses > 0 {
            for identity in entry.members {
                let place = Int(classOfIdentity[Int(identity)]) * wordsPerClass + number >> 6
                members[place] |= 1 << UInt64(number & 63)
            }
        }
    }

    /// The class of addresses with several owners; each such flow is judged by itself.
    var shared: UInt16 { UInt16(representatives.count - 1) }

    /// Whether an expression holds for the identities of a class.
    func holds(_ expression: Int, _ number: UInt16) -> Bool {
        members[Int(number) * wordsPerClass + expression >> 6] >> UInt64(expression & 63) & 1 == 1
    }

    /// Whether a relation holds for all or no members of two classes.
    func tellsApart(_ relation: CompiledRule.ColumnRelation) -> Bool {
        switch relation {
        case .same(let named), .different(let named): columns.isSuperset(of: named)
        case .samePrincipal: false
        }
    }
}
