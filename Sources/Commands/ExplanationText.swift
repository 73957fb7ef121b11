import NetworkTypes
import PolicyEngine
import PolicyModel

/// The explanation for people: the verdict first, then end by end, then what would change it.
struct ExplanationText {
    let context: CommandContext
    let index: PolicyIndex

    init(_ context: CommandContext, _ index: PolicyIndex) {
        self.context = context
        self.index = index
    }

    func print(_ flow: Flow, _ explanation: Explanation, _ advice: ExplanationAdvice) throws {
        let decision = explanation.decision
        let title = TerminalText.line(flow.text(index))
        try context.say(title, painting: title, .bold)
        try verdict("policy", decision.policy)
        try verdict("effective", decision.effective)
        if decision.policy.outcome != decision.effective.outcome {
            try context.say("The two differ because of what is enforced now; see the modes below.", indent: 2)
        }
        if explanation.isSelfTraffic {
            try context.say("Both ends are one workload: only rules that name a process are asked.", indent: 2)
        }
        try end("source", flow.source.address, explanation.source)
        try end("destination", flow.destination.address, explanation.destination)
        try list("What would change it", advice.items.filter { $0.kind != .enforce })
        try list("What would enforce it", advice.items.filter { $0.kind == .enforce })
    }

    private func list(_ title: String, _ items: [ExplanationAdvice.Item]) throws {
        guard !items.isEmpty else { return }
        try context.print()
        try context.say(title, painting: title, .bold)
        for item in items { try context.say("- \(item.text)", indent: 2) }
    }

    private func verdict(_ view: String, _ verdict: Verdict) throws {
        let word = verdict.outcome.word
        let colour: Colour
        let why: String
        switch verdict.outcome {
        case .allowed:
            colour = .green
            why =
                verdict.reason != "notGoverned"
                ? "" : view == "policy" ? "no end is governed" : "no end enforces anything"
        case .denied:
            colour = .red
            let both = verdict.source.kind == .denied && verdict.destination.kind == .denied
            why = both ? "by both ends" : "by the \(verdict.source.kind == .denied ? "source" : "destination")"
        case .indeterminate(let attribute):
            colour = .yellow
            why = "the flow lacks \(attribute.rawValue), which a rule asks for"
        case .partly(let denied):
            colour = .yellow
            why = "from source ports \(denied.text) it fails"
        }
        let name = view + String(repeating: " ", count: 11 - view.count)
        try context.say("\(name)\(word)\(why.isEmpty ? "" : " — \(why)")", indent: 2, painting: word, colour)
    }

    private func end(_ name: String, _ address: IPAddress, _ subjects: [SubjectExplanation]) throws {
        if subjects.count > 1 {
            try context.print()
            try context.say("The \(name) \(address) is an address of \(subjects.count) workloads: each must allow.")
        }
        for subject in subjects {
            let place = index.isStandIn(address) ? "" : " \(address)"
            let title = "\(name)\(place), \(subject.workload.map { "workload \($0)" } ?? "no workload's address")"
            try context.print()
            try context.say(title, painting: title, .bold)
            if let workload = subject.workload.flatMap({ index.workload($0) }) {
                let labels = workload.labels.map { ("\($0.key)", "\($0.value)") }.sorted { $0.0 < $1.0 }
                    .map { "\($0.0)=\($0.1)" }
                let mode = workload.mode.map { "mode \($0.rawValue)" } ?? "no agent"
                try context.say((labels + [mode]).joined(separator: ", "), indent: 2, .faint)
            }
            if subject.layers.isEmpty { try context.say("nothing governs it", indent: 2) }
            for layer in subject.layers { try self.layer(layer) }
        }
    }

    private func layer(_ layer: LayerExplanation) throws {
        let said = said(layer.decision)
        let mode = layer.enforcedMode.map { "enforced in mode \($0.rawValue)" } ?? "not enforced now"
        try context.say(
            "\(said.word)\(said.why) (layer \(layer.layer), \(mode))", indent: 2, painting: said.word, said.colour)
        for candidate in layer.candidates {
            let role: String
            switch candidate.role {
            case .decides: role = "decides"
            case .passes: role = "goes on"
            case .shadowed: role = "shadowed"
            case .undecided(let attribute): role = "needs \(attribute.rawValue)"
            }
            try context.say("\(role): \(candidate.action.word) \(candidate.rule) (tier \(candidate.tier))", indent: 4)
            guard candidate.role != .shadowed, let why = index.documentation(of: candidate.rule) else { continue }
            try context.say("\(why.reason) — \(why.owner)\(why.suffix)", indent: 6, .faint)
            if let place = index.place(of: candidate.rule) {
                try context.say(TerminalText.line(place), indent: 6, .faint)
            }
        }
    }

    private func said(_ decision: EndDecision) -> (word: String, why: String, colour: Colour) {
        switch decision.kind {
        case .allowed: ("allowed", by(decision.decider), .green)
        case .denied: ("denied", by(decision.decider), .red)
        case .indeterminate(let attribute): ("depends on \(attribute.rawValue)", "", .yellow)
        case .notGoverned: ("not governed", "", .faint)
        }
    }

    private func by(_ decider: Decider) -> String {
        switch decider {
        case .rule(let id, _, _): " by \(id)"
        case .tierDefault(let tier, _): " because tier \(tier) decides what it selects"
        case .layerDefault: " because no rule matches"
        case .selfTraffic: " because it talks to itself"
        case .nothing: ""
        }
    }
}
