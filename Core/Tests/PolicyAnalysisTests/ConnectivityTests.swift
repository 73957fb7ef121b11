import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import PolicyReference
import TestWorlds
import Testing

/// Connectivity against the references, on random worlds.
@Suite struct ConnectivityTests {
    @Test func mustAndMayAreWhatTheFlatReferenceSays() {
        for seed in worlds(8_000, debugShare: 40) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            if let found = Self.disagreement(world, points: 60, using: &rng) {
                Issue.record("seed \(seed): \(found)")
                return
            }
        }
    }

    @Test func mustAndMayAreWhatTheLatticeReferenceSays() {
        for seed in worlds(4_000, debugShare: 40) {
            var rng = SplitMix64(seed: seed)
            let world = LatticeWorld.random(using: &rng)
            let lowered = FlatWorld(workloads: world.workloads, policy: world.policy.lowered())
            if let found = Self.disagreement(lowered, points: 40, using: &rng)
                ?? Self.latticeDisagreement(world, points: 40, using: &rng)
            {
                Issue.record("seed \(seed): \(found)")
                return
            }
        }
    }

    /// Compares some points of random pairs of ends with the flat reference.
    private static func disagreement(
        _ world: FlatWorld, points: Int, using rng: inout some RandomNumberGenerator
    ) -> String? {
        let question = ReferenceQuestion(world)
        let instant = Instant.random(using: &rng)
        let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
        for view in VerdictView.allCases {
            let connectivity = Connectivity(engine, at: instant, view: view)
            let pairs = Array(connectivity.pairs(.everything))
            for number in 0..<points {
                let from = rng.pick(connectivity.ends)
                let to = rng.pick(connectivity.ends)
                guard !from.isSelfTraffic(with: to), let source = from.address(using: &rng),
                    let target = to.address(using: &rng), source.family == target.family
                else { continue }
                let traffic = connectivity.traffic(from: from, to: to)
                if number < 4 {
                    let listed = pairs.first { $0.source == from && $0.destination == to }?.traffic
                    if (listed ?? .none) != traffic { return "\(from) → \(to): listed \(String(describing: listed))" }
                }
                let point = ServicePoint.random(using: &rng)
                let expected = question.answer(source, target, point, view, at: instant)
                let got = (must: traffic.must.contains(point), may: traffic.may.contains(point))
                if got != expected {
                    return "\(view) \(from) \(source) → \(to) \(target): \(point): got \(got), expected \(expected)"
                }
            }
        }
        return nil
    }

    /// Whatever else is known of a flow: what must pass is allowed, what is allowed may pass.
    private static func latticeDisagreement(
        _ world: LatticeWorld, points: Int, using rng: inout some RandomNumberGenerator
    ) -> String? {
        let reference = LatticeReference(workloads: world.workloads, policy: world.policy)
        let instant = Instant.random(using: &rng)
        let engine = PolicyEngine(workloads: world.workloads, policy: world.policy.lowered())
        for view in VerdictView.allCases {
            let connectivity = Connectivity(engine, at: instant, view: view)
            for _ in 0..<points {
                let flow = Flow.random(in: world, using: &rng)
                if flow.proto.isICMP, flow.icmp == nil { continue }
                guard let from = connectivity.end(of: flow.source.address),
                    let to = connectivity.end(of: flow.destination.address), !from.isSelfTraffic(with: to)
                else { continue }
                let message = flow.icmp.map { UInt16($0.type) << 8 | UInt16($0.code) }
                let port = message ?? flow.destinationPort
                let traffic = connectivity.traffic(from: from, to: to)
                for source in flow.sourcePort.map({ [$0] }) ?? [1024, 40_000, 65_535] {
                    var packet = flow
                    if flow.proto.hasPorts { packet.sourcePort = source }
                    let point = ServicePoint(flow.proto, port, source: source)
                    let outcome = view.verdict(of: reference.decide(packet, at: instant)).outcome
                    if traffic.must.contains(point), outcome != .allowed {
                        return "\(view) \(from) → \(to): \(point) must pass, but \(packet) is \(outcome)"
                    }
                    if !traffic.may.contains(point), outcome != .denied {
                        return "\(view) \(from) → \(to): \(point) may not pass, but \(packet) is \(outcome)"
                    }
                }
            }
        }
        return nil
    }
}
