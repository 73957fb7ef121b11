import PolicyEngine
import PolicyModel

/// What one end's judgement of one peer depends on, with the rules that it is made of.
struct PairKey {
    /// The key for `ReachMemo`.
    var key: [UInt32]
    /// For each shape in the key, the number of its rule.
    var rules: [UInt32]

    /// The key without some of the shapes.
    func without(_ isLeftOut: (UInt32) -> Bool) -> [UInt32] {
        let head = key.count - rules.count
        return Array(key[..<head]) + rules.indices.filter { !isLeftOut(rules[$0]) }.map { key[head + $0] }
    }
}

extension ReachBuilder {
    /// The key of a subject for a peer, several owners of whose address count thus: an allow and a pass need every owner, a
    /// deny any.
    mutating func pairKey(_ plan: Plan, peer: UInt32) -> PairKey {
        let own = classes.representatives[Int(plan.subject)]
        let parts = classes.parts(peer)
        var key = [plan.state]
        for (layer, predicate) in facts.layerPredicates.enumerated() {
            let holds = predicate.map { number in
                parts.contains { related(facts.predicates[number].relations, own, classes.representatives[Int($0)]) }
            }
            key.append(presence(layer, holds ?? true).rawValue)
        }
        var rules: [UInt32] = []
        let ownTable = engine.column(Vocabulary.Column.ports, own)
        for candidate in plan.candidates {
            guard let fact = facts.facts[Int(candidate.rule)],
                fits(facts.predicates[fact.predicate], classes.identities(peer))
            else { continue }
            let predicate = facts.predicates[fact.predicate]
            var masks: [AtomMask] = []
            for part in parts {
                let identity = classes.representatives[Int(part)]
                guard engine.holds(predicate.peer, identity), related(predicate.relations, own, identity) else {
                    continue
                }
                let isPeerTheDestination = (plan.direction == .egress) != candidate.isReply
                let table = isPeerTheDestination ? engine.column(Vocabulary.Column.ports, identity) : ownTable
                masks.append(mask(fact, table, candidate.isReply))
            }
            guard var covered = masks.first, fact.action == .deny || masks.count == parts.count else { continue }
            for mask in masks.dropFirst() {
                if fact.action == .deny { covered.formUnion(mask) } else { covered.formIntersection(mask) }
            }
            key.append(memo.number(shape(fact, candidate.isReply, memo.number(covered))))
            rules.append(candidate.rule)
        }
        return PairKey(key: key, rules: rules)
    }

    /// The keys of everybody who judges flows from one class to another: each owner of the source, then of the destination.
    mutating func keys(from source: UInt32, to destination: UInt32) -> [PairKey] {
        var result: [PairKey] = []
        for part in classes.parts(source) { result.append(pairKey(plan(part, .egress), peer: destination)) }
        for part in classes.parts(destination) { result.append(pairKey(plan(part, .ingress), peer: source)) }
        return result
    }
}
