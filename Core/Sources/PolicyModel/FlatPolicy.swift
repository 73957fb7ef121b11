public import NetworkTypes

/// Policy in the one shape that the engine knows; every dialect becomes this (semantics §1–2).
public struct FlatPolicy: Hashable, Sendable {
    /// The enforcement points, in the order in which explanations name them.
    public var layers: [Layer]
    /// The named sets that rules refer to.
    public var addressSets: [AddressSetID: AddressSet]

    /// Makes a policy.
    public init(layers: [Layer], addressSets: [AddressSetID: AddressSet] = [:]) {
        self.layers = layers
        self.addressSets = addressSets
    }
}

/// One enforcement point.
///
/// A flow passes an end when every layer that applies there allows it.
public struct Layer: Hashable, Sendable {
    /// Who enforces a layer.
    public enum Enforcer: Hashable, Sendable {
        /// The workload's agent, in its mode; the layer exists only at workloads.
        case agent
        /// The platform, always, at every end that `appliesTo` holds for.
        case platform
    }

    /// The layer's unique name.
    public var id: LayerID
    /// Who enforces it.
    public var enforcer: Enforcer
    /// The ends that it stands at.
    public var appliesTo: EndExpression
    /// Relations that must all hold for it to apply, such as `different([subnet])` for an ACL.
    public var appliesWhen: [Relation]
    /// Whether replies to what was allowed pass by themselves; if not, the reversed packet is judged too.
    public var isStateful: Bool
    /// Ends where an agent enforces in full mode whatever its own mode is: the quarantined.
    public var fullFor: EndExpression
    /// The tiers, highest precedence first.
    public var tiers: [Tier]
    /// What happens after the last tier: in full mode, and at platform layers.
    public var fullDefault: DefaultAction
    /// What happens after the last tier where the agent is in selective mode.
    public var selectiveDefault: DefaultAction

    /// Makes a layer; unless said otherwise it is stateful, stands at every end and denies what no tier decides.
    public init(
        id: LayerID, enforcer: Enforcer, appliesTo: EndExpression = .any, appliesWhen: [Relation] = [],
        isStateful: Bool = true, fullFor: EndExpression = .union([]), tiers: [Tier],
        fullDefault: DefaultAction = .deny, selectiveDefault: DefaultAction = .allow
    ) {
        self.id = id
        self.enforcer = enforcer
        self.appliesTo = appliesTo
        self.appliesWhen = appliesWhen
        self.isStateful = isStateful
        self.fullFor = fullFor
        self.tiers = tiers
        self.fullDefault = fullDefault
        self.selectiveDefault = selectiveDefault
    }
}

/// What a layer does with a flow that none of its tiers decided.
public enum DefaultAction: Hashable, Sendable {
    /// Allow it.
    case allow
    /// Deny it.
    case deny
}

/// A group of rules that is asked as a whole before the next.
public struct Tier: Hashable, Sendable {
    /// What a tier does when none of its rules matches.
    public enum Default: Hashable, Sendable {
        /// Allow, ending the layer.
        case allow
        /// Deny, ending the layer.
        case deny
        /// Ask the next tier.
        case next
    }

    /// The tier's name, unique in its layer.
    public var id: TierID
    /// What happens on no match.
    public var onNoMatch: Default
    /// Whom `onNoMatch` holds for: nil means every subject, otherwise only what a selection holds for; others go on to the next tier.
    public var selections: [Selection]?
    /// The rules; their order means nothing, their ranks do.
    public var rules: [FlatRule]

    /// Makes a tier.
    public init(id: TierID, onNoMatch: Default = .next, selections: [Selection]? = nil, rules: [FlatRule] = []) {
        self.id = id
        self.onNoMatch = onNoMatch
        self.selections = selections
        self.rules = rules
    }
}

/// A record that isolates subjects in one direction, even when no rule names them.
public struct Selection: Hashable, Sendable {
    /// Who is isolated.
    public var subject: EndExpression
    /// In which direction.
    public var direction: Direction

    /// Makes a selection.
    public init(subject: EndExpression, direction: Direction) {
        self.subject = subject
        self.direction = direction
    }
}

