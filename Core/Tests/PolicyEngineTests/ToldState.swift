import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds

/// What an engine was told, kept apart from the engine; a fresh engine can be made of it at any time.
struct ToldState {
    private(set) var byName: [WorkloadID: Workload]
    private(set) var policy: FlatPolicy

    init(_ workloads: [Workload], _ policy: FlatPolicy) {
        byName = Dictionary(workloads.map { ($0.id, $0) }) { $1 }
        self.policy = policy
    }

    /// Puts a prefix and the layer before the identifiers of rules, so that rules of different origin may share a tier.
    init(_ workloads: [Workload], _ policy: FlatPolicy, naming prefix: String) {
        self.init(workloads, policy)
        for (number, layer) in policy.layers.enumerated() {
            for (place, tier) in layer.tiers.enumerated() {
                for (position, rule) in tier.rules.enumerated() {
                    let id = RuleID(rawValue: "\(prefix)/\(layer.id)/\(rule.id)")
                    self.policy.layers[number].tiers[place].rules[position].id = id
                }
            }
        }
    }

    var workloads: [Workload] { byName.values.sorted { $0.id < $1.id } }

    var fresh: PolicyEngine { PolicyEngine(workloads: workloads, policy: policy) }

    mutating func apply(_ change: PolicyChange) {
        switch change {
        case .upsert(let workload): byName[workload.id] = workload
        case .remove(let id): byName[id] = nil
        case .addRule(let rule, let layer, let tier): edit(layer, tier) { $0.append(rule) }
        case .removeRule(let rule, let layer, let tier):
            edit(layer, tier) { rules in
                if let place = rules.firstIndex(of: rule) { rules.remove(at: place) }
            }
        case .replace(let policy): self.policy = policy
        }
    }

    private mutating func edit(_ layer: LayerID, _ tier: TierID, _ change: (inout [FlatRule]) -> Void) {
        guard let first = policy.layers.firstIndex(where: { $0.id == layer }),
            let second = policy.layers[first].tiers.firstIndex(where: { $0.id == tier })
        else { return }
        change(&policy.layers[first].tiers[second].rules)
    }

    /// Every rule with its place.
    var rules: [(rule: FlatRule, layer: LayerID, tier: TierID)] {
        policy.layers.flatMap { layer in
            layer.tiers.flatMap { tier in tier.rules.map { ($0, layer.id, tier.id) } }
        }
    }
}
