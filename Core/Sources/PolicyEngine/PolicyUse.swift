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

    init(_ policy: FlatPolicy) {
        var seen: Set<EndExpression> = []
        for layer in policy.layers {
            add(layer.appliesTo, &seen)
            add(layer.fullFor, &seen)
            add(layer.appliesWhen)
            for tier in layer.tiers {
                for selection in tier.selections ?? [] { add(selection.subject, &seen) }
                for rule in tier.rules { add(rule, &seen) }
            }
        }
    }

    /// What one rule mentions.
    init(_ rule: FlatRule) {
        var seen: Set<EndExpression> = []
        add(rule, &seen)
    }

    /// Whether both tell workloads and addresses apart by the same things.
    func mentionsTheSame(as other: PolicyUse) -> Bool {
        keys == other.keys && workloads == other.workloads && ports == other.ports && sets == other.sets
            && Set(literals) == Set(other.literals)
    }

    private mutating func add(_ rule: FlatRule, _ seen: inout Set<EndExpression>) {
        add(rule.subject, &seen)
        add(rule.peer, &seen)
        if !rule.relations.isEmpty { add(rule.relations) }
        for case .named(let name) in rule.services { ports.insert(name) }
    }

    private mutating func add(_ relations: [Relation]) {
        for relation in relations {
            switch relation {
            case .same(let keys), .different(let keys): self.keys.formUnion(keys)
            case .samePrincipal: break
            }
        }
    }

    private mutating func add(_ expression: EndExpression, _ seen: inout Set<EndExpression>) {
        switch expression {
        case .any, .anyWorkload: break
        case .selector(let selector): add(selector)
        case .workload(let id): workloads.insert(id)
        case .addressSet(let id): sets.insert(id)
        case .addresses(let set): if seen.insert(expression).inserted { literals.append(set) }
        case .union(let parts), .intersection(let parts): for part in parts { add(part, &seen) }
        case .difference(let first, let second):
            add(first, &seen)
            add(second, &seen)
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
