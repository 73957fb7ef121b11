import NetworkTypes
import PolicyEngine
import PolicyModel
import PolicyReference
import TestWorlds

/// A disagreement between the engine and a reference, with what is needed to see it again.
struct Disagreement: CustomStringConvertible {
    let seed: UInt64
    let what: String
    let flow: Flow
    let instant: Instant
    let engine: Decision
    let reference: Decision

    var description: String {
        """
        seed \(seed): \(what)
        flow: \(flow.proto) \(flow.source.address) → \(flow.destination.address):\(flow.destinationPort) \
        source port \(flow.sourcePort.map(String.init) ?? "?") icmp \(String(describing: flow.icmp)) \
        processes \(flow.source.process) \(flow.destination.process) principals \(flow.source.principal) \
        \(flow.destination.principal) conditions \(flow.conditions) at \(instant.rawValue)
        engine:    \(engine)
        reference: \(reference)
        """
    }
}

/// What decides a flow; the engine, a table, a mutant.
typealias Decide = (Flow, Instant) -> Decision

/// Runs seeds of one kind of world and returns the first disagreement.
enum Differential {
    /// Flat worlds: the engine against the flat reference, and the table against the engine's own answer.
    static func flat(
        seeds: Range<UInt64>, flows: Int, tally: inout DecisionTally,
        engine make: (FlatWorld) -> Decide
    ) -> Disagreement? {
        for seed in seeds {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let reference = FlatReference(workloads: world.workloads, policy: world.policy)
            let decide = make(world)
            for _ in 0..<flows {
                let flow = Flow.random(in: world, using: &rng)
                let instant = Instant.random(using: &rng)
                let expected = reference.decide(flow, at: instant)
                tally.count(expected, on: flow, among: world.workloads)
                let got = decide(flow, instant)
                if got != expected {
                    return Disagreement(
                        seed: seed, what: "flat", flow: flow, instant: instant, engine: got, reference: expected)
                }
            }
        }
        return nil
    }

    /// Lattice worlds: the engine on the lowered policy against the lattice reference and the flat one.
    static func lattice(
        seeds: Range<UInt64>, flows: Int, tally: inout DecisionTally,
        engine make: (LatticeWorld) -> Decide
    ) -> Disagreement? {
        for seed in seeds {
            var rng = SplitMix64(seed: seed)
            let world = LatticeWorld.random(using: &rng)
            let lattice = LatticeReference(workloads: world.workloads, policy: world.policy)
            let flat = FlatReference(workloads: world.workloads, policy: world.policy.lowered())
            let decide = make(world)
            for _ in 0..<flows {
                let flow = Flow.random(in: world, using: &rng)
                let instant = Instant.random(using: &rng)
                let expected = lattice.decide(flow, at: instant)
                tally.count(expected, on: flow, among: world.workloads)
                let got = decide(flow, instant)
                if got != expected {
                    return Disagreement(
                        seed: seed, what: "lattice", flow: flow, instant: instant, engine: got, reference: expected)
                }
                let lowered = flat.decide(flow, at: instant)
                if lowered != expected {
                    return Disagreement(
                        seed: seed, what: "flat reference on the lowered lattice", flow: flow, instant: instant,
                        engine: lowered, reference: expected)
                }
            }
        }
        return nil
    }
}
