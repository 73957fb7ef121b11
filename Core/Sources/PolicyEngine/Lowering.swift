internal import NetworkTypes
public import PolicyModel

extension Policy {
    /// The name of Bulkhead's own layer.
    public static let layerID: LayerID = "bulkhead"

    /// Lowers the lattice into the flat form: one agent layer, a tier per precedence, two flat rules for each written
    /// one (egress at the source, ingress at the destination).
    ///
    /// Exceptions become passes, so every guardrail and every quarantine has a tier of its own.
    public func lowered() -> FlatPolicy {
        let byName = quarantines.sorted { $0.id < $1.id }
        var tiers = [Tier(id: "icmp", rules: Self.messageRules)]
        tiers.append(Tier(id: "essential", rules: essential.flatMap(Self.allow)))
        for quarantine in byName { tiers.append(Self.tier(quarantine)) }
        for guardrail in guardrails.sorted(by: { $0.id < $1.id }) { tiers.append(Self.tier(guardrail)) }
        var allows = byName.flatMap(Self.exceptionAllows)
        var denies: [FlatRule] = []
        for ruleset in rulesets {
            for rule in ruleset.rules {
                switch rule.action {
                case .allow: allows += ruleset.scopes.flatMap { Self.allow(rule, in: $0) }
                case .deny(let denial): denies += ruleset.scopes.flatMap { Self.deny(rule, denial, in: $0) }
                }
            }
        }
        tiers.append(Tier(id: "allow", rules: allows))
        tiers.append(Tier(id: "deny", rules: denies))
        let quarantined = EndExpression.union(byName.map(\.members))
        let layer = Layer(
            id: Self.layerID, enforcer: .agent, appliesTo: .anyWorkload, fullFor: quarantined, tiers: tiers,
            fullDefault: .deny, selectiveDefault: .allow)
        return FlatPolicy(layers: [layer], addressSets: addressSets)
    }

    /// ICMP errors pass only as related to a connection, which no flow to be judged is; redirects never pass.
    private static var messageRules: [FlatRule] {
        var redirects: [ServiceTerm] = []
        var errors: [ServiceTerm] = []
        for proto in [IPProtocol.icmp, .icmpv6] {
            for type in UInt8.min...UInt8.max {
                let message = ICMPMessage(type: type, code: 0)
                if message.isRedirect(proto) {
                    redirects.append(.icmp(proto, type: type, code: nil))
                } else if message.isError(proto) {
                    errors.append(.icmp(proto, type: type, code: nil))
                }
            }
        }
        return both("icmp/redirects-never", .deny(.drop), TrafficMatch(from: .any, to: .any, services: redirects))
            + both("icmp/errors-only-as-related", .deny(.drop), TrafficMatch(from: .any, to: .any, services: errors))
    }

    private static func both(
        _ id: RuleID, _ action: RuleAction, _ match: TrafficMatch, rank: Int = 0, validity: Validity = .always
    ) -> [FlatRule] {
        [Direction.egress, .ingress].map { one(id, action, match, $0, rank: rank, validity: validity) }
    }

    private static func allow(_ rule: EssentialRule) -> [FlatRule] {
        both(rule.id, .allow, rule.match).filter { rule.directions.contains($0.direction) }
    }

    private static func one(
        _ id: RuleID, _ action: RuleAction, _ match: TrafficMatch, _ direction: Direction, rank: Int = 0,
        validity: Validity = .always
    ) -> FlatRule {
        let outward = direction == .egress
        return FlatRule(
            id: id, rank: rank, action: action, direction: direction, subject: outward ? match.from : match.to,
            peer: outward ? match.to : match.from, relations: match.relations, services: match.services,
            subjectAttributes: outward ? match.fromAttributes : match.toAttributes,
            peerAttributes: outward ? match.toAttributes : match.fromAttributes, widensPeer: match.widensFarEnd,
            conditions: match.conditions, validity: validity)
    }

