import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds

/// The kinds of change that random sequences are made of; `rules` and `policies` come from another world of the kind.
enum ChangeKind: CaseIterable {
    case label, mode, attributes, address, port, newWorkload, lessWorkload, sameAgain, unknown
    case addRule, removeRule, moveRule, mixRules, otherPolicy

    /// One change of this kind; nil where the state has nothing to change so.
    func change(
        of state: ToldState, towards other: ToldState, using rng: inout some RandomNumberGenerator
    ) -> PolicyChange? {
        switch self {
        case .label, .mode, .attributes, .address, .port, .newWorkload, .lessWorkload, .sameAgain, .unknown:
            workloadChange(of: state, towards: other, using: &rng)
        case .addRule, .removeRule, .moveRule, .mixRules, .otherPolicy:
            ruleChange(of: state, towards: other, using: &rng)
        }
    }

    private func workloadChange(
        of state: ToldState, towards other: ToldState, using rng: inout some RandomNumberGenerator
    ) -> PolicyChange? {
        if self == .newWorkload { return .upsert(rng.pick(other.workloads)) }
        if self == .unknown { return .remove("nobody") }
        guard !state.workloads.isEmpty else { return nil }
        var workload = rng.pick(state.workloads)
        switch self {
        case .lessWorkload: return .remove(workload.id)
        case .label:
            let (key, values) = rng.pick(Universe.labels)
            workload.labels[key] = rng.chance(30) ? nil : rng.pick(values)
        case .mode: workload.mode = rng.pick([nil, .idle, .visibility, .selective, .full])
        case .attributes: workload.enforcesAttributes.toggle()
        case .address:
            let address = Universe.address(rng.pick(Array(Universe.managed)), rng.pick(AddressFamily.allCases))
            if let place = workload.addresses.firstIndex(of: address) {
                workload.addresses.remove(at: place)
            } else {
                workload.addresses.insert(address, at: rng.below(workload.addresses.count + 1))
            }
        case .port:
            let ports = rng.list(0...2) { ProtocolPort($0.pick([.tcp, .udp]), $0.pick(Universe.ports)) }
            workload.namedPorts[rng.pick(Universe.portNames)] = rng.chance(20) ? nil : ports
        case .sameAgain, .newWorkload, .unknown, .addRule, .removeRule, .moveRule, .mixRules, .otherPolicy: break
        }
        return .upsert(workload)
    }

    private func ruleChange(
        of state: ToldState, towards other: ToldState, using rng: inout some RandomNumberGenerator
    ) -> PolicyChange? {
        let places = state.policy.layers.flatMap { layer in layer.tiers.map { (layer.id, $0.id) } }
        guard !places.isEmpty else { return .replace(other.policy) }
        let place = rng.pick(places)
        switch self {
        case .addRule:
            guard !other.rules.isEmpty else { return nil }
            return .addRule(rng.pick(other.rules).rule, layer: place.0, tier: place.1)
        case .removeRule:
            guard !state.rules.isEmpty else { return nil }
            let (rule, layer, tier) = rng.pick(state.rules)
            return .removeRule(rule, layer: layer, tier: tier)
        case .moveRule:
            // One rule goes to another tier: nothing is mentioned anew, and nothing for the last time.
            guard !state.rules.isEmpty else { return nil }
            let (rule, layer, tier) = rng.pick(state.rules)
            var moved = state
            moved.apply(.removeRule(rule, layer: layer, tier: tier))
            moved.apply(.addRule(rule, layer: place.0, tier: place.1))
            return .replace(moved.policy)
        case .mixRules:
            var mixed = state
            for (rule, layer, tier) in state.rules where rng.chance(15) {
                mixed.apply(.removeRule(rule, layer: layer, tier: tier))
            }
            for (rule, layer, tier) in other.rules where rng.chance(15) {
                mixed.apply(.addRule(rule, layer: layer, tier: tier))
            }
            return .replace(mixed.policy)
        case .otherPolicy: return .replace(other.policy)
        case .label, .mode, .attributes, .address, .port, .newWorkload, .lessWorkload, .sameAgain, .unknown: return nil
        }
    }
}
