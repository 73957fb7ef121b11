internal import PolicyModel

/// The distinct expressions of a policy, numbered in order of first use, and who uses which.
///
/// The one pass over a policy that hashes expressions; all else speaks of them by number.
struct Expressions: Sendable {
    /// What a layer says of ends.
    struct LayerUse: Sendable {
        let appliesTo: Int
        let fullFor: Int
        /// For each tier, the subjects of its selections.
        var selections: [[UInt32]?] = []
    }

    /// The ends of a rule.
    struct RuleUse: Sendable {
        let subject: UInt32
        let peer: UInt32
    }

    private(set) var list: [EndExpression] = []
    /// How many rules, layers and selections use each.
    private(set) var uses: [UInt32] = []
    private(set) var index: ItemIndex
    private(set) var layers: [LayerUse] = []
    /// The ends of all rules, tier by tier, in the order in which they stand there.
    private(set) var rules: [RuleUse] = []
    private var last: Int?

    init(_ policy: FlatPolicy) {
        let tiers = policy.layers.flatMap(\.tiers)
        let ruleCount = tiers.reduce(0) { $0 + $1.rules.count }
        index = ItemIndex(capacity: ruleCount / 2)
        rules.reserveCapacity(ruleCount)
        for layer in policy.layers {
            var use = LayerUse(appliesTo: number(layer.appliesTo), fullFor: number(layer.fullFor))
            for tier in layer.tiers {
                use.selections.append(tier.selections?.map { UInt32(number($0.subject)) })
                for position in tier.rules.indices {
                    let subject = UInt32(number(tier.rules[position].subject))
                    rules.append(RuleUse(subject: subject, peer: UInt32(number(tier.rules[position].peer))))
                }
            }
            layers.append(use)
        }
    }

    private mutating func number(_ expression: EndExpression) -> Int {
        // Selections of both directions, and rules inside a group, name one expression twice running.
        if let last, list[last] == expression {
            uses[last] += 1
            return last
        }
        let found = find(expression)
        last = found
        return found
    }

    private mutating func find(_ expression: EndExpression) -> Int {
        let next = list.count
        if let known = index.firstOrEnter(next, ContentHash.of(expression), where: { list[$0] == expression }) {
            uses[known] += 1
            return known
        }
        list.append(expression)
        uses.append(1)
        return next
    }
}
