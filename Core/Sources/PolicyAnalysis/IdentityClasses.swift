import PolicyEngine
import PolicyModel

/// The identities of an engine, grouped so that no rule, layer or selection tells two of a class apart.
///
/// An address with several owners has a class of its own kind, a *joint* one, made of the classes of its owners.
struct IdentityClasses: Sendable {
    /// The class of each identity; of places without one nothing is said.
    private(set) var classOfIdentity: [UInt32]
    /// One identity of each class that is not joint.
    private(set) var representatives: [UInt32] = []
    /// The classes that each joint class is made of, ascending; they are numbered after the others.
    private(set) var joint: [[UInt32]] = []
    private var jointNumbers: [[UInt32]: UInt32] = [:]

    init(_ engine: PolicyEngine) {
        var related: Set<Int> = []
        func relate(_ relations: [CompiledRule.ColumnRelation]) {
            for relation in relations {
                switch relation {
                case .same(let columns), .different(let columns): related.formUnion(columns)
                case .samePrincipal: break
                }
            }
        }
        for layer in engine.layers { relate(layer.relations) }
        for case let rule? in engine.rules where !rule.relations.isEmpty { relate(rule.relations) }
        let columns = [Vocabulary.Column.owned, Vocabulary.Column.agent, Vocabulary.Column.ports] + related.sorted()
        var lists = ListTable()
        let capacity = engine.identities.capacity
        var key: [UInt32] = []
        let cells = (0..<UInt32(capacity)).map { identity -> UInt32 in
            guard engine.identities.isUsed(identity) else { return Partition.outside }
            key.removeAll(keepingCapacity: true)
            for column in columns { key.append(engine.identities.column(column, of: identity)) }
            return UInt32(lists.number(of: key).number)
        }
        var partition = Partition(cells: cells, count: lists.count)
        for entry in engine.expressions where entry.uses > 0 { partition.split(by: entry.members) }
        classOfIdentity = Array(repeating: 0, count: capacity)
        var classOfCell = [UInt32?](repeating: nil, count: partition.count)
        for (identity, cell) in partition.cells.enumerated() where cell != Partition.outside {
            let known = classOfCell[Int(cell)] ?? UInt32(representatives.count)
            classOfIdentity[identity] = known
            if classOfCell[Int(cell)] == nil {
                classOfCell[Int(cell)] = known
                representatives.append(UInt32(identity))
            }
        }
        for owners in engine.directory.shared.values {
            let list = Set(owners.map { classOfIdentity[Int($0.identity)] }).sorted()
            if list.count > 1, jointNumbers[list] == nil {
                jointNumbers[list] = 0
                joint.append(list)
            }
        }
        joint.sort { $0.lexicographicallyPrecedes($1) }
        for (index, list) in joint.enumerated() { jointNumbers[list] = UInt32(representatives.count + index) }
    }

    /// The number of classes, joint ones included.
    var count: Int { representatives.count + joint.count }

    /// The class of an address whose owners have these identities.
    func number(_ identities: [UInt32]) -> UInt32 {
        if identities.count == 1 { return classOfIdentity[Int(identities[0])] }
        let list = Set(identities.map { classOfIdentity[Int($0)] }).sorted()
        return jointNumbers[list] ?? list.first ?? 0
    }

    /// The classes that a class is made of: itself, or those of its owners.
    func parts(_ number: UInt32) -> [UInt32] {
        let index = Int(number) - representatives.count
        return index >= 0 ? joint[index] : [number]
    }

    /// One identity of each class that a class is made of.
    func identities(_ number: UInt32) -> [UInt32] { parts(number).map { representatives[Int($0)] } }

    /// The classes, joint ones left out, of these identities; ascending.
    func classes(_ identities: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(identities.count)
        for identity in identities {
            let number = classOfIdentity[Int(identity)]
            // Classes are numbered by their first identity, and a class is wholly inside or outside.
            if representatives[Int(number)] == identity { result.append(number) }
        }
        return result
    }
}
