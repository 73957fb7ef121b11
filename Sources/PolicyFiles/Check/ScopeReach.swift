import NetworkTypes
import PolicyModel

/// Tells rules that can do nothing, since what they name lies wholly outside their ruleset's scope.
struct ScopeReach {
    private let scopeMembers: [Workload]
    private let all: [Workload]
    private let sets: [String: AddressSet]

    init(_ scopes: [Selector], among all: [Workload], by index: LabelIndex, sets: [String: AddressSet]) {
        self.all = all
        self.sets = sets
        // A workload in two scopes stands twice, which does not matter here.
        scopeMembers = scopes.flatMap { index.members(of: $0) }
    }

    /// Why the rule opens or closes nothing, and at which key; nil when it may.
    func warning(_ action: Rule.Action, _ match: TrafficMatch, anywhere: Bool) -> (key: String, message: String)? {
        let toOutside = isWhollyOutside(match.to)
        let fromOutside = isWhollyOutside(match.from)
        switch action {
        case .allow where toOutside:
            return ("to", "`to` lies wholly outside the ruleset's scope, so the rule opens nothing")
        case .allow where fromOutside && !anywhere:
            return (
                "from",
                "`from` lies wholly outside the ruleset's scope, so the rule opens nothing without `anywhere: true`"
            )
        case .deny where toOutside && fromOutside:
            return ("to", "`from` and `to` lie wholly outside the ruleset's scope, so the rule denies nothing")
        case .allow, .deny: return nil
        }
    }

    /// Whether the end names workloads only, at least one, and none in scope.
    private func isWhollyOutside(_ end: EndExpression) -> Bool {
        !end.mayHoldWithoutOwner && !scopeMembers.contains { end.holds(for: $0, sets) }
            && all.contains { end.holds(for: $0, sets) }
    }
}

extension EndExpression {
    /// Whether an address without an owner may match.
    var mayHoldWithoutOwner: Bool {
        switch self {
        case .any, .addressSet, .addresses: true
        case .anyWorkload, .selector, .workload: false
        case .union(let parts): parts.contains(where: \.mayHoldWithoutOwner)
        case .intersection(let parts): parts.allSatisfy(\.mayHoldWithoutOwner)
        case .difference(let whole, _): whole.mayHoldWithoutOwner
        }
    }

    /// Whether it holds for the workload at one of its addresses at least.
    func holds(for workload: Workload, _ sets: [String: AddressSet]) -> Bool {
        workload.addresses.contains { holds(for: workload, at: $0, sets) }
    }

    private func holds(for workload: Workload, at address: IPAddress, _ sets: [String: AddressSet]) -> Bool {
        switch self {
        case .any, .anyWorkload: true
        case .selector(let selector): selector.matches(workload.labels)
        case .workload(let id): id == workload.id
        case .addressSet(let id): sets[id.rawValue]?.contains(address) ?? false
        case .addresses(let set): set.contains(address)
        case .union(let parts): parts.contains { $0.holds(for: workload, at: address, sets) }
        case .intersection(let parts): parts.allSatisfy { $0.holds(for: workload, at: address, sets) }
        case .difference(let whole, let hole):
            whole.holds(for: workload, at: address, sets) && !hole.holds(for: workload, at: address, sets)
        }
    }
}
