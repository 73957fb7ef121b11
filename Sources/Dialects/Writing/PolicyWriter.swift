import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// Writes policy of any dialect as Bulkhead's own policy files.
///
/// Rules are taken over one by one where that says exactly the same: denials of rules become guardrails, what both ends
/// let through becomes allow rules. Otherwise the rules are made anew from what the policy decides. Either way the
/// result is compared with what was read, flow by flow, and nothing is written that differs.
public enum PolicyWriter {
    /// Writes the files of a directory that `bulkhead policy check` accepts.
    ///
    /// - Throws: `WriteRefusal` when the policy was read in part, says what Bulkhead cannot say, or is too large to be
    ///   compared; what is short of an answer can be had by `options`.
    public static func files(for source: DialectPolicy, _ options: WriteOptions) throws(WriteRefusal) -> WrittenPolicy {
        guard !source.dialects.contains(.bulkhead) else {
            throw WriteRefusal(
                "own-policy", "expected policy of another language, got Bulkhead's own, which its files say already")
        }
        try checkReading(source, options)
        try checkRules(source, options)
        var names = WrittenNames()
        let workloads = names.workloads(source)
        let policy = names.renamed(source.policy)
        let universe = EndUniverse(
            workloads: workloads, expressions: policy.expressions, addressSets: policy.addressSets)
        let table = EndTable(universe, policy.expressions)
        let comparison = FlowComparison(universe, [policy], at: options.now)
        guard comparison.classes.count <= FlowComparison.maximumClasses else {
            throw WriteRefusal(
                "too-large",
                "expected at most \(FlowComparison.maximumClasses) kinds of ends, got \(comparison.classes.count): the result could not be compared"
            )
        }
        let context = ImportContext(
            source: source, options: options, workloads: workloads, policy: policy, table: table,
            comparison: comparison, original: comparison.side(workloads, policy, .policy))
        return try context.written()
    }

    /// What was left out or approximate needs consent.
    private static func checkReading(_ source: DialectPolicy, _ options: WriteOptions) throws(WriteRefusal) {
        let inPart = source.findings.filter { $0.effect != .none || $0.diagnostic.severity == .error }
        guard !inPart.isEmpty, !options.allowsPartial else { return }
        throw WriteRefusal(inPart.map(\.diagnostic))
    }

    /// What no rule of Bulkhead's could say exactly, wherever it stood.
    private static func checkRules(_ source: DialectPolicy, _ options: WriteOptions) throws(WriteRefusal) {
        var found: [Diagnostic] = []
        var seen = Set<RuleID>()
        for layer in source.policy.layers {
            if !layer.isStateful {
                found.append(
                    Diagnostic(
                        .error, code: "cannot-say",
                        "the layer `\(layer.id)` is stateless, which a policy of agents is not"))
            }
            for tier in layer.tiers {
                for rule in tier.rules where seen.insert(rule.id).inserted {
                    guard let reason = rule.cannotBeTakenOver(options) else { continue }
                    found.append(
                        Diagnostic(
                            .error, code: "cannot-say", "`\(rule.id)` \(reason)",
                            at: source.origins[rule.id]?.location))
                }
            }
        }
        guard found.isEmpty else { throw WriteRefusal(found) }
    }
}

extension FlatRule {
    /// Why the rule cannot become one of Bulkhead's that says the same together with others.
    fileprivate func cannotBeTakenOver(_ options: WriteOptions) -> String? {
        if case .approximate(let reason) = certainty, !options.allowsPartial {
            return "is understood in part: \(reason)"
        }
        if subjectAttributes != .none || peerAttributes != .none { return "names programs or principals" }
        if relations.contains(.samePrincipal) { return "asks for one principal at both ends" }
        if !conditions.isEmpty { return "depends on facts that are not in the policy" }
        if validity != .always { return "is in force for a time only" }
        return nil
    }
}

/// What importing one policy works with.
struct ImportContext {
    let source: DialectPolicy
    let options: WriteOptions
    /// Under the names that they are written by.
    let workloads: [Workload]
    let policy: FlatPolicy
    let table: EndTable
    let comparison: FlowComparison
    let original: FlowComparison.Side

    /// The findings of reading, which were consented to.
    var readingNotes: [Diagnostic] {
        source.findings.filter { $0.effect != .none || $0.diagnostic.severity == .error }.map {
            var note = $0.diagnostic
            note.severity = .warning
            return note
        }
    }

    /// The files rule by rule where that is exact, else made from decisions.
    func written() throws(WriteRefusal) -> WrittenPolicy {
        let notes = readingNotes + standInNotes
        // Named ports are kept where that is exact.
        var reason = ""
        for namer in [nil, EndNamer(table, workloads)] {
            do throws(NotSymbolic) {
                let files = files(try ruleByRule(numbering: namer), notes)
                guard let fault = fault(files) else { return WrittenPolicy(files: files, notes: notes) }
                reason = "rule by rule, \(fault)"
            } catch {
                reason = error.reason
            }
        }
        let made = Diagnostic(
            .warning, code: "made-from-decisions",
            "the rules are made from what the policy decides, since \(reason); they are exact, but not the rules that were written"
        )
        let files = files(byDecisions(), notes + [made])
        if let fault = fault(files) {
            throw WriteRefusal("cannot-say", "expected a policy that Bulkhead can say, but \(fault)")
        }
        return WrittenPolicy(files: files, notes: notes + [made])
    }