    /// A guardrail: its exceptions pass to the next tier, the rest of what it matches is denied.
    private static func tier(_ guardrail: Guardrail) -> Tier {
        let holes = guardrail.exceptions.flatMap { both($0.id, .pass(to: nil), $0.match, validity: $0.validity) }
        let denials = both(guardrail.id, .deny(guardrail.denial), guardrail.match, rank: 1)
        return Tier(id: TierID(rawValue: "guardrail/\(guardrail.id)"), rules: holes + denials)
    }

    /// A quarantine: what it excepts passes to the next tier, all else to or from a member is denied.
    private static func tier(_ quarantine: Quarantine) -> Tier {
        let holes = quarantine.exceptions.flatMap { both($0.id, .pass(to: nil), $0.match, validity: $0.validity) }
        let members = quarantine.members.intersected(with: .anyWorkload)
        let denials =
            both(quarantine.id, .deny(.drop), TrafficMatch(from: members, to: .any, services: [.any]), rank: 1)
            + both(quarantine.id, .deny(.drop), TrafficMatch(from: .any, to: members, services: [.any]), rank: 1)
        return Tier(id: TierID(rawValue: "quarantine/\(quarantine.id)"), rules: holes + denials)
    }

    /// An exception acts as an allow at both ends, for flows that touch a member of its quarantine.
    private static func exceptionAllows(_ quarantine: Quarantine) -> [FlatRule] {
        let members = quarantine.members.intersected(with: .anyWorkload)
        return quarantine.exceptions.flatMap { exception in
            var leaving = exception.match
            leaving.from = leaving.from.intersected(with: members)
            var entering = exception.match
            entering.to = entering.to.intersected(with: members)
            return both(exception.id, .allow, leaving, validity: exception.validity)
                + both(exception.id, .allow, entering, validity: exception.validity)
        }
    }

    /// An allow inside one scope: the destination consents; to what is no workload, the source's owner decides.
    private static func allow(_ rule: Rule, in scope: Selector) -> [FlatRule] {
        let inside = EndExpression.selector(scope)
        var consented = rule.match
        consented.to = consented.to.intersected(with: inside)
        if !rule.anywhere { consented.from = consented.from.intersected(with: inside) }
        var rules = both(rule.id, .allow, consented, validity: rule.validity)
        if rule.match.to.mayHoldUnmanaged {
            var outward = rule.match
            outward.from = outward.from.intersected(with: inside)
            outward.to = .difference(outward.to, .anyWorkload)
            rules.append(one(rule.id, .allow, outward, .egress, validity: rule.validity))
        }
        return rules
    }

    /// A deny inside one scope binds at the ends that lie in it.
    private static func deny(_ rule: Rule, _ denial: RuleAction.Denial, in scope: Selector) -> [FlatRule] {
        [Direction.egress, .ingress].map { direction in
            var flat = one(rule.id, .deny(denial), rule.match, direction, validity: rule.validity)
            flat.subject = flat.subject.intersected(with: .selector(scope))
            return flat
        }
    }
}

extension EndExpression {
    /// What both hold for.
    func intersected(with other: EndExpression) -> EndExpression {
        if self == .any { return other }
        if other == .any || (other == .anyWorkload || other == .selector(.all)) && holdsOnlyForWorkloads { return self }
        return .intersection([self, other])
    }

    /// Whether an address without an owner can be a member.
    var mayHoldUnmanaged: Bool { !holdsOnlyForWorkloads }

    private var holdsOnlyForWorkloads: Bool {
        switch self {
        case .anyWorkload, .selector, .workload: true
        case .any, .addressSet, .addresses: false
        case .union(let parts): parts.allSatisfy(\.holdsOnlyForWorkloads)
        case .intersection(let parts): parts.contains(where: \.holdsOnlyForWorkloads)
        case .difference(let first, _): first.holdsOnlyForWorkloads
        }
    }
}
