internal import NetworkTypes
internal import PolicyModel

/// What decides about a pair of classes, as a list of numbers: equal lists, equal decisions for every packet.
///
/// Rules are told apart by number here and never looked at, since there are as many pairs as classes squared.
struct PairKeys: Sendable {
    /// A rule in force of which a class is the subject.
    private struct Candidate: Sendable {
        let rule: UInt32
        let peer: UInt32
        /// The number of its list of relations; 0 for none.
        let relations: UInt32
    }

    /// For each direction and class, where its candidates begin.
    private var starts: [[Int]] = []
    private var candidates: [[Candidate]] = []
    /// The distinct lists of relations on columns; the first is empty.
    private var relations: [[CompiledRule.ColumnRelation]] = [[]]
    /// For each direction and class, a number for how its layers are enforced and its selections hold, as far as that
    /// does not depend on the peer.
    private var states: [[UInt32]] = []
    /// What layers ask of both ends before they apply.
    private let layerRelations: [CompiledRule.ColumnRelation]
    private let classes: PolicyClasses

    init(_ engine: PolicyEngine, _ classes: PolicyClasses, _ instant: Instant) {
        self.classes = classes
        layerRelations = engine.layers.flatMap(\.relations)
        var known: [[Relation]: UInt32] = [[]: 0]
        var distinctStates = ListTable()
        let heads = engine.rules.map { rule -> Candidate? in
            guard let rule, rule.source.validity.contains(instant) else { return nil }
            let number = known[rule.source.relations] ?? UInt32(relations.count)
            if number == relations.count {
                known[rule.source.relations] = number
                relations.append(rule.relations)
            }
            return Candidate(rule: 0, peer: UInt32(rule.peer), relations: number)
        }
        for direction in Direction.allCases {
            var list: [Candidate] = []
            var begins = [0]
            var states: [UInt32] = []
            for representative in classes.representatives {
                if let subject = representative {
                    for number in engine.identityRules[Int(subject)][direction] {
                        guard let head = heads[Int(number)] else { continue }
                        list.append(Candidate(rule: number, peer: head.peer, relations: head.relations))
                    }
                    states.append(UInt32(distinctStates.number(of: Self.state(engine, subject, direction)).number))
                } else {
                    states.append(0)
                }
                begins.append(list.count)
            }
            candidates.append(list)
            starts.append(begins)
            self.states.append(states)
        }
    }

    /// What the layers and tiers ask of the subject alone.
    private static func state(_ engine: PolicyEngine, _ subject: UInt32, _ direction: Direction) -> [UInt32] {
        var state: [UInt32] = []
        for layer in engine.layers {
            state.append(engine.holds(layer.appliesTo, subject) ? 1 : 0)
            for view in VerdictView.allCases {
                state.append(UInt32(engine.mode(of: subject, layer, view)?.strength ?? 9))
            }
            for tier in layer.tiers { state.append(engine.decidesOnNoMatch(tier, subject, direction) ? 1 : 0) }
        }
        return state
    }

    /// Appends the rules of `subject` that the peer and the relations do not rule out, in order of precedence.
    func appendRules(
        to key: inout [UInt32], _ engine: PolicyEngine, _ direction: Direction, subject: UInt16, peer: UInt16
    ) {
        let side = direction == .egress ? 1 : 0
        // 0: not known yet, 1: does not hold, 2: holds.
        var holding: UInt64 = 0
        candidates[side].withUnsafeBufferPointer { candidates in
            for place in starts[side][Int(subject)]..<starts[side][Int(subject) + 1] {
                let candidate = candidates[place]
                guard classes.holds(Int(candidate.peer), peer) else { continue }
                if candidate.relations != 0 {
                    let shift = UInt64(candidate.relations % 32) * 2
                    var known = candidate.relations < 32 ? holding >> shift & 3 : 0
                    if known == 0 {
                        known = holds(candidate.relations, engine, subject, peer) ? 2 : 1
                        if candidate.relations < 32 { holding |= known << shift }
                    }
                    if known == 1 { continue }
                }
                key.append(candidate.rule)
            }
        }
    }

    private func holds(_ list: UInt32, _ engine: PolicyEngine, _ subject: UInt16, _ peer: UInt16) -> Bool {
        guard let one = classes.representatives[Int(subject)], let other = classes.representatives[Int(peer)] else {
            return false
        }
        return relations[Int(list)].allSatisfy { engine.holdsByLabels($0, one, other) }
    }

    /// Appends how the subject's layers are enforced against the peer.
    func appendState(
        to key: inout [UInt32], _ engine: PolicyEngine, _ direction: Direction, subject: UInt16, peer: UInt16
    ) {
        key.append(.max)
        key.append(states[direction == .egress ? 1 : 0][Int(subject)])
        guard !layerRelations.isEmpty, let one = classes.representatives[Int(subject)],
            let other = classes.representatives[Int(peer)]
        else { return }
        for relation in layerRelations { key.append(engine.holdsByLabels(relation, one, other) ? 1 : 0) }
    }
}
