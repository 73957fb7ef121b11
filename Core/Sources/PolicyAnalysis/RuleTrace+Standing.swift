import NetworkTypes
import PolicyEngine
public import PolicyModel

extension RuleTrace {
    /// What was found out about a rule.
    ///
    /// Making the witness costs more than the rest.
    func standing(_ name: Int, withWitness: Bool = true) -> RuleStanding {
        let record = records[name]
        let contradictions = record.contraries.sorted { $0.key < $1.key }.map { other, count in
            RuleStanding.Contradiction(rule: names[other], extent: count.all == record.covering ? .all : .some)
        }
        let effect: RuleStanding.Effect
        if record.covering == 0 {
            effect = .vacuous(vacuity(names[name]))
        } else if record.isReached {
            effect = .decides(withWitness ? record.example.flatMap(witness) : nil)
        } else if let doubt = record.doubt {
            effect = .unsure(doubt)
        } else {
            effect = .shadowed(by: record.takers.sorted().map { names[$0] })
        }
        return RuleStanding(rule: names[name], effect: effect, contradictions: contradictions)
    }

    private func witness(_ example: Example) -> Witness? {
        guard let point = builder.atoms.services(example.traffic).witness else { return nil }
        let flow = example.source.examples(with: example.destination).map { from, to in
            Flow(
                source: FlowEnd(from), destination: FlowEnd(to), proto: point.proto,
                sourcePort: point.proto.hasPorts ? point.source : nil,
                destinationPort: point.proto.hasPorts ? point.destination : 0, icmp: point.icmp)
        }
        return Witness(source: example.source, destination: example.destination, point: point, flow: flow)
    }

    /// Why a rule in force covers nothing: the reason that is nearest to what its author wrote.
    private func vacuity(_ id: RuleID) -> RuleStanding.Vacuity {
        let engine = connectivity.engine
        var reasons: Set<RuleStanding.Vacuity> = []
        for (number, rule) in engine.rules.enumerated() {
            guard let rule, rule.source.id == id, let fact = builder.facts.facts[number] else { continue }
            let isEgress = rule.source.direction == .egress
            let tables = engine.vocabulary.portTableList
            let terms = builder.facts.lists[fact.list]
            if tables.allSatisfy({ builder.atoms.mask(terms, table: $0, isReply: false).isEmpty }) {
                reasons.insert(.noTraffic)
            } else if engine.expressions[rule.subject].members.isEmpty {
                reasons.insert(isEgress ? .noSource : .noDestination)
            } else if engine.expressions[rule.peer].members.isEmpty {
                reasons.insert(isEgress ? .noDestination : .noSource)
            } else if !isEnforced(rule) {
                reasons.insert(.notEnforced)
            } else {
                reasons.insert(.noPair)
            }
        }
        let order: [RuleStanding.Vacuity] = [.noTraffic, .noSource, .noDestination, .noPair, .notEnforced]
        return order.first(where: reasons.contains) ?? .noPair
    }

    private func isEnforced(_ rule: CompiledRule) -> Bool {
        let offset = builder.memo.sweep.offsets[rule.layer]
        return connectivity.engine.expressions[rule.subject].members.contains { identity in
            builder.states.state(connectivity.engine, identity, rule.source.direction)[offset] != LayerStates.absent
        }
    }
}

extension Connectivity {
    /// What a written rule does: whether it decides anything, is shadowed, vacuous or contradicted; nil when there is none.
    public func standing(of rule: RuleID) -> RuleStanding? {
        let trace = RuleTrace(self, only: [rule])
        if let name = trace.names.firstIndex(of: rule) { return trace.standing(name) }
        let isExpired = engine.policy.layers.flatMap(\.tiers).flatMap(\.rules).contains {
            $0.id == rule && $0.validity.isOver(at: instant)
        }
        return isExpired ? RuleStanding(rule: rule, effect: .vacuous(.expired), contradictions: []) : nil
    }
}

extension Validity {
    /// Whether it no longer holds, or never did.
    func isOver(at instant: Instant) -> Bool {
        if let until { return instant >= until || (from.map { $0 >= until } ?? false) }
        return false
    }
}
