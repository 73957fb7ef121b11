internal import NetworkTypes
internal import PolicyModel

extension PolicyEngine {
    /// What the subject's end says to a packet: every layer that applies must let it pass.
    func judge(_ question: Question) -> EndDecision {
        var allowed: EndDecision?
        var undecided: EndDecision?
        for number in layers.indices {
            guard let decision = judge(question, layer: number) else { continue }
            switch decision.kind {
            case .denied: return decision
            case .indeterminate: if undecided == nil { undecided = decision }
            case .allowed: if allowed == nil { allowed = decision }
            case .notGoverned: break
            }
        }
        return undecided ?? allowed ?? .notGoverned
    }

    /// What one layer says, or nil when it does not apply.
    func judge(_ question: Question, layer number: Int) -> EndDecision? {
        guard let mode = enforcement(question, layer: number) else { return nil }
        let layer = layers[number]
        var walk = LayerWalk(self, question, layer: number, mode: mode)
        let forward = walk.decide(self)
        guard !layer.source.isStateful, forward.kind == .allowed else { return forward }
        var back = LayerWalk(self, question.reply, layer: number, mode: mode)
        let reply = back.decide(self)
        return reply.kind == .allowed ? forward : reply
    }

    /// The mode in which a layer is enforced at the subject, or nil when it does not apply to the packet.
    func enforcement(_ question: Question, layer number: Int) -> EnforcementMode? {
        let layer = layers[number]
        guard holds(layer.appliesTo, question.subject) else { return nil }
        if !layer.relations.isEmpty {
            let holding = question.peers.contains { peer in
                layer.relations.allSatisfy { holds($0, question, peer) != .no }
            }
            if !holding { return nil }
        }
        switch layer.source.enforcer {
        case .platform: return .full
        case .agent:
            guard let mode = mode(of: question.subject, layer, question.view), mode.enforces else { return nil }
            return mode
        }
    }
}

/// One pass through the tiers of a layer for one question.
struct LayerWalk {
    let question: Question
    let mode: EnforcementMode
    private let layer: CompiledLayer
    /// The subject's rules of this layer, in order of precedence.
    private let rules: [CompiledRule]
    /// What was found from the start of a tier on; kept once the walk has forked, so that forks do not multiply.
    private var memory: [Int: EndDecision] = [:]
    private var hasForked = false

    /// A walk with these rules, in order of precedence.
    init(_ layer: CompiledLayer, _ question: Question, mode: EnforcementMode, rules: [CompiledRule]) {
        self.question = question
        self.mode = mode
        self.layer = layer
        self.rules = rules
    }

    /// A walk with the rules of the subject's program that protocol and peer do not rule out.
    init(_ engine: PolicyEngine, _ question: Question, layer number: Int, mode: EnforcementMode) {
        let proto = RuleHead.bit(question.packet.proto)
        var asked: [CompiledRule] = []
        for place in engine.identityRules[Int(question.subject)][question.direction] {
            let head = engine.heads[Int(place)]
            guard head.protocols & proto != 0, head.layer == number, !question.isSelf || head.namesProcess,
                question.peers.contains(where: { engine.holds(Int(head.peer), $0) }),
                let rule = engine.rules[Int(place)]
            else { continue }
            asked.append(rule)
        }
        self.init(engine.layers[number], question, mode: mode, rules: asked)
    }

    /// Asks the rules; the engine is the one that they were taken from.
    mutating func decide(_ engine: PolicyEngine) -> EndDecision { decide(engine, tier: 0) }

    private mutating func decide(_ engine: PolicyEngine, tier: Int) -> EndDecision {
        if hasForked, let known = memory[tier] { return known }
        let first = rules.firstIndex { $0.tier >= tier } ?? rules.count
        let result = decide(engine, tier: tier, from: first)
        if hasForked { memory[tier] = result }
        return result
    }

    private mutating func decide(_ engine: PolicyEngine, tier: Int, from first: Int) -> EndDecision {
        guard tier < layer.tiers.count else { return layerDefault }
        var position = first
        while position < rules.count, rules[position].tier == tier {
            let rule = rules[position]
            switch engine.matches(rule, question) {
            case .no: break
            case .yes: return outcome(of: rule, engine)
            case .unknown(let attribute):
                hasForked = true
                let matched = outcome(of: rule, engine)
                let rest = decide(engine, tier: tier, from: position + 1)
                if matched == rest { return rest }
                switch (matched.kind, rest.kind) {
                case (.allowed, .allowed), (.denied, .denied): return rest
                case (.allowed, _), (.denied, _), (.indeterminate, _), (.notGoverned, _):
                    return EndDecision(.indeterminate(attribute), by: decider(rule))
                }
            }
            position += 1
        }
        return noMatch(engine, tier) ?? decide(engine, tier: tier + 1)
    }

    private mutating func outcome(of rule: CompiledRule, _ engine: PolicyEngine) -> EndDecision {
        switch rule.source.action {
        case .allow: EndDecision(.allowed, by: decider(rule))
        case .deny: EndDecision(.denied, by: decider(rule))
        case .pass: decide(engine, tier: rule.passTo)
        }
    }

    func decider(_ rule: CompiledRule) -> Decider {
        .rule(rule.source.id, tier: layer.tiers[rule.tier].source.id, layer: layer.source.id)
    }

    /// What the tier does with the question when none of its rules matched; nil when the next tier is asked.
    func noMatch(_ engine: PolicyEngine, _ tier: Int) -> EndDecision? {
        let compiled = layer.tiers[tier]
        guard compiled.source.onNoMatch != .next, !question.isSelf else { return nil }
        if !engine.decidesOnNoMatch(compiled, question.subject, question.direction) { return nil }
        let decider = Decider.tierDefault(compiled.source.id, layer: layer.source.id)
        switch compiled.source.onNoMatch {
        case .allow: return EndDecision(.allowed, by: decider)
        case .deny: return EndDecision(.denied, by: decider)
        case .next: return nil
        }
    }

    private var layerDefault: EndDecision {
        if question.isSelf { return EndDecision(.allowed, by: .selfTraffic) }
        let action = mode == .selective ? layer.source.selectiveDefault : layer.source.fullDefault
        let decider = Decider.layerDefault(layer.source.id)
        switch action {
        case .allow: return EndDecision(.allowed, by: decider)
        case .deny: return EndDecision(.denied, by: decider)
        }
    }
}
