import NetworkTypes
import PolicyEngine
import PolicyModel

/// Reads a program as its documentation says, rule by rule; what a packet filter would do, without its tricks.
struct ProgramInterpreter {
    let program: WorkloadProgram
    let layer: LayerID

    /// What the workload does with the first packet of a flow.
    func judge(_ flow: Flow, _ direction: Direction, at instant: Instant) -> EndDecision {
        guard let defaultAction = program.defaultAction else { return .notGoverned }
        var place = 0
        tiers: while place < program.tiers.count {
            let tier = program.tiers[place]
            place += 1
            for rule in tier.rules where matches(rule, flow, direction, instant) {
                let decider = Decider.rule(rule.id, tier: tier.id, layer: layer)
                switch rule.action {
                case .allow: return EndDecision(.allowed, by: decider)
                case .deny: return EndDecision(.denied, by: decider)
                case .pass(to: nil): continue tiers
                case .pass(to: let name?):
                    place = (place..<program.tiers.count).first { program.tiers[$0].id == name } ?? program.tiers.count
                    continue tiers
                }
            }
            let decider = Decider.tierDefault(tier.id, layer: layer)
            switch tier.onNoMatch[direction] {
            case .allow: return EndDecision(.allowed, by: decider)
            case .deny: return EndDecision(.denied, by: decider)
            case .next, nil: break
            }
        }
        return EndDecision(defaultAction == .allow ? .allowed : .denied, by: .layerDefault(layer))
    }

    private func matches(_ rule: ProgramRule, _ flow: Flow, _ direction: Direction, _ instant: Instant) -> Bool {
        let (own, peer) =
            direction == .egress
            ? (flow.source.address, flow.destination.address) : (flow.destination.address, flow.source.address)
        return rule.direction == direction && rule.validity.contains(instant)
            && rule.parts.contains { part in
                part.ownAddresses?.contains(own) ?? true && part.peers.contains(peer)
                    && part.services.contains { Self.covers($0, flow) }
            }
    }

    private static func covers(_ term: ServiceTerm, _ flow: Flow) -> Bool {
        switch term {
        case .any: true
        case .proto(let proto): proto == flow.proto
        case .ports(let proto, destination: let ports, source: let sources):
            proto == flow.proto && proto.hasPorts && ports.contains(flow.destinationPort)
                && sources.contains(flow.sourcePort ?? 0)
        case .icmp(let proto, let type, let code):
            proto == flow.proto && flow.icmp?.type == type && (code == nil || flow.icmp?.code == code)
        // A name in a program is a defect: nobody below can resolve it.
        case .named: false
        }
    }
}

extension EndExpression {
    /// Whether it may hold for one address of a workload and not for another.
    var tellsAddressesApart: Bool {
        switch self {
        case .any, .anyWorkload, .selector, .workload: false
        case .addressSet, .addresses: true
        case .union(let parts), .intersection(let parts): parts.contains(where: \.tellsAddressesApart)
        case .difference(let first, let second): first.tellsAddressesApart || second.tellsAddressesApart
        }
    }
}
