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

    mutating func add(_ outcome: Outcome, _ connections: Int) {
        switch outcome {
        case .allowed: allowed.addSaturating(connections)
        case .denied: denied.addSaturating(connections)
        case .indeterminate, .partly: undecided.addSaturating(connections)
        }
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

    init(_ edge: ObservedEdge, _ decision: Decision?) {
        firstSeen = edge.firstSeen
        lastSeen = edge.lastSeen
        add(edge, decision)
    }

    mutating func add(_ edge: ObservedEdge, _ decision: Decision?) {
        connections.addSaturating(edge.connections)
        failed.addSaturating(edge.failed)
        if let more = edge.bytes {
            var sum = bytes ?? 0
            sum.addSaturating(more)
            bytes = sum
        }
        firstSeen = min(firstSeen, edge.firstSeen)
        lastSeen = max(lastSeen, edge.lastSeen)
        guard let decision else { return }
        var (byPolicy, byEffect) = (policy ?? VerdictCount(), effective ?? VerdictCount())
        byPolicy.add(decision.policy.outcome, edge.connections)
        byEffect.add(decision.effective.outcome, edge.connections)
        (policy, effective) = (byPolicy, byEffect)
    }
}
