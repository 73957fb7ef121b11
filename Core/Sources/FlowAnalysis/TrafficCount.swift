public import NetworkTypes
import PolicyModel

/// Connections by what a policy says to them.
public struct VerdictCount: Hashable, Sendable {
    /// Connections that the policy allows.
    public internal(set) var allowed = 0
    /// Connections that the policy denies.
    public internal(set) var denied = 0
    /// Connections whose record does not suffice to tell.
    public internal(set) var undecided = 0

    mutating func add(_ answer: Answers.Answer, _ connections: Int) {
        switch answer {
        case .allowed: allowed.addSaturating(connections)
        case .denied: denied.addSaturating(connections)
        case .undecided: undecided.addSaturating(connections)
        }
    }

    func adding(_ other: VerdictCount) -> VerdictCount {
        var sum = self
        sum.allowed.addSaturating(other.allowed)
        sum.denied.addSaturating(other.denied)
        sum.undecided.addSaturating(other.undecided)
        return sum
    }
}

/// What a decision says under both views, without its reasons.
struct Answers {
    enum Answer: UInt8 {
        case allowed, denied, undecided

        init(_ outcome: Outcome) {
            switch outcome {
            case .allowed: self = .allowed
            case .denied: self = .denied
            case .indeterminate, .partly: self = .undecided
            }
        }
    }

    let policy: Answer
    let effective: Answer

    init(_ decision: Decision) {
        policy = Answer(decision.policy.outcome)
        effective = Answer(decision.effective.outcome)
    }
}

/// What traffic adds up to.
public struct TrafficCount: Hashable, Sendable {
    /// Connections.
    public private(set) var connections = 0
    /// How many of them failed.
    public private(set) var failed = 0
    /// Octets of both directions, of the edges that count them; nil when none does.
    public private(set) var bytes: UInt64?
    /// The start of the first connection.
    public private(set) var firstSeen: Instant
    /// The last packet of any connection.
    public private(set) var lastSeen: Instant
    /// Connections by policy verdict; nil without a policy.
    public private(set) var policy: VerdictCount?
    /// Connections by effective verdict; nil without a policy.
    public private(set) var effective: VerdictCount?

    init(_ edge: ObservedEdge, _ answers: Answers?) {
        firstSeen = edge.firstSeen
        lastSeen = edge.lastSeen
        add(edge, answers)
    }

    mutating func add(_ edge: ObservedEdge, _ answers: Answers?) {
        connections.addSaturating(edge.connections)
        failed.addSaturating(edge.failed)
        if let more = edge.bytes {
            var sum = bytes ?? 0
            sum.addSaturating(more)
            bytes = sum
        }
        firstSeen = min(firstSeen, edge.firstSeen)
        lastSeen = max(lastSeen, edge.lastSeen)
        guard let answers else { return }
        var (byPolicy, byEffect) = (policy ?? VerdictCount(), effective ?? VerdictCount())
        byPolicy.add(answers.policy, edge.connections)
        byEffect.add(answers.effective, edge.connections)
        (policy, effective) = (byPolicy, byEffect)
    }

    /// Adds other traffic.
    mutating func add(_ other: TrafficCount) {
        connections.addSaturating(other.connections)
        failed.addSaturating(other.failed)
        if let more = other.bytes {
            var sum = bytes ?? 0
            sum.addSaturating(more)
            bytes = sum
        }
        firstSeen = min(firstSeen, other.firstSeen)
        lastSeen = max(lastSeen, other.lastSeen)
        if let more = other.policy { policy = (policy ?? VerdictCount()).adding(more) }
        if let more = other.effective { effective = (effective ?? VerdictCount()).adding(more) }
    }
}
