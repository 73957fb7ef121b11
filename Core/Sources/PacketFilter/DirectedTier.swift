internal import NetworkTypes
internal import PolicyEngine
internal import PolicyModel

/// A tier as one direction sees it: rules that are in force and that a packet filter can tell.
struct DirectedTier {
    /// A rule, with the seconds of UTC from which on it matches, and from which on it must not.
    struct DirectedRule {
        let rule: ProgramRule
        let start: Int64?
        let expiry: Int64?
    }

    let id: TierID
    let rules: [DirectedRule]
    let onNoMatch: Tier.Default

    /// The tiers of a program in one direction, as many as the program has.
    ///
    /// A rule that begins later is there already, so that it begins even when no agent is left. Out go rules that have
    /// ended, and allows and passes that ask for a process or a principal, which then
    /// match nothing; a deny that asks for one is refused.
    static func tiers(
        of program: WorkloadProgram, _ direction: Direction, at instant: Instant
    ) throws(RenderError) -> [DirectedTier] {
        var result: [DirectedTier] = []
        for tier in program.tiers {
            var rules: [DirectedRule] = []
            for rule in tier.rules where rule.direction == direction && !rule.validity.hasEnded(at: instant) {
                let isDeny = if case .deny = rule.action { true } else { false }
                if rule.needsAttributes {
                    if isDeny { throw .denyNeedsAttributes(rule.id) }
                    continue
                }
                let begins = rule.validity.from.flatMap { $0 > instant ? $0 : nil }
                rules.append(
                    DirectedRule(
                        rule: rule, start: begins.map { isDeny ? second($0) : secondAfter($0) },
                        expiry: isDeny ? nil : rule.validity.until.map(second)))
            }
            rules = merged(rules)
            result.append(DirectedTier(id: tier.id, rules: rules, onNoMatch: tier.onNoMatch[direction] ?? .next))
        }
        return result
    }

    /// Neighbours of one name, action and expiry as one rule, with their parts in an order of their own: flat rules
    /// that come from one written rule stand in no order that means something.
    private static func merged(_ rules: [DirectedRule]) -> [DirectedRule] {
        var result: [DirectedRule] = []
        for next in rules {
            guard let last = result.last, last.rule.id == next.rule.id, last.rule.action == next.rule.action,
                last.start == next.start, last.expiry == next.expiry
            else {
                result.append(next)
                continue
            }
            var rule = last.rule
            rule.parts += next.rule.parts
            result[result.count - 1] = DirectedRule(rule: rule, start: last.start, expiry: last.expiry)
        }
        return result.map { directed in
            var rule = directed.rule
            rule.parts.sort { $0.precedes($1) }
            return DirectedRule(rule: rule, start: directed.start, expiry: directed.expiry)
        }
    }

    /// The second in which the instant lies, so that what expires does so up to a second early: nft's text and listing
    /// know whole seconds only.
    private static func second(_ instant: Instant) -> Int64 {
        max(0, instant.rawValue / 1_000_000_000)
    }

    /// The first whole second at or after the instant, so that an allow that begins does so up to a second late.
    private static func secondAfter(_ instant: Instant) -> Int64 {
        let whole = second(instant)
        return whole * 1_000_000_000 < instant.rawValue ? whole + 1 : whole
    }
}

extension Validity {
    fileprivate func hasEnded(at instant: Instant) -> Bool { until.map { instant >= $0 } ?? false }
}

extension ProgramRule {
    /// Whether the rule asks for a process or a principal.
    var needsAttributes: Bool { attributes != .none || needsSamePrincipal }
}

extension ProgramPart {
    /// A total order of parts that differ; those for every peer come first, because nothing is asked after them.
    fileprivate func precedes(_ other: ProgramPart) -> Bool {
        if peers.isEverything != other.peers.isEverything { return peers.isEverything }
        if ownAddresses != other.ownAddresses {
            guard let mine = ownAddresses, let theirs = other.ownAddresses else { return ownAddresses == nil }
            return mine.lexicographicallyPrecedes(theirs)
        }
        if peers.hosts != other.peers.hosts { return peers.hosts.lexicographicallyPrecedes(other.peers.hosts) }
        if peers.ranges != other.peers.ranges {
            return peers.ranges.ranges.lexicographicallyPrecedes(other.peers.ranges.ranges)
        }
        if peers.exceptions != other.peers.exceptions {
            return peers.exceptions.lexicographicallyPrecedes(other.peers.exceptions)
        }
        return services != other.services && "\(services)" < "\(other.services)"
    }
}
