import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import PolicyReference
import TestWorlds

/// A world before and after a change, as connectivity and as reference.
struct TwoWorlds {
    let before: FlatWorld
    let after: FlatWorld
    let instant: Instant
    let view: VerdictView

    /// The same workloads mostly; another policy, or one without a rule.
    static func random(using rng: inout some RandomNumberGenerator) -> TwoWorlds {
        var limits = WorldLimits()
        limits.hasAttributes = rng.chance(50)
        let before = FlatWorld.random(limits: limits, using: &rng)
        var after = before
        if rng.chance(30) {
            after.policy = FlatWorld.random(limits: limits, using: &rng).policy
        } else {
            let rules = before.policy.layers.flatMap(\.tiers).flatMap(\.rules)
            if !rules.isEmpty { after.policy = before.policy.without(rng.pick(rules).id) }
        }
        if rng.chance(20) { after.workloads = FlatWorld.random(limits: limits, using: &rng).workloads }
        return TwoWorlds(
            before: before, after: after, instant: Instant.random(using: &rng), view: rng.pick(VerdictView.allCases))
    }

    func connectivity(_ world: FlatWorld) -> Connectivity {
        Connectivity(PolicyEngine(workloads: world.workloads, policy: world.policy), at: instant, view: view)
    }

    func outcome(_ world: FlatWorld, _ flow: Flow) -> Outcome {
        let reference = FlatReference(workloads: world.workloads, policy: world.policy)
        return view.verdict(of: reference.decide(flow, at: instant)).outcome
    }
}

extension FlatPolicy {
    /// The policy without what one written rule became.
    func without(_ id: RuleID) -> FlatPolicy {
        var result = self
        for layer in result.layers.indices {
            for tier in result.layers[layer].tiers.indices {
                result.layers[layer].tiers[tier].rules.removeAll { $0.id == id }
            }
        }
        return result
    }
}

extension Flow {
    /// A flow between different workloads or addresses of which everything is known.
    static func known(in world: FlatWorld, using rng: inout some RandomNumberGenerator) -> Flow {
        var flow = Flow.random(in: world, using: &rng)
        func know(_ end: inout FlowEnd) {
            if end.process == .unknown { end.process = rng.chance(50) ? .absent : .known(rng.pick(Universe.processes)) }
            if end.principal == .unknown {
                end.principal = rng.chance(50) ? .absent : .known(rng.pick(Universe.principals))
            }
        }
        know(&flow.source)
        know(&flow.destination)
        if flow.proto.hasPorts, flow.sourcePort == nil { flow.sourcePort = rng.pick(Universe.sourcePorts) }
        if flow.proto.isICMP, flow.icmp == nil {
            flow.icmp = ICMPMessage(type: rng.pick([0, 3, 8, 128, 129]), code: UInt8(rng.below(2)))
        }
        return flow
    }
}
