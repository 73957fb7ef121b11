import NetworkTypes
import PolicyModel

/// Reads flat policy and lattice policy of conformance cases.
extension ConformanceReader {
    // MARK: Flat

    func layer(_ node: ConformanceNode) throws -> Layer {
        try node.allow([
            "id", "enforcer", "appliesTo", "appliesWhen", "stateless", "fullFor", "tiers", "default",
            "selectiveDefault",
        ])
        let enforcer: Layer.Enforcer =
            switch try node.text("enforcer") {
            case "agent": .agent
            case "platform": .platform
            default: throw node.fail("the enforcer `agent` or `platform`")
            }
        return Layer(
            id: LayerID(rawValue: try node.text("id")), enforcer: enforcer, appliesTo: try text.end(node["appliesTo"]),
            appliesWhen: try node.items("appliesWhen").map(text.relation),
            isStateful: try !node.bool("stateless", default: false),
            fullFor: try node["fullFor"].map(text.end) ?? .union([]), tiers: try node.items("tiers").map(tier),
            fullDefault: try defaultAction(node["default"]) ?? .deny,
            selectiveDefault: try defaultAction(node["selectiveDefault"]) ?? .allow)
    }

    private func defaultAction(_ node: ConformanceNode?) throws -> DefaultAction? {
        guard let node else { return nil }
        switch try node.text() {
        case "allow": return .allow
        case "deny": return .deny
        default: throw node.fail("`allow` or `deny`")
        }
    }

    private func tier(_ node: ConformanceNode) throws -> Tier {
        try node.allow(["id", "onNoMatch", "selections", "rules"])
        let onNoMatch: Tier.Default =
            switch try node["onNoMatch"]?.text() ?? "next" {
            case "allow": .allow
            case "deny": .deny
            case "next": .next
            default: throw node.fail("onNoMatch `allow`, `deny` or `next`")
            }
        return Tier(
            id: TierID(rawValue: try node.text("id")), onNoMatch: onNoMatch,
            selections: try node["selections"]?.items().map { item in
                try item.allow(["subject", "direction"])
                return Selection(subject: try text.end(item["subject"]), direction: try direction(item))
            },
            rules: try node.items("rules").map(flatRule))
    }

    private func direction(_ node: ConformanceNode) throws -> Direction {
        guard let direction = Direction(rawValue: try node.text("direction")) else { throw node.fail("a direction") }
        return direction
    }

    private func flatRule(_ node: ConformanceNode) throws -> FlatRule {
        try node.allow([
            "id", "rank", "action", "direction", "subject", "peer", "relations", "services", "subjectProcesses",
            "subjectPrincipals", "peerProcesses", "peerPrincipals", "widensPeer", "conditions", "validFrom",
            "validUntil", "approximate",
        ])
        let action = try ruleAction(node.required("action"))
        return FlatRule(
            id: RuleID(rawValue: try node.text("id")), rank: try node["rank"]?.number() ?? 0, action: action,
            direction: try direction(node), subject: try text.end(node["subject"]), peer: try text.end(node["peer"]),
            relations: try node.items("relations").map(text.relation), services: try services(node),
            subjectAttributes: try attributes(node, "subject"), peerAttributes: try attributes(node, "peer"),
            widensPeer: try node.bool("widensPeer", default: false), conditions: try conditions(node),
            validity: try validity(node),
            certainty: try node["approximate"].map { .approximate(try $0.text()) } ?? .exact)
    }

    private func ruleAction(_ node: ConformanceNode) throws -> RuleAction {
        let name = try node.text()
        if let tier = ConformanceText.rest(of: name, after: "pass to ") { return .pass(to: TierID(rawValue: tier)) }
        switch name {
        case "deny": return .deny(.drop)
        case "reject": return .deny(.reject)
        case "allow": return .allow
        case "pass": return .pass(to: nil)
        default: throw node.fail("`deny`, `reject`, `allow`, `pass` or `pass to TIER`")
        }
    }

    // MARK: Shared by both

    private func services(_ node: ConformanceNode) throws -> [ServiceTerm] {
        try node["services"]?.items().map(text.service) ?? [.any]
    }

