import ArgumentParser
import Flows
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead explain`: one flow, and why it is judged as it is.
struct ExplainCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say whether one end may reach another, and why.",
        discussion: "SRC and DST are addresses or names of workloads; an IPv6 address before a port stands in brackets."
    )

    @OptionGroup var policy: PolicyOption
    @Argument(help: "Who opens the connection.")
    var source: String
    @Argument(help: ArgumentHelp("Who is reached, and on what.", valueName: "destination:port[/proto]"))
    var destination: String
    @OptionGroup var facts: FlowFactOptions
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let target = try FlowTarget(destination)
        let loaded = try context.loadPolicy(policy.policy)
        let instant = try time.instant(in: context)
        let ends: (IPAddress, IPAddress)
        do {
            ends = try FlowInput(loaded.workloads).ends(Self.unbracketed(source), target.host)
        } catch {
            throw CommandError(error.message)
        }
        var flow = Flow(
            source: FlowEnd(ends.0), destination: FlowEnd(ends.1), proto: target.proto, destinationPort: target.port,
            icmp: target.icmp)
        try facts.apply(to: &flow)
        let engine = PolicyEngine(workloads: loaded.workloads, policy: loaded.policy.lowered())
        let explanation = engine.explain(flow, at: instant)
        let index = PolicyIndex(loaded)
        switch output.format {
        case .text: try ExplanationText(context, index).print(flow, explanation)
        case .json, .jsonl: try context.printJSON(ExplanationJSON(flow, explanation, index), output.format)
        }
        return .fine
    }

    private static func unbracketed(_ text: String) -> String {
        text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    }
}

/// The explanation for people: the verdict first, then end by end.
private struct ExplanationText {
    let context: CommandContext
    let index: PolicyIndex

    init(_ context: CommandContext, _ index: PolicyIndex) {
        self.context = context
        self.index = index
    }

    func print(_ flow: Flow, _ explanation: Explanation) throws {
        let decision = explanation.decision
        try context.print(flow.text)
        try context.print("  policy     \(verdict(decision.policy))")
        try context.print("  effective  \(verdict(decision.effective))")
        if decision.policy.outcome != decision.effective.outcome {
            try context.print("  The two differ because of what is enforced now; see the modes below.")
        }
        if explanation.isSelfTraffic {
            try context.print("  Both addresses are one workload's: only rules that name a process are asked.")
        }
        try end("source", flow.source.address, explanation.source)
        try end("destination", flow.destination.address, explanation.destination)
    }

    private func verdict(_ verdict: Verdict) -> String {
        let word = verdict.outcome.word
        let colour: Colour
        let why: String
        switch verdict.outcome {
        case .allowed:
            colour = .green
            why = verdict.reason == "notGoverned" ? "no end is governed" : ""
        case .denied:
            colour = .red
            let both = verdict.source.kind == .denied && verdict.destination.kind == .denied
            let first = verdict.source.kind == .denied ? "source" : "destination"
            why = "by \(both ? "both ends" : "the \(first)")"
        case .indeterminate(let attribute):
            colour = .yellow
            why = "the flow lacks \(attribute.rawValue), which a rule asks for"
        case .partly(let denied):
            colour = .yellow
            why = "from source ports \(denied.text) it fails"
        }
        return context.paint(word, colour) + (why.isEmpty ? "" : " — \(why)")
    }

    private func end(_ name: String, _ address: IPAddress, _ subjects: [SubjectExplanation]) throws {
        if subjects.count > 1 {
            try context.print("\n\(name) \(address): \(subjects.count) workloads have this address, each must allow")
        }
        for subject in subjects {
            let owner = subject.workload.map { "workload \($0)" } ?? "no workload has this address"
            try context.print("\n" + context.paint("\(name) \(address), \(owner)", .bold))
            if subject.layers.isEmpty { try context.print("  nothing governs it") }
            for layer in subject.layers { try self.layer(layer) }
        }
    }

    private func layer(_ layer: LayerExplanation) throws {
        let mode = layer.enforcedMode.map { "enforced in mode \($0.rawValue)" } ?? "not enforced now"
        try context.print("  layer \(layer.layer), \(mode): \(said(layer.decision))")
        for candidate in layer.candidates {
            let role: String
            switch candidate.role {
            case .decides: role = "decides"
            case .passes: role = "goes on"
            case .shadowed: role = "shadowed"
            case .undecided(let attribute): role = "needs \(attribute.rawValue)"
            }
            try context.print("    \(role): \(candidate.action.word) \(candidate.rule)  (tier \(candidate.tier))")
            guard candidate.role != .shadowed, let why = index.documentation(of: candidate.rule) else { continue }
            try context.print(context.paint("      \(why.reason) — \(why.owner)\(why.suffix)", .faint))
            if let place = index.place(of: candidate.rule) {
                try context.print(context.paint("      \(place)", .faint))
            }
        }
    }

    private func said(_ decision: EndDecision) -> String {
        switch decision.kind {
        case .allowed: context.paint("allowed", .green) + by(decision.decider)
        case .denied: context.paint("denied", .red) + by(decision.decider)
        case .indeterminate(let attribute): context.paint("depends on \(attribute.rawValue)", .yellow)
        case .notGoverned: "not governed"
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

/// The explanation as JSON.
private struct ExplanationJSON: Encodable {
    struct Rule: Encodable {
        let rule: String
        let tier: String
        let action: String
        let role: String
        let owner: String?
        let reason: String?
        let ticket: String?
        let place: String?
    }

    struct Layer: Encodable {
        let layer: String
        let enforcedMode: String?
        let says: String
        let decidedBy: String
        let candidates: [Rule]
    }

    struct Subject: Encodable {
        let workload: String?
        let layers: [Layer]
    }

    let flow: String
    let decision: DecisionJSON
    let isSelfTraffic: Bool
    let source: [Subject]
    let destination: [Subject]

    init(_ flow: Flow, _ explanation: Explanation, _ index: PolicyIndex) {
        self.flow = flow.text
        decision = DecisionJSON(explanation.decision)
        isSelfTraffic = explanation.isSelfTraffic
        func subjects(_ list: [SubjectExplanation]) -> [Subject] {
            list.map { subject in
                Subject(
                    workload: subject.workload?.rawValue,
                    layers: subject.layers.map { Self.layer($0, index) })
            }
        }
        source = subjects(explanation.source)
        destination = subjects(explanation.destination)
    }

    private static func layer(_ layer: LayerExplanation, _ index: PolicyIndex) -> Layer {
        let says: String
        switch layer.decision.kind {
        case .allowed: says = "allowed"
        case .denied: says = "denied"
        case .indeterminate(let attribute): says = "needs:\(attribute.rawValue)"
        case .notGoverned: says = "notGoverned"
        }
        let candidates = layer.candidates.map { candidate -> Rule in
            let role: String
            switch candidate.role {
            case .decides: role = "decides"
            case .passes: role = "passes"
            case .shadowed: role = "shadowed"
            case .undecided(let attribute): role = "needs:\(attribute.rawValue)"
            }
            let why = index.documentation(of: candidate.rule)
            return Rule(
                rule: candidate.rule.rawValue, tier: candidate.tier.rawValue, action: candidate.action.word, role: role,
                owner: why?.owner, reason: why?.reason, ticket: why?.ticket, place: index.place(of: candidate.rule))
        }
        return Layer(
            layer: layer.layer.rawValue, enforcedMode: layer.enforcedMode?.rawValue, says: says,
            decidedBy: layer.decision.decider.name, candidates: candidates)
    }
}

extension RuleAction {
    /// The word for it in every output.
    var word: String {
        switch self {
        case .allow: "allow"
        case .deny(.drop): "deny"
        case .deny(.reject): "reject"
        case .pass: "pass"
        }
    }
}

extension Documentation {
    /// Ticket and review date, where there are any, for the end of a line.
    var suffix: String {
        (ticket.map { ", \($0)" } ?? "") + (review.map { ", review by \($0.utcText.prefix(10))" } ?? "")
    }
}