    private func files(_ policy: Policy, _ notes: [Diagnostic]) -> [WrittenFile] {
        PolicyFileText(workloads: workloads, policy: policy, options: options).files(notes: notes)
    }

    private var standInNotes: [Diagnostic] {
        let named = workloads.filter { $0.addresses.contains(where: source.standIns.contains) }
        guard let first = named.first else { return [] }
        return [
            Diagnostic(
                .warning, code: "made-up-address",
                "\(named.count) workloads, `\(first.id)` among them, have made up addresses, since the files state none: put in the real ones"
            )
        ]
    }

    /// What is wrong with the files when they are read back, or nil when they decide what the original does.
    private func fault(_ files: [WrittenFile]) -> String? {
        let loaded = PolicyDirectory.load(
            files.map { PolicySource(name: $0.path, text: $0.text) }, now: options.now)
        guard let policy = loaded.policy else {
            let first = loaded.diagnostics.first { $0.severity == .error }
            return first.map { "the files would not load: \($0.text)" } ?? "the files would not load"
        }
        // What Bulkhead does on every host, whatever its policy, is no difference.
        let second = comparison.side(policy.workloads, policy.policy.lowered().withoutHostTraffic, .policy)
        let found = comparison.differences(original, second, limit: 1)
        guard let difference = found.first else { return nil }
        return difference.text + " would be decided otherwise"
    }

    // MARK: Rule by rule

    private func ruleByRule(numbering namer: EndNamer?) throws(NotSymbolic) -> Policy {
        var permitted: [FlowBox]?
        var denials: [FlowBox] = []
        for layer in exactLayers {
            for direction in [Direction.ingress, .egress] {
                let walk = try LayerWalk(layer, direction, table, numbering: namer)
                denials += walk.denials
                permitted =
                    try permitted.map { first throws(NotSymbolic) in
                        try FlowBoxes.intersection(first, walk.permissions)
                    } ?? walk.permissions
            }
        }
        let any = table[.any]
        let all = FlowBox(from: any, to: any, relations: [], services: .set(.all), origins: [])
        let allows = FlowBoxes.reduced(permitted ?? [all]).filter(concernsWorkloads)
        let guardrails = FlowBoxes.reduced(denials).filter(concernsWorkloads)
        return assembled(allows: allows, guardrails: guardrails)
    }

    /// Flows between addresses that are no workload's are nobody's to judge.
    private func concernsWorkloads(_ box: FlowBox) -> Bool {
        let owned = table.universe.owned
        return !box.from.members.isDisjoint(with: owned) || !box.to.members.isDisjoint(with: owned)
    }

    /// The layers with what is approximate as it is enforced: allows and passes match nothing, denies all that they cover.
    private var exactLayers: [Layer] {
        policy.layers.map { layer in
            var layer = layer
            for number in layer.tiers.indices {
                layer.tiers[number].rules = layer.tiers[number].rules.filter { rule in
                    guard case .approximate = rule.certainty else { return true }
                    if case .deny = rule.action { return true }
                    return false
                }
            }
            return layer
        }
    }

    // MARK: Policy from boxes

    func assembled(allows: [FlowBox], guardrails: [FlowBox]) -> Policy {
        var rulesets = RulesetPlan(self)
        for box in allows { rulesets.add(box) }
        var names = UniqueNames()
        let denials = guardrails.map { box in
            Guardrail(
                id: RuleID(rawValue: names.name(for: RulesetPlan.name(box.origins), or: "deny")),
                match: match(box), documentation: documentation(box.origins))
        }
        return Policy(
            addressSets: policy.addressSets, guardrails: denials.sorted { $0.id < $1.id }, rulesets: rulesets.rulesets)
    }

    func match(_ box: FlowBox) -> TrafficMatch {
        TrafficMatch(
            from: box.from.expression, to: box.to.expression, relations: box.relations, services: box.services.terms)
    }

    /// Why a rule exists: what the original says, or where it stands.
    func documentation(_ origins: [RuleID]) -> Documentation {
        let known = origins.compactMap { source.origins[$0]?.documentation }
        var texts: [String] = []
        for id in origins {
            let place = source.origins[id]?.location.map { " (\($0.file):\($0.line))" } ?? ""
            texts.append("`\(id)`\(place)")
        }
        var reason = texts.isEmpty ? "nothing in the original restricts it" : "from " + texts.joined(separator: " and ")
        if origins.count == 1, let only = known.first { reason = "\(only.reason) (\(reason))" }
        return Documentation(
            owner: known.first?.owner ?? options.owner, reason: String(reason.prefix(1_900)),
            ticket: origins.count == 1 ? known.first?.ticket : nil)
    }
}
