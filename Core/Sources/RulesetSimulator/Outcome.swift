/// A rule by its chain and its place in it, counted from 0; deterministic order is by chain name, then place.
public struct RulePosition: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The chain's name.
    public var chain: String
    /// The rule's place in the chain, from 0.
    public var index: Int

    /// Names the rule at `index`, from 0, of `chain`.
    public init(_ chain: String, _ index: Int) {
        self.chain = chain
        self.index = index
    }

    /// Orders by the chain's name, then by place.
    public static func < (a: Self, b: Self) -> Bool { a.chain == b.chain ? a.index < b.index : a.chain < b.chain }

    /// `chain[index]`.
    public var description: String { "\(chain)[\(index)]" }
}

/// What a `reject` sends back to the sender.
public enum RejectAnswer: Hashable, Sendable {
    /// A TCP reset.
    case tcpReset
    /// ICMP destination unreachable with this code (RFC 792, RFC 1812 §5.2.7.1).
    case icmp(code: UInt8)
    /// ICMPv6 destination unreachable with this code (RFC 4443 §3.1).
    case icmpv6(code: UInt8)
}

/// What a rule does to a set for the packets that reach it.
public enum SetOperation: String, Hashable, Sendable {
    /// Adds the key unless it is there.
    case add
    /// Adds the key or renews its timeout.
    case update
    /// Takes the key out.
    case delete
}

/// What a chain says to packets that reach its end.
public enum Policy: String, Hashable, Sendable {
    /// Lets them go on.
    case accept
    /// Discards them.
    case drop
}

/// What becomes of a packet at one hook, and what it touched on its way.
public struct Outcome: Hashable, Sendable {
    /// The fate of a packet.
    public enum Verdict: Hashable, Sendable {
        /// No chain of the table stands in its way; a chain of another table may.
        case accepted
        /// Discarded without a word.
        case dropped
        /// Discarded with an answer to the sender.
        case rejected(RejectAnswer)
    }

    /// What brought about the verdict.
    public enum Decider: Hashable, Sendable {
        /// The table has no base chain at this hook.
        case noChain
        /// The policy of a base chain.
        case policy(chain: String)
        /// A rule, and the base chain in whose run it stood.
        case rule(RulePosition, base: String)
    }

    /// One `log` statement that was run.
    public struct LogRecord: Hashable, Sendable {
        /// The rule that has the statement.
        public var rule: RulePosition
        /// The prefix; empty when it has none.
        public var prefix: String
        /// The NFLOG group; nil for the kernel's own log.
        public var group: UInt16?

        /// Describes a record.
        public init(rule: RulePosition, prefix: String, group: UInt16?) {
            self.rule = rule
            self.prefix = prefix
            self.group = group
        }
    }

    /// One counter that was raised by one packet.
    public enum CounterHit: Hashable, Sendable {
        /// A counter of the table.
        case named(String)
        /// The counter of a rule.
        case anonymous(RulePosition)
    }

    /// One change of a set by the packet.
    public struct SetUpdate: Hashable, Sendable {
        /// The set's name.
        public var set: String
        /// What was done.
        public var operation: SetOperation
        /// The key as text, its parts joined by ` . `.
        public var key: String

        /// Describes a change.
        public init(set: String, operation: SetOperation, key: String) {
            self.set = set
            self.operation = operation
            self.key = key
        }
    }

    /// The fate: of several base chains at a hook each may drop, none can undo a drop.
    public internal(set) var verdict: Verdict = .accepted
    /// What brought it about; of several accepting base chains the last one.
    public internal(set) var decidedBy: Decider = .noChain
    /// Every rule that matched to its end, in order, over all base chains.
    public internal(set) var path: [RulePosition] = []
    /// The log statements, in order.
    public internal(set) var logs: [LogRecord] = []
    /// The counters, in order; one may stand several times.
    public internal(set) var counters: [CounterHit] = []
    /// The changes of sets, in order.
    public internal(set) var updates: [SetUpdate] = []
    /// Whether `notrack` took the packet out of connection tracking.
    public internal(set) var untracked = false
}
