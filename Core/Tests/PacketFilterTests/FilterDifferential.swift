import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyModel
import RulesetSimulator
import TestWorlds

/// What the host must do with a packet.
enum Expectation: Hashable {
    case allowed
    case denied(DenialReason, answered: Bool)
}

/// One world: workloads and policy with the engine that judges them.
struct FilterWorld {
    let workloads: [Workload]
    let policy: FlatPolicy
    let engine: PolicyEngine
    let rejecting: Set<RuleID>

    init(workloads: [Workload], policy: FlatPolicy) {
        self.workloads = workloads
        self.policy = policy
        engine = PolicyEngine(workloads: workloads, policy: policy)
        let rules = policy.layers.flatMap(\.tiers).flatMap(\.rules)
        rejecting = Set(rules.filter { $0.action == .deny(.reject) }.map(\.id))
    }

    /// A policy of Bulkhead's own, without quarantines that pick some of a workload's addresses: the engine then
    /// raises the mode for those only, a program has one mode.
    static func lattice(_ rng: inout SplitMix64) -> FilterWorld {
        while true {
            let world = LatticeWorld.random(using: &rng, forKernel: true)
            if world.policy.quarantines.contains(where: { $0.members.mentionsAddresses }) { continue }
            return FilterWorld(workloads: world.workloads, policy: world.policy.lowered())
        }
    }

    /// One agent layer of tiers with defaults, selections and passes to named tiers; no selection picks some of a
    /// workload's addresses, because a program has one default for each tier and direction.
    static func flat(_ rng: inout SplitMix64) -> FilterWorld {
        var limits = WorldLimits()
        limits.hasAttributes = false
        while true {
            let world = FlatWorld.random(limits: limits, using: &rng)
            guard var layer = world.policy.layers.first(where: { $0.enforcer == .agent }) else { continue }
            let selections = layer.tiers.flatMap { $0.selections ?? [] }
            if selections.contains(where: { $0.subject.mentionsAddresses }) { continue }
            layer.id = Policy.layerID
            layer.appliesTo = .any
            layer.appliesWhen = []
            layer.isStateful = true
            layer.fullFor = .union([])
            return FilterWorld(
                workloads: world.workloads, policy: FlatPolicy(layers: [layer], addressSets: world.policy.addressSets))
        }
    }

    func owners(_ address: IPAddress) -> [WorkloadID] {
        workloads.filter { $0.addresses.contains(address) }.map(\.id)
    }

    /// What the end of the probe says of a packet in state new, with the rule's name.
    func decision(_ flow: Flow, _ direction: Direction, at instant: Instant) -> EndDecision {
        let effective = engine.decide(flow, at: instant).effective
        return direction == .ingress ? effective.destination : effective.source
    }
}

extension FilterWorld {
    /// What semantics §5 and §6 ask of the host for this packet, from the engine's answer on the flow.
    func expectation(_ probe: Probe, _ program: WorkloadProgram, at instant: Instant) -> Expectation {
        guard program.mode?.enforces ?? false else { return .allowed }
        let decision = decision(probe.flow, probe.direction, at: instant)
        // Essential traffic and self-traffic come before connection tracking is asked.
        if case .rule(_, let tier, _) = decision.decider, tier == "essential", decision.kind == .allowed {
            return .allowed
        }
        if decision.decider == .selfTraffic { return .allowed }
        let packet = probe.packet
        switch packet.state {
        case .established: return .allowed
        case .invalid: return .denied(.invalid, answered: false)
        case .untracked:
            let type = probe.flow.proto == .icmpv6 ? packet.icmpType : 0
            let isLink = (130...136).contains(type) || type == 143
            return isLink ? .allowed : .denied(.untracked, answered: false)
        case .related:
            let isError =
                switch probe.flow.proto {
                case .icmp: [3, 4, 11, 12].contains(packet.icmpType)
                case .icmpv6: (1...4).contains(packet.icmpType)
                default: false
                }
            let isOwnReset =
                packet.proto == .tcp && packet.tcpFlags.contains(.rst)
                && program.tiers.contains { $0.rules.contains { $0.action == .deny(.reject) } }
            return isError || isOwnReset ? .allowed : .denied(.related, answered: false)
        case .new: break
        }
        if packet.proto == .tcp, packet.tcpFlags.intersection([.fin, .syn, .rst, .ack]) != .syn {
            return .denied(.notOpening, answered: false)
        }
        return new(probe, program, decision, at: instant)
    }

    private func new(
        _ probe: Probe, _ program: WorkloadProgram, _ decision: EndDecision, at instant: Instant
    ) -> Expectation {
        if let denial = denial(decision) { return denial }
        let isDefault = if case .layerDefault = decision.decider { true } else { false }
        guard isDefault, probe.flow.proto == .udp, let port = probe.flow.sourcePort else { return .allowed }
        // Semantics §5: the service at the source port, seen from the same end, must not be denied either.
        let service = Flow(
            source: probe.flow.destination, destination: probe.flow.source, proto: .udp,
            sourcePort: probe.flow.destinationPort, destinationPort: port)
        return denial(self.decision(service, probe.direction.opposite, at: instant)) ?? .allowed
    }

    private func denial(_ decision: EndDecision) -> Expectation? {
        guard decision.kind == .denied else { return nil }
        switch decision.decider {
        case .rule(let id, _, _): return .denied(.rule(id), answered: rejecting.contains(id))
        case .tierDefault(let tier, _): return .denied(.tierDefault(tier), answered: false)
        case .layerDefault, .selfTraffic, .nothing: return .denied(.layerDefault, answered: false)
        }
    }
}

extension EndExpression {
    fileprivate var mentionsAddresses: Bool {
        switch self {
        case .any, .anyWorkload, .selector, .workload: false
        case .addressSet, .addresses: true
        case .union(let parts), .intersection(let parts): parts.contains(where: \.mentionsAddresses)
        case .difference(let first, let second): first.mentionsAddresses || second.mentionsAddresses
        }
    }
}

/// A packet that the rendered ruleset treats otherwise than it must.
struct FilterDisagreement: CustomStringConvertible {
    let seed: UInt64
    let workload: WorkloadID
    let probe: Probe
    let expected: Expectation
    let got: RulesetSimulator.Outcome
    let what: String
    let text: String

    var description: String {
        "seed \(seed) \(workload): \(what)\n\(probe)\nexpected \(expected)\ngot \(got.verdict) by \(got.decidedBy)"
            + " counting \(got.counters)"
    }
}
