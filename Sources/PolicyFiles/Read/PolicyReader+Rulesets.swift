import NetworkTypes
import PolicyModel

extension PolicyReader {
    mutating func readRulesets(_ sections: [Section]) {
        let all = workloads.map(\.workload)
        let index = LabelIndex(all)
        for (record, outer) in records(sections, as: PolicyFormat.ruleset) {
            let named = name(record["name"], .rule("a ruleset"))
            let defaults = defaults(in: record, over: outer)
            let scopes = scalars(record["scope"], of: "a selector").compactMap { selector($0) }
            var items: [Record] = []
            if let tree = record["rules"] {
                for item in list(tree, of: "a list of rules") ?? [] {
                    if let rule = self.record(item, as: PolicyFormat.rule) { items.append(rule) }
                }
            }
            let isKnown = named.map { claimGroup($0, "ruleset") } ?? false
            let reach = ScopeReach(scopes, among: all, by: index, sets: addressSets)
            var ruleset = Ruleset(id: named?.text ?? "", scopes: scopes, rules: [])
            var names: [String: Diagnostic.Location] = [:]
            for item in items {
                let ruleName = name(item["name"], .rule("a rule"))
                let isNew = ruleName.map { claim($0, "rule", in: &names) } ?? false
                let isEnabled = boolean(item["enabled"], default: true)
                let rule = rule(item, id: "\(ruleset.id)/\(ruleName?.text ?? "")", defaults, reach)
                guard isKnown, isNew else { continue }
                locations[rule.id] = ruleName?.location ?? item.location
                if isEnabled {
                    ruleset.rules.append(rule)
                } else {
                    disabledRules.append(rule.id)
                }
            }
            ruleset.rules.sort { $0.id < $1.id }
            if isKnown { policy.rulesets.append(ruleset) }
        }
    }

    private mutating func rule(
        _ record: Record, id: String, _ defaults: DocumentationDefaults, _ reach: ScopeReach
    ) -> Rule {
        let action: Rule.Action =
            switch word(record["action"], among: PolicyFormat.actions, for: "an action") {
            case "deny": .deny(.drop)
            case "reject": .deny(.reject)
            default: .allow
            }
        let match = match(record)
        let anywhere = boolean(record["anywhere"])
        let validity = validity(record)
        switch action {
        case .allow: requirePositive(match, record)
        case .deny:
            if validity.until != nil {
                findings.report(
                    .denyExpires, "a deny has no `validUntil`: what expires must not open",
                    at: record.place("validUntil"))
            }
            for key in ["anywhere", "widen"] where record[key] != nil {
                findings.report(.notForDeny, "`\(key)` is for allow rules, got it in a deny", at: record.place(key))
            }
        }
        if let warning = reach.warning(action, match, anywhere: anywhere) {
            findings.report(.outsideScope, warning.message, at: record.place(warning.key))
        }
        return Rule(
            id: RuleID(rawValue: id), action: action, match: match, anywhere: anywhere, validity: validity,
            documentation: documentation(record, defaults))
    }
}
