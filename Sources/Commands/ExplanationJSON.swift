import PolicyEngine
import PolicyFiles
import PolicyModel

/// The explanation as JSON; the names are documented in `docs/commands.md`.
struct ExplanationJSON: Encodable {
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
        let mode: String?
        let labels: [String: String]
        let layers: [Layer]
    }

    let flow: String
    let decision: DecisionJSON
    let isSelfTraffic: Bool
    let source: [Subject]
    let destination: [Subject]
    let wouldChange: [ExplanationAdvice.Item]

    init(_ flow: Flow, _ explanation: Explanation, _ index: PolicyIndex, _ advice: ExplanationAdvice) {
        self.flow = flow.text(index)
        decision = DecisionJSON(explanation.decision)
        isSelfTraffic = explanation.isSelfTraffic
        func subjects(_ list: [SubjectExplanation]) -> [Subject] {
            list.map { subject in
                let workload = subject.workload.flatMap { index.workload($0) }
                let labels = (workload?.labels.map { ($0.key.description, $0.value.description) }) ?? []
                return Subject(
                    workload: subject.workload?.rawValue, mode: workload?.mode?.rawValue,
                    labels: Dictionary(labels) { first, _ in first },
                    layers: subject.layers.map { Self.layer($0, index) })
            }
        }
        source = subjects(explanation.source)
        destination = subjects(explanation.destination)
        wouldChange = advice.items
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
