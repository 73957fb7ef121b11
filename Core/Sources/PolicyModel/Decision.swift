public import NetworkTypes

/// The answer to "may this flow pass, and why".
public struct Decision: Hashable, Sendable {
    /// As if each workload end were in full mode.
    public var policy: Verdict
    /// With only managed ends, under their mode.
    public var effective: Verdict

    /// Makes a decision.
    public init(policy: Verdict, effective: Verdict) {
        self.policy = policy
        self.effective = effective
    }
}

/// An outcome with what decided it at each end.
public struct Verdict: Hashable, Sendable {
    /// What happens to the flow.
    public var outcome: Outcome
    /// What the source's end said.
    public var source: EndDecision
    /// What the destination's end said.
    public var destination: EndDecision

    /// Makes a verdict.
    public init(outcome: Outcome, source: EndDecision, destination: EndDecision) {
        self.outcome = outcome
        self.source = source
        self.destination = destination
    }
}

/// What happens to a flow.
public enum Outcome: Hashable, Sendable {
    /// Every governed end allows it; also when no end is governed.
    case allowed
    /// An end denies it, whatever is unknown.
    case denied
    /// It depends on an attribute that the flow record lacks.
    case indeterminate(FlowAttribute)
    /// It depends on the source port, which was not recorded: these cannot connect or get no reply.
    case partly(denied: PortSet)
}

/// What one end said, and what decided it.
public struct EndDecision: Hashable, Sendable {
    /// What the end does with the flow.
    public enum Kind: Hashable, Sendable {
        /// Lets it pass.
        case allowed
        /// Turns it away.
        case denied
        /// Cannot be told without an attribute that the record lacks.
        case indeterminate(FlowAttribute)
        /// No layer applies there.
        case notGoverned
    }

    /// What the end does.
    public var kind: Kind
    /// What decided.
    public var decider: Decider

    /// Makes the decision of an end.
    public init(_ kind: Kind, by decider: Decider) {
        self.kind = kind
        self.decider = decider
    }

    /// The end that no layer governs.
    public static let notGoverned = EndDecision(.notGoverned, by: .nothing)
}

/// What decided at an end.
public enum Decider: Hashable, Sendable {
    /// A rule of a tier.
    case rule(RuleID, tier: TierID, layer: LayerID)
    /// What a tier does on no match.
    case tierDefault(TierID, layer: LayerID)
    /// What the layer does after its last tier.
    case layerDefault(LayerID)
    /// A workload may talk to itself.
    case selfTraffic
    /// No layer applies.
    case nothing
}
