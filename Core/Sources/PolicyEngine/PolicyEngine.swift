internal import NetworkTypes
public import PolicyModel

/// The engine: workloads and flat policy in, decisions and programs out.
///
/// A value: it has no clock, no I/O and no history; two engines that were told the same state in different ways give the
/// same answers and the same `canonicalForm`. Policy is computed once per *identity*, the set of addresses that no input
/// of the policy can tell apart.
public struct PolicyEngine: Sendable {
    private let addressSets: [AddressSetID: AddressSet]
    package var vocabulary: Vocabulary
    package var identities: IdentityTable
    package var expressions: [ExpressionEntry]
    /// Finds the expressions in use by what they say.
    var expressionIndex: ItemIndex
    var freeExpressions: [Int] = []
    package var rules: [CompiledRule?]
    /// For each place of `rules`; means nothing where there is no rule.
    var heads: [RuleHead]
    var freeRules: [UInt32] = []
    /// For each identity, the rules that it is the subject of.
    package var identityRules: [IdentityRules]
    package var layers: [CompiledLayer]
    /// Whom tiers with selections isolate.
    var selected: SelectedIdentities
    package var directory: WorkloadDirectory
    /// For each signature of the address space, the identity of its unmanaged addresses.
    package var unmanaged: [UInt32]
    /// Made by the first change, kept by the later ones.
    var index: ExpressionIndex?
    /// Made by the first removal of a rule, kept by the later changes.
    var mentions: MentionCounts?
    var portCuts: PortCuts

    /// Compiles everything.
    ///
    /// Of several workloads with one identifier the last counts. Cost: that of interning and compiling the model.
    public init(workloads: [Workload], policy: FlatPolicy) {
        self.init(InternedModel(workloads: workloads, policy: policy))
    }

    /// Compiles a model: finds identities, members of expressions and the rules of each identity.
    ///
    /// Cost: linear in workloads, expressions with their members, and distinct rows.
    public init(_ model: InternedModel) {
        addressSets = model.addressSets
        vocabulary = model.vocabulary
        layers = model.layers
        // Ascending numbers are ascending precedence until the first change.
        rules = model.rules
        expressionIndex = model.expressionIndex
        var builder = IdentityBuilder(model)
        directory = WorkloadDirectory(model.workloads, identities: builder.identitiesOfPlaces(model.workloads))
        unmanaged = builder.unmanaged()
        identities = builder.table
        expressions = model.expressionsWithMembers(builder.table)
        heads = model.rules.map { $0.map(RuleHead.init) ?? .none }
        portCuts = PortCuts(model.rules)
        identityRules = RowBuilder(model.rules, expressions).rows(capacity: builder.table.capacity)
        selected = SelectedIdentities(model.layers, expressions, capacity: builder.table.capacity)
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

    // MARK: Changing

    mutating func compile(_ rule: FlatRule, layer: Int, tier: Int) -> CompiledRule {
        portCuts.change(rule.services, by: 1)
        return CompiledRule(
            rule, layer: layer, tier: tier, of: layers[layer].tiers, subject: use(rule.subject), peer: use(rule.peer),
            vocabulary)
    }

    /// The number of an expression that is in use.
    func number(of expression: EndExpression) -> Int? {
        expressionIndex.first(ContentHash.of(expression)) { expressions[$0].source == expression }
    }

    /// The number of an expression, counted as used once more.
    mutating func use(_ expression: EndExpression) -> Int {
        if let known = number(of: expression) {
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
        expressionIndex.enter(number, ContentHash.of(expression))
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
    /// Its number among the tiers that have selections; nil when it has none.
    let group: Int?
}
