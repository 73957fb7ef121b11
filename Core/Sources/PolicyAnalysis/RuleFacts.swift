import NetworkTypes
import PolicyEngine
import PolicyModel

/// What the analysis needs of each rule in force, as numbers.
struct RuleFacts: Sendable {
    /// One rule.
    struct Fact: Sendable {
        let layer: Int
        let tier: Int
        let action: Action
        /// The tier that a pass goes on with.
        let passTo: Int
        /// The number of its list of terms.
        let list: Int
        /// Whether some term goes by what the destination calls its ports.
        let isNamed: Bool
        /// Whether it matches for sure where it covers; if not, processes, principals, conditions or its meaning decide.
        let isCertain: Bool
        /// The number of what it asks of the peer.
        let predicate: Int
    }

    /// What a rule does, without the manner of a denial.
    enum Action: UInt32, Sendable {
        case deny
        case allow
        case pass
    }

    /// What a rule or a layer asks of the peer's identity beside the subject's.
    struct Predicate: Hashable, Sendable {
        /// The number of the peer expression; -1 for anybody.
        let peer: Int
        /// The number of the list of relations; 0 for none.
        let relations: Int
        /// What it asks of the peer's agent.
        let far: FarEnd
        /// The layer whose `fullFor` counts for that.
        let layer: Int
    }

    /// What a rule asks of the peer's agent for the sake of processes and principals there.
    enum FarEnd: Hashable, Sendable {
        case nothing
        case enforces
        case doesNotEnforce
    }

    /// By number of the rule; nil where there is none, or none in force.
    private(set) var facts: [Fact?] = []
    /// The distinct lists of terms.
    private(set) var lists: [[ServiceTerm]] = []
    private(set) var predicates: [Predicate] = []
    /// The distinct lists of relations; the first is empty.
    private(set) var relations: [[CompiledRule.ColumnRelation]] = [[]]
    /// For each layer, the predicate of what it asks of both ends before it applies; nil for nothing.
    private(set) var layerPredicates: [Int?] = []

    init(_ engine: PolicyEngine, at instant: Instant) {
        var listNumbers: [[ServiceTerm]: Int] = [:]
        var relationNumbers: [[Relation]: Int] = [[]: 0]
        var predicateNumbers: [Predicate: Int] = [:]
        func relations(_ source: [Relation], _ compiled: [CompiledRule.ColumnRelation]) -> Int {
            if source.isEmpty { return 0 }
            if let known = relationNumbers[source] { return known }
            relationNumbers[source] = self.relations.count
            self.relations.append(compiled)
            return self.relations.count - 1
        }
        func predicate(_ predicate: Predicate) -> Int {
            if let known = predicateNumbers[predicate] { return known }
            predicateNumbers[predicate] = predicates.count
            predicates.append(predicate)
            return predicates.count - 1
        }
        for (number, layer) in engine.layers.enumerated() {
            let list = relations(layer.source.appliesWhen, layer.relations)
            layerPredicates.append(
                list == 0 ? nil : predicate(Predicate(peer: -1, relations: list, far: .nothing, layer: number)))
        }
        facts.reserveCapacity(engine.rules.count)
        for rule in engine.rules {
            guard let rule, rule.source.validity.contains(instant) else {
                facts.append(nil)
                continue
            }
            let source = rule.source
            let list = listNumbers[source.services] ?? lists.count
            if list == lists.count {
                listNumbers[source.services] = list
                lists.append(source.services)
            }
            let far: FarEnd =
                source.peerAttributes == .none
                ? .nothing : source.action.order == 0 ? .doesNotEnforce : source.widensPeer ? .nothing : .enforces
            facts.append(
                Fact(
                    layer: rule.layer, tier: rule.tier, action: Action(source.action), passTo: rule.passTo, list: list,
                    isNamed: source.services.contains { if case .named = $0 { true } else { false } },
                    isCertain: source.isCertain,
                    predicate: predicate(
                        Predicate(
                            peer: rule.peer, relations: relations(source.relations, rule.relations), far: far,
                            layer: far == .nothing ? 0 : rule.layer))))
        }
    }
}

extension RuleFacts.Action {
    init(_ action: RuleAction) {
        switch action {
        case .deny: self = .deny
        case .allow: self = .allow
        case .pass: self = .pass
        }
    }
}

extension FlatRule {
    /// Whether it matches for sure what its ends, relations of labels and services cover, whatever else a flow has.
    var isCertain: Bool {
        certainty == .exact && conditions.isEmpty && subjectAttributes == .none && !relations.contains(.samePrincipal)
    }
}
