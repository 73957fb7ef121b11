import NetworkTypes
import PolicyModel

extension PolicyReader {
    mutating func readGuardrails(_ sections: [Section]) {
        for (record, outer) in records(sections, as: PolicyFormat.guardrail) {
            let named = name(record["name"], .rule("a guardrail"))
            let isKnown = named.map { claimGroup($0, "guardrail") } ?? false
            let defaults = defaults(in: record, over: outer)
            let id = named?.text ?? ""
            let guardrail = Guardrail(
                id: RuleID(rawValue: id), match: match(record),
                denial: boolean(record["reject"]) ? .reject : .drop,
                exceptions: exceptions(record["exceptions"], of: id, as: PolicyFormat.guardrailException, defaults),
                documentation: documentation(record, outer))
            guard isKnown, let named else { continue }
            locations[guardrail.id] = named.location
            policy.guardrails.append(guardrail)
        }
    }

    mutating func readQuarantines(_ sections: [Section]) {
        for (record, outer) in records(sections, as: PolicyFormat.quarantine) {
            let named = name(record["name"], .rule("a quarantine"))
            let isKnown = named.map { claimGroup($0, "quarantine") } ?? false
            let defaults = defaults(in: record, over: outer)
            let id = named?.text ?? ""
            let quarantine = Quarantine(
                id: RuleID(rawValue: id), members: end(record["members"], .members),
                exceptions: exceptions(record["exceptions"], of: id, as: PolicyFormat.quarantineException, defaults),
                documentation: documentation(record, outer))
            guard isKnown, let named else { continue }
            locations[quarantine.id] = named.location
            policy.quarantines.append(quarantine)
        }
    }

    private mutating func exceptions(
        _ tree: Tree?, of boundary: String, as shape: PolicyFormat.Shape, _ defaults: DocumentationDefaults
    ) -> [PolicyException] {
        guard let tree else { return [] }
        var result: [PolicyException] = []
        var names: [String: Diagnostic.Location] = [:]
        for item in list(tree, of: "a list of exceptions") ?? [] {
            guard let record = record(item, as: shape) else { continue }
            let named = name(record["name"], .rule("an exception"))
            let match = match(record)
            requirePositive(match, record)
            let exception = PolicyException(
                id: RuleID(rawValue: "\(boundary)/\(named?.text ?? "")"), match: match, validity: validity(record),
                documentation: documentation(record, defaults))
            guard let named, claim(named, "exception", in: &names) else { continue }
            locations[exception.id] = named.location
            result.append(exception)
        }
        return result.sorted { $0.id < $1.id }
    }

    mutating func readEssential(_ sections: [Section]) {
        var names: [String: Diagnostic.Location] = [:]
        let standard = Set(EssentialRule.standard.map(\.id))
        for (record, defaults) in records(sections, as: PolicyFormat.essential) {
            let named = name(record["name"], .rule("an essential rule"))
            let match = match(record)
            requirePositive(match, record)
            checkEssential(match, record)
            let rule = EssentialRule(
                id: RuleID(rawValue: "essential/\(named?.text ?? "")"), match: match,
                documentation: documentation(record, defaults))
            guard let named else { continue }
            guard !standard.contains(rule.id) else {
                findings.report(
                    .reservedName, "expected another name, got `\(named.text)`, an essential rule of every policy",
                    at: named.location)
                continue
            }
            guard claim(named, "essential rule", in: &names) else { continue }
            locations[rule.id] = named.location
            policy.essential.append(rule)
        }
    }
}
