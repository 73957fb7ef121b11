internal import NetworkTypes
public import PolicyModel

/// The engine: workloads and flat policy in, decisions and programs out.
///
/// A value: it has no clock, no I/O and no history; two engines that were told the same state in different ways give the
/// same answers and the same `canonicalForm`. Policy is computed once per *identity*, the set of addresses that no input
/// of the policy can tell apart.
public struct PolicyEngine: Sendable {
    private var addressSets: [AddressSetID: AddressSet]
    package var vocabulary: Vocabulary
    package var identities: IdentityTable
    package var expressions: [ExpressionEntry] = []
    var expressionIndex: [EndExpression: Int] = [:]
    var freeExpressions: [Int] = []
    package var rules: [CompiledRule?] = []
    /// For each place of `rules`; means nothing where there is no rule.
    var heads: [RuleHead] = []
    var freeRules: [UInt32] = []
    /// For each identity, the rules that it is the subject of.
    package var identityRules: [IdentityRules] = []
    package var layers: [CompiledLayer] = []
    package var directory = WorkloadDirectory()
    /// For each signature of the address space, the identity of its unmanaged addresses.
    package var unmanaged: [UInt32] = []
    /// Made by the first change, kept by the later ones.
    var index: ExpressionIndex?
    /// Made by the first removal of a rule, kept by the later changes.
    var mentions: MentionCounts?
    var portCuts = PortCuts()

    /// Compiles everything.
    ///
    /// Of several workloads with one identifier the last counts. Cost: linear in workloads, rules and the rows that they make.
    public init(workloads: [Workload], policy: FlatPolicy) {
        addressSets = policy.addressSets
        let use = PolicyUse(policy)
        vocabulary = Vocabulary(use, addressSets: policy.addressSets)
        identities = IdentityTable(width: vocabulary.width)
        compileRules(policy)
        directory.reserve(workloads.count)
        for workload in workloads { _ = place(workload) }
        addUnmanaged()
        fillMembers()
        fillRows()
    }

    /// The policy that is in force; rules stand in order of precedence.
    ///
    /// Cost: linear in the rules.
    public var policy: FlatPolicy {
        var result = skeleton
        for rule in rules.compactMap(\.self).sorted(by: { $0.precedes($1) }) {
            result.layers[rule.layer].tiers[rule.tier].rules.append(rule.source)
        }
        return result
    }

    /// The policy without its rules.
    var skeleton: FlatPolicy {
        let bare = layers.map { layer in
            var source = layer.source
            source.tiers = layer.tiers.map(\.source)
            return source
        }
        return FlatPolicy(layers: bare, addressSets: addressSets)
    }

    /// The number of identities, those of unmanaged addresses included.
    public var identityCount: Int { identities.count }

    /// The workloads, by identifier.
    public var workloads: [Workload] { directory.workloads }

    /// The number of flat rules in force.
    public var ruleCount: Int { rules.count - freeRules.count }

    /// The number of rule references in all identities' programs: the size of the compiled output.
    public var rowEntryCount: Int { identityRules.reduce(0) { $0 + $1.egress.count + $1.ingress.count } }

    // MARK: Compiling

    private mutating func compileRules(_ policy: FlatPolicy) {
        for (number, layer) in policy.layers.enumerated() {
            let appliesTo = use(layer.appliesTo)
            let fullFor = use(layer.fullFor)
            var tiers: [CompiledTier] = []
            for tier in layer.tiers {
                let selections = tier.selections?.map { ($0.direction, use($0.subject)) }
                var bare = tier
                bare.rules = []
                tiers.append(CompiledTier(source: bare, selections: selections))
            }
            var bare = layer
            bare.tiers = []
            layers.append(
                CompiledLayer(
                    source: bare, appliesTo: appliesTo, fullFor: fullFor, tiers: tiers,
                    relations: layer.appliesWhen.map(columns)))
            for (tierNumber, tier) in layer.tiers.enumerated() {
                for rule in tier.rules { rules.append(compile(rule, layer: number, tier: tierNumber)) }
            }
        }
        // Ascending numbers are ascending precedence until the first change.
        let sorted = rules.compactMap(\.self).sorted { $0.precedes($1) }
        rules = sorted
        heads = sorted.map(RuleHead.init)
        for (number, rule) in sorted.enumerated() { expressions[rule.subject].subjectOf.append(UInt32(number)) }
    }

    mutating func compile(_ rule: FlatRule, layer: Int, tier: Int) -> CompiledRule {
        let tiers = layers[layer].tiers
        portCuts.change(rule.services, by: 1)
        var passTo = tier + 1
        if case .pass(let name?) = rule.action {
            passTo = tiers.indices.first { $0 > tier && tiers[$0].source.id == name } ?? tiers.count
        }
        return CompiledRule(
            source: rule, layer: layer, tier: tier, passTo: passTo, subject: use(rule.subject), peer: use(rule.peer),
            relations: rule.relations.map(columns), needsFlow: rule.asksForMore)
    }

