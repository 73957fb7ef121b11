public import PolicyModel

/// What one written rule does in its policy.
public struct RuleStanding: Hashable, Sendable {
    /// Why a rule can match nothing.
    public enum Vacuity: Hashable, Sendable {
        /// It is no longer in force.
        case expired
        /// It covers no traffic: no service, or ports that nobody has a name for.
        case noTraffic
        /// Nobody can be the source.
        case noSource
        /// Nobody can be the destination.
        case noDestination
        /// No layer that it stands in is enforced at its subjects.
        case notEnforced
        /// There are sources and destinations, but no two that it holds between.
        case noPair
    }

    /// How often something comes first.
    public enum Extent: Hashable, Sendable {
        /// For a part of what the rule covers.
        case some
        /// For all that it covers.
        case all
    }

    /// A rule that does the opposite, and is asked before.
    public struct Contradiction: Hashable, Sendable {
        /// The other rule.
        public let rule: RuleID
        /// How much of what the rule covers it takes.
        public let extent: Extent
    }

    /// Whether the rule decides anything.
    public enum Effect: Hashable, Sendable {
        /// It is reached by something that it covers, such as this.
        case decides(Witness?)
        /// It is reached only if another rule, which is not certain, does not match.
        case unsure(RuleID)
        /// It is never reached: these rules, and the defaults of tiers before it, take all that it covers.
        case shadowed(by: [RuleID])
        /// There is nothing that it covers.
        case vacuous(Vacuity)
    }

    /// The rule.
    public let rule: RuleID
    /// Whether it decides anything.
    public let effect: Effect
    /// Rules of the other action that take some or all of what it covers, by name.
    public let contradictions: [Contradiction]
}
