import NetworkTypes
public import PolicyModel

/// Counts what decided random decisions, so that a test can demand that nothing is starved.
public struct DecisionTally: Sendable {
    /// How many decisions were counted.
    public private(set) var total = 0
    private var counts: [String: Int] = [:]

    /// Makes an empty tally.
    public init() {}

    /// Counts one decision under every name that had a part in it, at most once under each.
    ///
    /// The names are those of `required`: families, modes (of the owners of an address; `none` without an agent), tiers
    /// without what follows a `/`, actions, outcomes.
    public mutating func count(_ decision: Decision, on flow: Flow, among workloads: [Workload]) {
        total += 1
        var names: Set<String> = ["family/\(flow.source.address.family)"]
        for verdict in [decision.policy, decision.effective] {
            names.insert("outcome/\(Self.name(verdict.outcome))")
            for (end, answer) in [(flow.source, verdict.source), (flow.destination, verdict.destination)] {
                names.formUnion(Self.names(answer))
                for owner in workloads where owner.addresses.contains(end.address) {
                    names.insert("mode/\(owner.mode?.rawValue ?? "none")")
                }
            }
        }
        for name in names { counts[name, default: 0] += 1 }
    }

    /// The share of decisions, in percent, that a name had a part in.
    public func percent(_ name: String) -> Double { 100 * Double(counts[name] ?? 0) / Double(max(1, total)) }

    /// Every name with its share in percent, by name.
    public var shares: [(name: String, percent: Double)] { counts.keys.sorted().map { ($0, percent($0)) } }

    private static let common = [
        "family/ipv4", "family/ipv6", "mode/none", "mode/idle", "mode/visibility", "mode/selective", "mode/full",
        "action/allow", "action/deny", "action/layer-default-allowed", "action/layer-default-denied",
        "action/self-traffic", "action/not-governed", "outcome/allowed", "outcome/denied",
    ]

    /// What must have a part in at least one percent of decisions on flat worlds.
    public static let requiredOfFlat =
        common + [
            "tier/first", "tier/second", "tier/third", "action/tier-default-allowed", "action/tier-default-denied",
        ]

    /// What must have a part in at least one percent of decisions on lattice worlds.
    public static let requiredOfLattice =
        common + [
            "tier/icmp", "tier/essential", "tier/quarantine", "tier/guardrail", "tier/allow", "tier/deny",
        ]

    private static func name(_ outcome: Outcome) -> String {
        switch outcome {
        case .allowed: "allowed"
        case .denied: "denied"
        case .indeterminate: "indeterminate"
        case .partly: "partly"
        }
    }

    private static func names(_ answer: EndDecision) -> [String] {
        let kind =
            switch answer.kind {
            case .allowed: "allowed"
            case .denied: "denied"
            case .indeterminate: "indeterminate"
            case .notGoverned: "not-governed"
            }
        switch answer.decider {
        case .rule(_, let tier, _):
            let action = answer.kind == .allowed ? "allow" : answer.kind == .denied ? "deny" : kind
            return ["tier/\(tier.rawValue.prefix { $0 != "/" })", "action/\(action)"]
        case .tierDefault(let tier, _): return ["tier/\(tier.rawValue)", "action/tier-default-\(kind)"]
        case .layerDefault: return ["action/layer-default-\(kind)"]
        case .selfTraffic: return ["action/self-traffic"]
        case .nothing: return ["action/\(kind)"]
        }
    }
}
