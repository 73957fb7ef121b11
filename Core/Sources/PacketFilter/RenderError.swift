public import PolicyModel

/// Why a program cannot be enforced by the packet filter; nothing of it may then be installed.
public enum RenderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A deny asks for a process or a principal, which a packet does not show; leaving it out would open.
    case denyNeedsAttributes(RuleID)
    /// A rule speaks of a named port that nobody resolved.
    case unresolvedPort(RuleID, PortName)
    /// Something is larger than its limit; what, how large at least, and the limit.
    case tooLarge(Quantity, Int, limit: Int)
    /// Two contents have one hash; the name that both would bear.
    case hashCollision(String)

    /// What is limited.
    public enum Quantity: String, Hashable, Sendable {
        /// Elements of all sets.
        case elements
        /// Regular chains.
        case chains
        /// Rules.
        case rules
        /// Chains below one another.
        case depth = "chains below one another"
        /// Chains that the kernel visits while it validates.
        case visits = "chain visits of the kernel's validation"
    }

    /// One line for people.
    public var description: String {
        switch self {
        case .denyNeedsAttributes(let rule):
            "rule `\(rule)` denies by process or principal, which a packet filter cannot tell"
        case .unresolvedPort(let rule, let port):
            "rule `\(rule)` speaks of the named port `\(port)`, expected a resolved port"
        case .tooLarge(let quantity, let count, let limit):
            "the ruleset needs \(count) \(quantity.rawValue) or more, expected at most \(limit)"
        case .hashCollision(let name): "two different contents would both be called `\(name)`"
        }
    }
}