/// The direction of a flow, seen from the subject of a rule.
public enum Direction: String, Hashable, Sendable, CaseIterable {
    /// The subject is the destination.
    case ingress
    /// The subject is the source.
    case egress

    /// The other direction.
    public var opposite: Direction {
        switch self {
        case .ingress: .egress
        case .egress: .ingress
        }
    }
}

/// What a rule does with a flow that it matches.
public enum RuleAction: Hashable, Sendable {
    /// How a denied flow is turned away.
    public enum Denial: Hashable, Sendable {
        /// Silently.
        case drop
        /// With a TCP reset or an ICMP error.
        case reject
    }

    /// Deny, ending the layer.
    case deny(Denial)
    /// Allow, ending the layer.
    case allow
    /// Go on with the named later tier, or with the next when nil; a concession, which matches like an allow.
    case pass(to: TierID?)
}

/// A rule of a tier.
///
/// All its criteria must hold; inside a list one is enough.
public struct FlatRule: Hashable, Sendable {
    /// The name that verdicts report; several flat rules may come from one written rule and share it.
    public var id: RuleID
    /// Lower ranks are asked first; at equal rank deny before allow before pass, then by `id`.
    public var rank: Int
    /// What it does.
    public var action: RuleAction
    /// Which end is the subject.
    public var direction: Direction
    /// Whom it governs.
    public var subject: EndExpression
    /// The other end.
    public var peer: EndExpression
    /// Relations between the ends that must all hold.
    public var relations: [Relation]
    /// The traffic it covers; none means nothing.
    public var services: [ServiceTerm]
    /// What it asks of the subject's process and principal; the subject's end tests it.
    public var subjectAttributes: AttributeMatch
    /// What it asks of the peer's process and principal; the peer's end tests it.
    public var peerAttributes: AttributeMatch
    /// Whether an allow may be widened to the whole peer where the peer does not enforce attributes.
    public var widensPeer: Bool
    /// Facts that must all hold.
    public var conditions: [Condition]
    /// When it is in force.
    public var validity: Validity
    /// Whether the rule says all that its author wrote.
    public var certainty: Certainty

    /// Makes a rule; what is left out asks for nothing.
    public init(
        id: RuleID, rank: Int = 0, action: RuleAction, direction: Direction, subject: EndExpression,
        peer: EndExpression, relations: [Relation] = [], services: [ServiceTerm],
        subjectAttributes: AttributeMatch = .none, peerAttributes: AttributeMatch = .none, widensPeer: Bool = false,
        conditions: [Condition] = [], validity: Validity = .always, certainty: Certainty = .exact
    ) {
        self.id = id
        self.rank = rank
        self.action = action
        self.direction = direction
        self.subject = subject
        self.peer = peer
        self.relations = relations
        self.services = services
        self.subjectAttributes = subjectAttributes
        self.peerAttributes = peerAttributes
        self.widensPeer = widensPeer
        self.conditions = conditions
        self.validity = validity
        self.certainty = certainty
    }

    /// Whether the rule names a process at either end; only such rules judge a workload's traffic with itself.
    public var namesProcess: Bool { subjectAttributes.processes != nil || peerAttributes.processes != nil }
}

/// Whether a rule that was read from another language says all that its author wrote (semantics §4).
public enum Certainty: Hashable, Sendable {
    /// It covers exactly what was written.
    case exact
    /// It covers at least what was written, and perhaps more, for the stated reason.
    ///
    /// Asking, a flow that it covers may or may not match. Enforcing, an allow and a pass match nothing, a deny all of it.
    case approximate(String)
}

/// A half-open span of time, [from, until); nil ends are open.
public struct Validity: Hashable, Sendable {
    /// The first instant at which it holds.
    public var from: Instant?
    /// The first instant at which it no longer holds.
    public var until: Instant?

    /// Makes a span.
    public init(from: Instant? = nil, until: Instant? = nil) {
        self.from = from
        self.until = until
    }

    /// The span without ends.
    public static let always = Validity()

    /// Whether it holds at `instant`.
    public func contains(_ instant: Instant) -> Bool {
        if let from, instant < from { return false }
        if let until, instant >= until { return false }
        return true
    }
}
