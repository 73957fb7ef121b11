import PolicyEngine
import PolicyModel

/// What would change a verdict, in the order in which somebody would have to do it.
struct ExplanationAdvice {
    /// One way, or one step of it.
    struct Item: Encodable, Equatable {
        /// The kind, a stable word.
        enum Kind: String, Encodable {
            case allowInRuleset
            case newRuleset
            case guardrailException
            case quarantineException
            case allowWinsOverDeny
            case never
            case changeForeignRule
            case enforce
            case state
        }

        let kind: Kind
        /// The rulesets, rules, workloads or options that it speaks of.
        let names: [String]
        let text: String
    }

    private(set) var items: [Item] = []
    private let policy: Policy?
    private let index: PolicyIndex
    private let sources: [SubjectExplanation]
    private let destinations: [SubjectExplanation]

    /// Looks for ways; `policy` is Bulkhead's own, where that is asked.
    init(_ explanation: Explanation, _ policy: Policy?, _ index: PolicyIndex) {
        self.policy = policy
        self.index = index
        sources = explanation.source
        destinations = explanation.destination
        let layers = (sources + destinations).flatMap(\.layers)
        for layer in layers where layer.decision.kind == .denied {
            if layer.layer == Policy.layerID { denied(layer) } else { deniedByOthers(layer) }
        }
        for layer in layers {
            for candidate in layer.candidates {
                if case .undecided(let attribute) = candidate.role { state(attribute, candidate.rule) }
            }
        }
        let isOurs = layers.contains {
            $0.layer == Policy.layerID && $0.decision.kind == .denied && $0.decision.decider.isDefault
        }
        if isOurs { allow() }
        for subject in sources + destinations { enforce(subject) }
    }

    private mutating func add(_ kind: Item.Kind, _ names: [String], _ text: String) {
        let item = Item(kind: kind, names: names, text: text)
        if !items.contains(item) { items.append(item) }
    }

    /// What a rule that denies lets be done; a default is `allow`'s.
    private mutating func denied(_ layer: LayerExplanation) {
        guard case .rule(let id, _, _) = layer.decision.decider else { return }
        let needsAllow = !layer.candidates.contains { $0.action == .allow }
        guard let policy else { return }
        if policy.guardrails.contains(where: { $0.id == id }) {
            add(
                .guardrailException, [id.rawValue],
                "only an exception of the guardrail `\(id)`, which ends some day; no allow overrides it"
                    + (needsAllow ? ", and an allow is needed as well" : ""))
            if needsAllow { allow() }
        } else if policy.quarantines.contains(where: { $0.id == id }) {
            add(
                .quarantineException, [id.rawValue],
                "an exception of the quarantine `\(id)`, or its end; no allow overrides it")
        } else if policy.rulesets.contains(where: { $0.rules.contains { $0.id == id } }) {
            add(.allowWinsOverDeny, [id.rawValue], "an allow, which wins over the deny `\(id)`; or a change of `\(id)`")
            allow()
        } else {
            add(
                .never, [id.rawValue],
                "nothing: `\(id)` is built in; ICMP errors pass only as related to a connection, redirects never")
        }
    }

    /// What another language turns away is opened there.
    private mutating func deniedByOthers(_ layer: LayerExplanation) {
        switch layer.decision.decider {
        case .rule(let id, let tier, _):
            let place = index.place(of: id).map { " (\($0))" } ?? ""
            add(
                .changeForeignRule, [id.rawValue],
                "a change of `\(id)` in layer \(layer.layer)\(place), or a rule before it in tier \(tier)")
        case .tierDefault, .layerDefault, .selfTraffic, .nothing:
            add(
                .changeForeignRule, [layer.layer.rawValue],
                "a rule in layer \(layer.layer) that allows it; nothing there does")
        }
    }

    /// Where an allow could stand: in a ruleset whose scope the destination lies in, or, where that is no workload, the source.
    private mutating func allow() {
        let toWorkload = destinations.contains { $0.workload != nil }
        let consenting = toWorkload ? destinations : sources
        let end = toWorkload ? "destination" : "source"
        var inside: [String] = []
        var onlyAnywhere: [String] = []
        for ruleset in (policy?.rulesets ?? []).sorted(by: { $0.id < $1.id }) {
            let scopes = ruleset.scopes.filter { holds($0, consenting) }
            if scopes.isEmpty { continue }
            let coversBoth = !toWorkload || scopes.contains { holds($0, sources) }
            if coversBoth { inside.append(ruleset.id) } else { onlyAnywhere.append(ruleset.id) }
        }
        if !inside.isEmpty {
            let whose = toWorkload ? "covers both ends" : "covers the source"
            add(.allowInRuleset, inside, "an allow in \(Self.list(inside, "ruleset")), whose scope \(whose)")
        }
        if !onlyAnywhere.isEmpty {
            add(
                .allowInRuleset, onlyAnywhere,
                "an allow with `anywhere: true` in \(Self.list(onlyAnywhere, "ruleset")), whose scope covers the "
                    + "destination but not the source")
        }
        if inside.isEmpty, onlyAnywhere.isEmpty {
            add(.newRuleset, [], "an allow in a new ruleset: no ruleset's scope covers the \(end)")
        }
    }

    /// Whether the selector holds for every owner of an address; for none if nobody owns it.
    private func holds(_ scope: Selector, _ subjects: [SubjectExplanation]) -> Bool {
        let workloads = subjects.compactMap { $0.workload.flatMap { index.workload($0) } }
        return !workloads.isEmpty && workloads.count == subjects.count
            && workloads.allSatisfy { scope.matches($0.labels) }
    }

    private static func list(_ names: [String], _ noun: String) -> String {
        "\(noun) " + names.map { "`\($0)`" }.joined(separator: " or ")
    }

    private mutating func state(_ attribute: FlowAttribute, _ rule: RuleID) {
        let option: String
        switch attribute {
        case .icmpType: option = "the destination as HOST:icmp/TYPE"
        case .sourceProcess: option = "--source-process"
        case .destinationProcess: option = "--destination-process"
        case .sourcePrincipal: option = "--source-principal"
        case .destinationPrincipal: option = "--destination-principal"
        case .ruleMeaning:
            add(
                .state, [attribute.rawValue],
                "reading `\(rule)` in its own product: Bulkhead understands it only in part")
            return
        }
        add(.state, [attribute.rawValue], "knowing more: state \(option), which `\(rule)` asks for")
    }

    /// Which mode would enforce what is only evaluated.
    private mutating func enforce(_ subject: SubjectExplanation) {
        guard let id = subject.workload, let workload = index.workload(id) else { return }
        for layer in subject.layers where layer.layer == Policy.layerID && layer.decision.kind == .denied {
            let isDefault = layer.decision.decider.isDefault
            guard let mode = workload.mode else {
                add(.enforce, [id.rawValue], "an agent on `\(id)`, since nothing is enforced there without one")
                continue
            }
            let isEnforced = layer.enforcedMode.map { $0 == .full || $0.enforces && !isDefault } ?? false
            if isEnforced { continue }
            let needed = isDefault ? "mode full" : "mode selective or full"
            add(
                .enforce, [id.rawValue],
                "\(needed) on `\(id)`, since mode \(mode.rawValue) does not enforce this denial")
        }
    }
}

extension Decider {
    /// Whether no rule decided.
    fileprivate var isDefault: Bool {
        switch self {
        case .layerDefault, .tierDefault: true
        case .rule, .selfTraffic, .nothing: false
        }
    }
}