    private func columns(_ relation: Relation) -> CompiledRule.ColumnRelation {
        switch relation {
        case .same(let keys): .same(keys.compactMap(vocabulary.column))
        case .different(let keys): .different(keys.compactMap(vocabulary.column))
        case .samePrincipal: .samePrincipal
        }
    }

    /// The number of an expression, counted as used once more.
    mutating func use(_ expression: EndExpression) -> Int {
        if let known = expressionIndex[expression] {
            expressions[known].uses += 1
            return known
        }
        let compiled = CompiledExpression(expression, &vocabulary)
        var entry = ExpressionEntry(source: expression, compiled: compiled)
        entry.uses = 1
        let number: Int
        if let free = freeExpressions.popLast() {
            number = free
            expressions[free] = entry
        } else {
            number = expressions.count
            expressions.append(entry)
        }
        expressionIndex[expression] = number
        return number
    }

    /// Enters a workload and its addresses; returns the identities that are new.
    mutating func place(_ workload: Workload) -> [UInt32] {
        if directory.contains(workload.id) {
            for identity in directory.remove(workload.id) { _ = identities.release(identity) }
        }
        var row = [UInt32](repeating: 0, count: vocabulary.width)
        row[Vocabulary.Column.owned] = 1
        row[Vocabulary.Column.name] = vocabulary.code(workload.id)
        row[Vocabulary.Column.agent] = AgentColumn.code(workload)
        row[Vocabulary.Column.ports] = vocabulary.code(workload.namedPorts)
        for (key, value) in workload.labels {
            guard let column = vocabulary.column(key) else { continue }
            row[column] = vocabulary.code(value, column: column)
        }
        var fresh: [UInt32] = []
        var held: [UInt32] = []
        for address in workload.distinctAddresses {
            row[Vocabulary.Column.signature] = vocabulary.space.signature(of: address)
            let (identity, isNew) = identities.retain(row)
            if isNew { fresh.append(identity) }
            held.append(identity)
        }
        if held.isEmpty {
            let (identity, isNew) = identities.retain(row)
            if isNew { fresh.append(identity) }
            held.append(identity)
        }
        directory.add(workload, identities: held)
        return fresh
    }

    private mutating func addUnmanaged() {
        for signature in vocabulary.space.members.indices {
            var row = [UInt32](repeating: 0, count: vocabulary.width)
            row[Vocabulary.Column.signature] = UInt32(signature)
            unmanaged.append(identities.retain(row).identity)
        }
    }

    private mutating func fillMembers() {
        let postings = Postings(identities)
        let table = identities
        let signatures = vocabulary.space.members
        table.columns.withUnsafeBufferPointer { columns in
            guard let base = columns.baseAddress else { return }
            for number in expressions.indices {
                let compiled = expressions[number].compiled
                expressions[number].members = postings.candidates(compiled).filter {
                    compiled.matches(base + Int($0) * table.width, signatures)
                }
            }
        }
    }

    private mutating func fillRows() {
        let capacity = identities.capacity
        for direction in Direction.allCases {
            var starts = [Int](repeating: 0, count: capacity + 1)
            for case let rule? in rules where rule.source.direction == direction {
                for identity in expressions[rule.subject].members { starts[Int(identity) + 1] += 1 }
            }
            for place in 0..<capacity { starts[place + 1] += starts[place] }
            var next = starts
            var flat = [UInt32](repeating: 0, count: starts[capacity])
            for (number, rule) in rules.enumerated() {
                guard let rule, rule.source.direction == direction else { continue }
                for identity in expressions[rule.subject].members {
                    flat[next[Int(identity)]] = UInt32(number)
                    next[Int(identity)] += 1
                }
            }
            if identityRules.isEmpty { identityRules = Array(repeating: IdentityRules(), count: capacity) }
            for place in 0..<capacity {
                identityRules[place][direction] = Array(flat[starts[place]..<starts[place + 1]])
            }
        }
    }

}

/// A layer with its names resolved to numbers; `source` is without tiers.
package struct CompiledLayer: Sendable {
    package let source: Layer
    package let appliesTo: Int
    let fullFor: Int
    package var tiers: [CompiledTier]
    package let relations: [CompiledRule.ColumnRelation]
}

/// A tier with its names resolved to numbers.
package struct CompiledTier: Sendable {
    /// The tier without its rules.
    package let source: Tier
    package let selections: [(direction: Direction, subject: Int)]?
}
