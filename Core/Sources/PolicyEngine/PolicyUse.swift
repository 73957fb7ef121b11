internal import NetworkTypes
internal import PolicyModel

/// What a policy mentions.
struct PolicyUse: Sendable {
    var keys: Set<LabelKey> = []
    var workloads: Set<WorkloadID> = []
    var ports: Set<PortName> = []
    var sets: Set<AddressSetID> = []
    /// The literal sets in order of first mention, each once.
    var literals: [AddressSet] = []

    private var seen: Set<AddressSet> = []

    init(_ policy: FlatPolicy) { self.init(policy, expressions: Expressions(policy).list) }

    /// What a policy mentions that has these distinct expressions.
    init(_ policy: FlatPolicy, expressions: [EndExpression]) {
        for expression in expressions { add(expression) }
        // Most rules ask for the same relations as the one before.
        var last: [Relation] = []
        for layer in policy.layers {
            add(layer.appliesWhen)
            for tier in layer.tiers {
                for position in tier.rules.indices {
                    if tier.rules[position].relations != last {
                        last = tier.rules[position].relations
                        add(last)
                    }
                    add(tier.rules[position].services)
                }
            }
        }
    }

    /// What one rule mentions.
    init(_ rule: FlatRule) {
        add(rule.subject)
        add(rule.peer)
        add(rule.relations)
        add(rule.services)
    }

    /// Whether both tell workloads and addresses apart by the same things.
    func mentionsTheSame(as other: PolicyUse) -> Bool {
        keys == other.keys && workloads == other.workloads && ports == other.ports && sets == other.sets
            && Set(literals) == Set(other.literals)
    }

    private mutating func add(_ services: [ServiceTerm]) {
        for case .named(let name) in services { ports.insert(name) }
    }

    private mutating func add(_ relations: [Relation]) {
        for relation in relations {
            switch relation {
            case .same(let keys), .different(let keys): self.keys.formUnion(keys)
            case .samePrincipal: break
            }
        }
    }

    private mutating func add(_ expression: EndExpression) {
        switch expression {
        case .any, .anyWorkload: break
        case .selector(let selector): add(selector)
        case .workload(let id): workloads.insert(id)
        case .addressSet(let id): sets.insert(id)
        case .addresses(let set): if seen.insert(set).inserted { literals.append(set) }
        case .union(let parts), .intersection(let parts): for part in parts { add(part) }
        case .difference(let first, let second):
            add(first)
            add(second)
        }
    }

    private mutating func add(_ selector: Selector) {
        switch selector {
        case .all: break
        case .equals(let key, _), .notEquals(let key, _), .isIn(let key, _), .notIn(let key, _), .exists(let key),
            .notExists(let key):
            keys.insert(key)
        case .not(let inner): add(inner)
        case .and(let parts), .or(let parts): for part in parts { add(part) }
        }
    }
}

/// How many rules, layers and selections mention each thing that identities are told apart by.
struct MentionCounts: Sendable {
    private enum Mention: Hashable {
        case key(LabelKey)
        case workload(WorkloadID)
        case port(PortName)
        case set(AddressSetID)
        case literal(AddressSet)
    }

    private var counts: [Mention: Int] = [:]

    init(_ policy: FlatPolicy) {
        var frame = policy
        for layer in policy.layers.indices {
            for tier in policy.layers[layer].tiers.indices {
                for rule in policy.layers[layer].tiers[tier].rules { change(rule, by: 1) }
                frame.layers[layer].tiers[tier].rules = []
            }
        }
        change(PolicyUse(frame), by: 1)
    }

    /// Counts a rule in or out; false when something is no longer mentioned at all.
    @discardableResult
    mutating func change(_ rule: FlatRule, by amount: Int) -> Bool { change(PolicyUse(rule), by: amount) }

    @discardableResult
    private mutating func change(_ use: PolicyUse, by amount: Int) -> Bool {
        var mentions = use.keys.map(Mention.key) + use.workloads.map(Mention.workload) + use.ports.map(Mention.port)
        mentions += use.sets.map(Mention.set) + use.literals.map(Mention.literal)
        var allRemain = true
        for mention in mentions {
            let count = (counts[mention] ?? 0) + amount
            counts[mention] = count
            if count == 0 { allRemain = false }
        }
        return allRemain
    }
}
