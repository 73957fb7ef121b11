import NetworkTypes
import PolicyFiles
import PolicyModel

extension CalicoPolicy {
    /// The rules of one written rule; none for `Log`, after which the next rule is asked.
    mutating func rules(
        _ id: RuleID, rank: Int, _ tree: Tree, _ direction: Direction, _ selected: EndExpression, home: String?,
        doubt: String?
    ) throws(Refusal) -> [FlatRule] {
        _ = try tree.entries("a rule")
        var unknown = tree.unknownFields(known: [
            "action", "ipVersion", "protocol", "notProtocol", "icmp", "notICMP", "source", "destination", "http",
            "metadata",
        ])
        let action = try Self.action(tree)
        let traffic = try CalicoTraffic.read(tree)
        for field in ["protocol", "notProtocol"] {
            if let written = tree[field] { mentioned.insert(try CalicoTraffic.proto(written)) }
        }
        try Self.check(tree, direction, traffic.family)
        let source = try entity(tree["source"], home: home, unknown: &unknown)
        let destination = try entity(tree["destination"], home: home, unknown: &unknown)
        let own = self.doubt(about: unknown, in: "a rule", rule: id)
        let http = try http(tree, direction, action, rule: id)
        origins[id] = RuleOrigin(location: tree.location)
        guard let action else { return [] }

        var (subject, peer) = direction == .ingress ? (destination, source) : (source, destination)
        if let family = traffic.family { peer.narrow(to: .addresses(AddressSet([Prefix.all(family)]))) }
        let terms = direction == .egress ? Self.both(traffic.terms, destination.services) : traffic.terms
        let reason = doubt ?? own ?? http ?? traffic.doubt
        if let reason = traffic.doubt, doubt ?? own ?? http == nil {
            findings.report(
                .warning, "approximate-traffic", "\(reason); what depends on the rule is answered as may",
                at: tree.location,
                effect: .may, rule: id)
        }
        subject.narrow(to: selected)
        func rule(_ subject: EndExpression, _ peer: EndExpression, _ reason: String?) -> FlatRule {
            FlatRule(
                id: id, rank: rank, action: action, direction: direction, subject: subject, peer: peer, services: terms,
                certainty: reason.map { .approximate($0) } ?? .exact)
        }
        var rules = [rule(subject.exact, peer.exact, reason)]
        if subject.wide != nil || peer.wide != nil {
            rules.append(
                rule(
                    subject.wide ?? subject.exact, peer.wide ?? peer.exact,
                    subject.wide == nil ? peer.reason : subject.reason))
        }
        return rules
    }

    private static func action(_ tree: Tree) throws(Refusal) -> RuleAction? {
        guard let written = tree["action"] else {
            throw Refusal("expected `action` in a rule", at: tree.location, code: "missing-key")
        }
        let scalar = try written.scalar("an action")
        switch scalar.text {
        case "Allow": return .allow
        case "Deny": return .deny(.drop)
        case "Pass": return .pass(to: nil)
        case "Log": return nil
        default:
            throw Refusal(
                "expected action Allow, Deny, Log or Pass, got `\(scalar.text.prefix(60))`", at: scalar.location,
                code: "unknown-word")
        }
    }

    /// What `validateRule` refuses of ends taken together.
    private static func check(_ tree: Tree, _ direction: Direction, _ family: AddressFamily?) throws(Refusal) {
        var seen = family
        for (end, field) in [
            ("source", "nets"), ("source", "notNets"), ("destination", "nets"), ("destination", "notNets"),
        ] {
            for item in try tree[end]?.list(field) ?? [] {
                guard let block = CalicoAddresses.block(try item.scalar("a block of addresses").text) else { continue }
                guard seen ?? block.prefix.family == block.prefix.family else {
                    throw Refusal(
                        "expected blocks of one family in a rule, got `\(block.prefix)` beside the other",
                        at: item.location,
                        code: "invalid-rule")
                }
                seen = block.prefix.family
            }
        }
        // Services stand at the end that the policy is not for.
        let own = direction == .ingress ? "destination" : "source"
        if let services = tree[own]?["services"] {
            throw Refusal(
                "expected no `services` in the \(own) of an \(direction.rawValue) rule", at: services.location,
                code: "invalid-rule")
        }
        let ports = try CalicoPorts.read(tree["destination"])
        if let services = tree["destination"]?["services"], ports.isWritten {
            throw Refusal("expected `services` without ports", at: services.location, code: "invalid-rule")
        }
    }

    /// Why a rule with an HTTP match is approximate: only a proxy of the mesh looks into requests.
    private mutating func http(
        _ tree: Tree, _ direction: Direction, _ action: RuleAction?, rule: RuleID
    ) throws(Refusal) -> String? {
        guard let written = tree["http"] else { return nil }
        guard direction == .ingress, action == .allow else {
            throw Refusal("expected `http` in an ingress rule that allows", at: written.location, code: "invalid-rule")
        }
        if let proto = tree["protocol"], try CalicoTraffic.proto(proto) != .tcp {
            throw Refusal("expected protocol TCP beside `http`", at: proto.location, code: "invalid-rule")
        }
        findings.report(
            .warning, "http", "what a request asks for is not known; what depends on the rule is answered as may",
            at: written.location, effect: .may, rule: rule)
        return "an HTTP match"
    }

    /// What both lists of traffic cover.
    private static func both(_ terms: [ServiceTerm], _ other: [ServiceTerm]?) -> [ServiceTerm] {
        guard let other else { return terms }
        if terms == [.any] { return other }
        // A rule with services has no ports of its own, so its protocol alone narrows them.
        return other.filter { term in
            terms.contains { own in
                switch (own, term) {
                case (.any, _), (_, .any): true
                case (.proto(let a), .proto(let b)), (.proto(let a), .ports(let b, _, _)): a == b
                case (.proto(let a), .named(let name)): name.rawValue.hasSuffix("/\(a)")
                case (.proto, .icmp), (.ports, _), (.icmp, _), (.named, _): false
                }
            }
        }
    }
}
