internal import NetworkTypes
internal import PolicyEngine
internal import PolicyModel

/// A tier as one direction sees it: rules that are in force and that a packet filter can tell.
struct DirectedTier {
    /// A rule, with the second of UTC from which on it must not match.
    struct DirectedRule {
        let rule: ProgramRule
        let expiry: Int64?
    }

    let id: TierID
    let rules: [DirectedRule]
    let onNoMatch: Tier.Default

    /// The tiers of a program in one direction, as many as the program has.
    ///
    /// Out go rules that are not in force, and allows and passes that ask for a process or a principal, which then match
    /// nothing; a deny that asks for one is refused.
    static func tiers(
        of program: WorkloadProgram, _ direction: Direction, at instant: Instant
    ) throws(RenderError) -> [DirectedTier] {
        var result: [DirectedTier] = []
        for tier in program.tiers {
            var rules: [DirectedRule] = []
            for rule in tier.rules where rule.direction == direction && rule.validity.contains(instant) {
                let isDeny = if case .deny = rule.action { true } else { false }
                if rule.needsAttributes {
                    if isDeny { throw .denyNeedsAttributes(rule.id) }
                    continue
                }
                rules.append(DirectedRule(rule: rule, expiry: isDeny ? nil : rule.validity.until.map(second)))
            }
            result.append(DirectedTier(id: tier.id, rules: rules, onNoMatch: tier.onNoMatch[direction] ?? .next))
        }
        return result
    }

    /// The second in which the instant lies, so that what expires does so up to a second early: nft's text and listing
    /// know whole seconds only.
    private static func second(_ instant: Instant) -> Int64 {
        max(0, instant.rawValue / 1_000_000_000)
    }
}

extension ProgramRule {
    /// Whether the rule asks for a process or a principal.
    var needsAttributes: Bool { attributes != .none || needsSamePrincipal }
}
