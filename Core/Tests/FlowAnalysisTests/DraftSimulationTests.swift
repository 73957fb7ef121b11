import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// A draft whose rules changed is simulated as if it had been told at once.
@Suite struct DraftSimulationTests {
    private static func edges(
        _ workloads: [Workload], at time: Int64, using rng: inout SplitMix64
    ) -> [ObservedEdge] {
        var byKey: [EdgeKey: ObservedEdge] = [:]
        for _ in 0..<30 {
            let flow = Flow.random(among: workloads, using: &rng)
            if flow.proto.isICMP, flow.icmp == nil { continue }
            let service: EdgeService =
                flow.icmp.map { .icmp($0) } ?? (flow.proto.hasPorts ? .port(flow.destinationPort) : .unspecified)
            let key = EdgeKey(
                source: flow.source.address, destination: flow.destination.address, proto: flow.proto, service: service)
            byKey[key] = ObservedEdge(
                key: key, connections: rng.below(5) + 1, firstSeen: Instant(rawValue: time),
                lastSeen: Instant(rawValue: 3),
                direction: rng.pick([.firstSYN, .asRecorded]),
                initiatorPorts: rng.below(2) == 0 ? [:] : [UInt16(80 + rng.below(3)): 1, 5000: 2])
        }
        return byKey.values.sorted { $0.key < $1.key }
    }

    /// The policy with some rules fewer, and some of another one.
    private static func changed(_ policy: FlatPolicy, _ other: FlatPolicy, using rng: inout SplitMix64) -> FlatPolicy {
        var result = policy
        for layer in result.layers.indices {
            for tier in result.layers[layer].tiers.indices {
                result.layers[layer].tiers[tier].rules.removeAll { _ in rng.below(3) == 0 }
                let rules = other.layers.flatMap(\.tiers).flatMap(\.rules)
                guard !rules.isEmpty, rng.below(2) == 0 else { continue }
                var rule = rng.pick(rules)
                rule.id = RuleID(rawValue: "new-\(layer)-\(tier)")
                rule.action = rng.pick([.allow, .deny(.drop)])
                result.layers[layer].tiers[tier].rules.append(rule)
            }
        }
        return result
    }

    @Test(arguments: [VerdictView.policy, .effective])
    func saysWhatJudgingAllSays(view: VerdictView) throws {
        var (met, moved, compared) = (0, 0, 0)
        for seed in 170_000..<170_012 as Range<UInt64> {
            var rng = SplitMix64(seed: seed)
            let (one, two) = (FlatWorld.random(using: &rng), FlatWorld.random(using: &rng))
            let workloads = one.workloads.filter { !$0.addresses.isEmpty }
            if workloads.isEmpty { continue }
            let instant = Instant(rawValue: 0)
            let active = PolicyEngine(workloads: one.workloads, policy: two.policy)
            let draft = PolicyEngine(workloads: one.workloads, policy: one.policy)
            // Two times, so that a change meets the edges of both.
            let parts = [1, 2].map { time in
                Simulation.Part(edges: Self.edges(workloads, at: time, using: &rng), active: active, draft: draft)
            }
            var following = DraftSimulation(parts, at: instant, view: view)
            expectSame(following.first, Simulation(parts, at: instant, view: view), seed)
            for _ in 0..<3 {
                let policy = Self.changed(one.policy, two.policy, using: &rng)
                let changes = try #require(PolicyChange.rules(from: one.policy, to: policy))
                let fresh = PolicyEngine(workloads: one.workloads, policy: policy)
                let expected = Simulation(
                    parts.map { Simulation.Part(edges: $0.edges, active: $0.active, draft: fresh) }, at: instant,
                    view: view)
                let made = following.simulation(after: changes, at: instant)
                let answer = try #require(made)
                expectSame(answer, expected, seed)
                compared += 1
                if !changes.isEmpty { met += 1 }
                if answer.edges != following.first.edges { moved += 1 }
            }
        }
        #expect(compared > 30 && met > compared / 2 && moved > compared / 10, "\((compared, met, moved))")
    }

    private func expectSame(_ answer: Simulation, _ expected: Simulation, _ seed: UInt64) {
        #expect(answer.edges == expected.edges, "seed \(seed)")
        #expect(answer.policy == expected.policy && answer.effective == expected.effective, "seed \(seed)")
        #expect(answer.brokenOnlyAsEnforced == expected.brokenOnlyAsEnforced, "seed \(seed)")
        #expect(answer.uncertainDirections == expected.uncertainDirections && answer.view == expected.view)
    }

    /// Counts come from outside; a sum that stands for more than it can hold is not taken apart.
    @Test func sumsThatOverflowAreNotChanged() throws {
        let web = try World.workload("web", "role=web", ["10.0.0.1"])
        let allow = Direction.allCases.map {
            FlatRule(id: "all", action: .allow, direction: $0, subject: .any, peer: .any, services: [.any])
        }
        func policy(_ rules: [FlatRule]) -> FlatPolicy {
            FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: [Tier(id: "tier", rules: rules)])])
        }
        let (one, other) = (try World.address("10.0.0.1"), try World.address("192.0.2.1"))
        for (connections, isExact) in [(Int.max - 1, true), (.max, false)] {
            let edge = ObservedEdge(
                key: EdgeKey(source: one, destination: other, proto: .tcp, service: .port(443)),
                connections: connections, firstSeen: Instant(rawValue: 0), lastSeen: Instant(rawValue: 0),
                direction: .firstSYN)
            let engine = PolicyEngine(workloads: [web], policy: policy(allow))
            let part = Simulation.Part(edges: [edge], active: engine, draft: engine)
            var draft = DraftSimulation([part], at: Instant(rawValue: 0))
            let changes = try #require(PolicyChange.rules(from: policy(allow), to: policy([])))
            let answer = draft.simulation(after: changes, at: Instant(rawValue: 0))
            #expect((answer != nil) == isExact)
            #expect(answer.map { $0.policy[.broken].connections == connections } ?? true)
        }
    }

    @Test func whatIsNotARuleIsNoChangeOfRules() {
        var rng = SplitMix64(seed: 7)
        let policy = FlatWorld.random(using: &rng).policy
        #expect(PolicyChange.rules(from: policy, to: policy)?.isEmpty == true)
        var other = policy
        other.layers.append(Layer(id: "more", enforcer: .agent, tiers: []))
        #expect(PolicyChange.rules(from: policy, to: other) == nil)
    }
}
