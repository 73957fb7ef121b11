public import NetworkTypes

/// Bulkhead's own policy: the lattice of semantics §3, as people write it.
///
/// Precedence, highest first: essential, quarantine, guardrails, allow, deny, default by mode. Inside a tier a deny
/// wins and order never matters.
public struct Policy: Hashable, Sendable {
    /// The named sets that rules refer to.
    public var addressSets: [AddressSetID: AddressSet]
    /// What hosts need to stay manageable; `EssentialRule.standard` and what is declared.
    public var essential: [EssentialRule]
    /// Workloads that are cut off.
    public var quarantines: [Quarantine]
    /// Denials that no allow overrides.
    public var guardrails: [Guardrail]
    /// The application teams' rules.
    public var rulesets: [Ruleset]

    /// Makes a policy.
    public init(
        addressSets: [AddressSetID: AddressSet] = [:], essential: [EssentialRule] = EssentialRule.standard,
        quarantines: [Quarantine] = [], guardrails: [Guardrail] = [], rulesets: [Ruleset] = []
    ) {
        self.addressSets = addressSets
        self.essential = essential
        self.quarantines = quarantines
        self.guardrails = guardrails
        self.rulesets = rulesets
    }
}

/// The traffic that a rule of the lattice speaks of: criteria are AND, items of a list are OR.
public struct TrafficMatch: Hashable, Sendable {
    /// Who opens the connection.
    public var from: EndExpression
    /// Who is reached.
    public var to: EndExpression
    /// Relations that must all hold.
    public var relations: [Relation]
    /// The traffic; none means nothing.
    public var services: [ServiceTerm]
    /// What is asked of the source's process and principal.
    public var fromAttributes: AttributeMatch
    /// What is asked of the destination's process and principal.
    public var toAttributes: AttributeMatch
    /// Whether an allow may be widened to the whole far host where that does not enforce attributes.
    public var widensFarEnd: Bool
    /// Facts that must all hold.
    public var conditions: [Condition]

    /// Makes a match; what is left out asks for nothing.
    public init(
        from: EndExpression, to: EndExpression, relations: [Relation] = [], services: [ServiceTerm],
        fromAttributes: AttributeMatch = .none, toAttributes: AttributeMatch = .none, widensFarEnd: Bool = false,
        conditions: [Condition] = []
    ) {
        self.from = from
        self.to = to
        self.relations = relations
        self.services = services
        self.fromAttributes = fromAttributes
        self.toAttributes = toAttributes
        self.widensFarEnd = widensFarEnd
        self.conditions = conditions
    }
}

/// Rules of one team, which hold inside their scopes.
public struct Ruleset: Hashable, Sendable {
    /// The unique name.
    public var id: String
    /// The workloads that the team answers for; each scope by itself.
    public var scopes: [Selector]
    /// The rules.
    public var rules: [Rule]

    /// Makes a ruleset.
    public init(id: String, scopes: [Selector], rules: [Rule]) {
        self.id = id
        self.scopes = scopes
        self.rules = rules
    }
}

/// An allow or a deny of an application team.
public struct Rule: Hashable, Sendable {
    /// Which of the two tiers the rule stands in.
    public enum Action: Hashable, Sendable {
        /// Tier 4.
        case allow
        /// Tier 5.
        case deny(RuleAction.Denial)
    }

    /// The name that verdicts report, `ruleset/rule`.
    public var id: RuleID
    /// What it does.
    public var action: Action
    /// What it speaks of.
    public var match: TrafficMatch
    /// Whether `from` of an allow may lie outside the scope, where the destination is a workload of the scope.
    public var anywhere: Bool
    /// When it is in force; a deny has no end, since what expires must not open.
    public var validity: Validity
    /// Why it exists.
    public var documentation: Documentation

    /// Makes a rule.
    public init(
        id: RuleID, action: Action = .allow, match: TrafficMatch, anywhere: Bool = false, validity: Validity = .always,
        documentation: Documentation
    ) {
        self.id = id
        self.action = action
        self.match = match
        self.anywhere = anywhere
        self.validity = validity
        self.documentation = documentation
    }
}

/// A denial that no allow overrides; it binds at each end that is selective or full.
public struct Guardrail: Hashable, Sendable {
    /// The name that verdicts report.
    public var id: RuleID
    /// What is denied.
    public var match: TrafficMatch
    /// How it is turned away.
    public var denial: RuleAction.Denial
    /// Holes in this guardrail only: the flow goes on to the others and still needs an allow.
    public var exceptions: [PolicyException]
    /// Why it exists.
    public var documentation: Documentation

    /// Makes a guardrail.
    public init(
        id: RuleID, match: TrafficMatch, denial: RuleAction.Denial = .drop, exceptions: [PolicyException] = [],
        documentation: Documentation
    ) {
        self.id = id
        self.match = match
        self.denial = denial
        self.exceptions = exceptions
        self.documentation = documentation
    }
}

/// A documented hole in a guardrail or a quarantine.
public struct PolicyException: Hashable, Sendable {
    /// The name that verdicts report, `guardrail/exception`.
    public var id: RuleID
    /// What is let through.
    public var match: TrafficMatch
    /// When it holds; the exception of a guardrail ends.
    public var validity: Validity
    /// Why it exists.
    public var documentation: Documentation

    /// Makes an exception.
    public init(id: RuleID, match: TrafficMatch, validity: Validity = .always, documentation: Documentation) {
        self.id = id
        self.match = match
        self.validity = validity
        self.documentation = documentation
    }
}

/// Workloads that are cut off from everything but essential traffic and the quarantine's own exceptions.
public struct Quarantine: Hashable, Sendable {
    /// The name that verdicts report.
    public var id: RuleID
    /// Who is cut off; addresses that are no workload's are not.
    public var members: EndExpression
    /// What passes all the same, at both ends, below guardrails; in several quarantines it must be excepted in each.
    public var exceptions: [PolicyException]
    /// Why.
    public var documentation: Documentation

    /// Makes a quarantine.
    public init(
        id: RuleID, members: EndExpression, exceptions: [PolicyException] = [], documentation: Documentation
    ) {
        self.id = id
        self.members = members
        self.exceptions = exceptions
        self.documentation = documentation
    }
}
