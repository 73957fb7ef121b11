internal import NetworkTypes
internal import PolicyModel

/// The policy classes: identities for which every expression, relation and mode gives the same answers.
struct PolicyClasses: Sendable {
    /// The class of each identity; of places without one, nothing is said.
    private(set) var classOfIdentity: [UInt16] = []
    /// One identity of each class; nil for a class of addresses with several owners.
    private(set) var representatives: [UInt32?] = []
    /// Whether a workload of the class has several addresses of one family, so that it may talk to itself across them.
    private(set) var isMultiHomed: [Bool] = []

    /// Groups the identities; nil when there are more classes than a table can hold.
    init?(_ engine: PolicyEngine, limit: Int) {
        let capacity = engine.identities.capacity
        var signatures = [[UInt32]](repeating: [], count: capacity)
        for (number, entry) in engine.expressions.enumerated() where entry.uses > 0 {
            for identity in entry.members { signatures[Int(identity)].append(UInt32(number)) }
        }
        var related: Set<Int> = []
        let relations: [CompiledRule.ColumnRelation] =
            engine.rules.flatMap { $0?.relations ?? [] } + engine.layers.flatMap(\.relations)
        for relation in relations {
            switch relation {
            case .same(let columns), .different(let columns): related.formUnion(columns)
            case .samePrincipal: break
            }
        }
        let columns = [Vocabulary.Column.owned, Vocabulary.Column.agent, Vocabulary.Column.ports] + related.sorted()
        let multiHomed = engine.directory.multiHomedIdentities
        var known: [[UInt32]: UInt16] = [:]
        classOfIdentity = Array(repeating: 0, count: capacity)
        for identity in 0..<UInt32(capacity) where engine.identities.isUsed(identity) {
            let several = multiHomed.contains(identity)
            var key = signatures[Int(identity)]
            key += columns.map { engine.column($0, identity) } + [several ? 1 : 0]
            if let found = known[key] {
                classOfIdentity[Int(identity)] = found
                continue
            }
            guard representatives.count < limit else { return nil }
            known[key] = UInt16(representatives.count)
            classOfIdentity[Int(identity)] = UInt16(representatives.count)
            representatives.append(identity)
            isMultiHomed.append(several)
        }
        guard representatives.count < limit else { return nil }
        representatives.append(nil)
        isMultiHomed.append(true)
    }

    /// The class of addresses with several owners; each such flow is judged by itself.
    var shared: UInt16 { UInt16(representatives.count - 1) }
}

extension WorkloadDirectory {
    /// The identities of workloads that have more than one address of a family.
    var multiHomedIdentities: Set<UInt32> {
        var result: Set<UInt32> = []
        for (number, workload, identities) in numbered where workload.addresses.count > 1 && isMultiHomed(number) {
            result.formUnion(identities)
        }
        return result
    }
}