    private func attributes(_ node: ConformanceNode, _ end: String) throws -> AttributeMatch {
        AttributeMatch(
            processes: node["\(end)Processes"] == nil
                ? nil : Set(try node.texts("\(end)Processes").map(ProcessName.init(rawValue:))),
            principals: node["\(end)Principals"] == nil ? nil : Set(try node.texts("\(end)Principals")))
    }

    private func conditions(_ node: ConformanceNode) throws -> [Condition] {
        try node.texts("conditions").map { written in
            let negated = ConformanceText.rest(of: written, after: "not ")
            return Condition(ConditionName(rawValue: negated ?? written), is: negated == nil)
        }
    }

    private func validity(_ node: ConformanceNode) throws -> Validity {
        Validity(
            from: try instant(node["validFrom"]).map { .init(rawValue: $0) },
            until: try instant(node["validUntil"]).map { .init(rawValue: $0) })
    }

    // MARK: Lattice

    func policy(_ node: ConformanceNode, _ sets: [AddressSetID: AddressSet]) throws -> Policy {
        var essential: [EssentialRule] = []
        for item in try node.items("essential") {
            if case .text("standard") = item.value {
                essential += EssentialRule.standard
            } else {
                try item.allow(Self.matchKeys + ["id"])
                essential.append(
                    EssentialRule(id: try id(item), match: try match(item), documentation: .forTests))
            }
        }
        return Policy(
            addressSets: sets, essential: essential, quarantines: try node.items("quarantines").map(quarantine),
            guardrails: try node.items("guardrails").map(guardrail), rulesets: try node.items("rulesets").map(ruleset))
    }

    private static let matchKeys = [
        "from", "to", "relations", "services", "fromProcesses", "fromPrincipals", "toProcesses", "toPrincipals",
        "widensFarEnd", "conditions",
    ]

    private func id(_ node: ConformanceNode) throws -> RuleID { RuleID(rawValue: try node.text("id")) }

    private func match(_ node: ConformanceNode) throws -> TrafficMatch {
        TrafficMatch(
            from: try text.end(node["from"]), to: try text.end(node["to"]),
            relations: try node.items("relations").map(text.relation), services: try services(node),
            fromAttributes: try attributes(node, "from"), toAttributes: try attributes(node, "to"),
            widensFarEnd: try node.bool("widensFarEnd", default: false), conditions: try conditions(node))
    }

    private func exception(_ node: ConformanceNode) throws -> PolicyException {
        try node.allow(Self.matchKeys + ["id", "validFrom", "validUntil"])
        return PolicyException(
            id: try id(node), match: try match(node), validity: try validity(node), documentation: .forTests)
    }

    private func quarantine(_ node: ConformanceNode) throws -> Quarantine {
        try node.allow(["id", "members", "exceptions"])
        return Quarantine(
            id: try id(node), members: try text.end(node.required("members")),
            exceptions: try node.items("exceptions").map(exception), documentation: .forTests)
    }

    private func guardrail(_ node: ConformanceNode) throws -> Guardrail {
        try node.allow(Self.matchKeys + ["id", "exceptions"])
        return Guardrail(
            id: try id(node), match: try match(node), exceptions: try node.items("exceptions").map(exception),
            documentation: .forTests)
    }

    private func ruleset(_ node: ConformanceNode) throws -> Ruleset {
        try node.allow(["id", "scopes", "rules"])
        return Ruleset(
            id: try node.text("id"), scopes: try node.required("scopes").items().map(text.selector),
            rules: try node.items("rules").map { item in
                try item.allow(Self.matchKeys + ["id", "action", "anywhere", "validFrom", "validUntil"])
                let action: Rule.Action =
                    switch try item["action"]?.text() ?? "allow" {
                    case "allow": .allow
                    case "deny": .deny(.drop)
                    case "reject": .deny(.reject)
                    default: throw item.fail("an action")
                    }
                return Rule(
                    id: try id(item), action: action, match: try match(item),
                    anywhere: try item.bool("anywhere", default: false), validity: try validity(item),
                    documentation: .forTests)
            })
    }
}
