internal import NetworkTypes
public import PolicyModel

/// Workloads and policy, validated and with every name resolved to a number: what a policy engine is compiled from.
///
/// Whoever reads a model makes it once; compiling it hashes no text and walks no expression. In it
/// - labels that the policy names are pairs of numbers, each workload's in a row, and addresses stand in one column;
/// - each distinct expression is there once, as tests on those numbers, and rules speak of it by its number;
/// - rules stand in order of precedence, which the policy alone determines;
/// - of several workloads with one name only the last told is left.
public struct InternedModel: Sendable {
    let addressSets: [AddressSetID: AddressSet]
    private(set) var vocabulary: Vocabulary
    private(set) var workloads: InternedWorkloads
    /// Each with its uses, and neither members nor subjects yet.
    private(set) var expressions: [ExpressionEntry]
    let expressionIndex: ItemIndex
    private(set) var layers: [CompiledLayer] = []
    /// The rules in order of precedence.
    private(set) var rules: [CompiledRule?] = []

    /// Interns everything.
    ///
    /// Cost: linear in what is told, with one look-up for each name; rules of a tier that do not stand in order of
    /// precedence are sorted.
    public init(workloads told: [Workload], policy: FlatPolicy) {
        addressSets = policy.addressSets
        let found = Expressions(policy)
        let use = PolicyUse(policy, expressions: found.list)
        var vocabulary = Vocabulary(use, addressSets: policy.addressSets)
        expressions = []
        expressions.reserveCapacity(found.list.count)
        for (number, source) in found.list.enumerated() {
            var entry = ExpressionEntry(source: source, compiled: CompiledExpression(source, &vocabulary))
            entry.uses = Int(found.uses[number])
            expressions.append(entry)
        }
        expressionIndex = found.index
        workloads = InternedWorkloads(told, &vocabulary)
        self.vocabulary = vocabulary
        intern(policy, found)
    }

    /// The number of workloads.
    public var workloadCount: Int { workloads.told.count }
    /// The number of flat rules.
    public var ruleCount: Int { rules.count }
    /// The number of distinct expressions.
    public var expressionCount: Int { expressions.count }

    private mutating func intern(_ policy: FlatPolicy, _ found: Expressions) {
        rules.reserveCapacity(found.rules.count)
        var groups = 0
        var next = 0
        for (number, layer) in policy.layers.enumerated() {
            let use = found.layers[number]
            var tiers: [CompiledTier] = []
            for (place, tier) in layer.tiers.enumerated() {
                let subjects = use.selections[place]
                let selections = tier.selections.flatMap { list in
                    subjects.map { zip(list, $0).map { ($0.direction, Int($1)) } }
                }
                var bare = tier
                bare.rules = []
                tiers.append(
                    CompiledTier(source: bare, selections: selections, group: selections == nil ? nil : groups))
                if selections != nil { groups += 1 }
            }
            var bare = layer
            bare.tiers = []
            layers.append(
                CompiledLayer(
                    source: bare, appliesTo: use.appliesTo, fullFor: use.fullFor, tiers: tiers,
                    relations: layer.appliesWhen.map { CompiledRule.ColumnRelation($0, vocabulary) }))
            for (place, tier) in layer.tiers.enumerated() {
                for position in Precedence.order(of: tier.rules) {
                    let ends = found.rules[next + position]
                    rules.append(
                        CompiledRule(
                            tier.rules[position], layer: number, tier: place, of: tiers, subject: Int(ends.subject),
                            peer: Int(ends.peer), vocabulary))
                }
                next += tier.rules.count
            }
        }
    }
}
