import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// What a changed rule does to flows is what judging all of them anew says.
@Suite struct WhatIfTests {
    /// What was met, so that a path that was never taken is noticed.
    private struct Met {
        var full = 0
        var narrow = 0
        var changed = 0
        var saved = 0
    }

    private func check(
        _ seed: UInt64, _ state: ToldState, _ other: ToldState, _ rng: inout SplitMix64, _ met: inout Met
    ) {
        let talking = state.workloads.filter { !$0.addresses.isEmpty }
        guard !talking.isEmpty else { return }
        let flows = (0..<120).map { _ in Flow.random(among: talking, using: &rng) }
        let instant = Instant.random(using: &rng)
        let before = state.fresh
        guard var whatIf = WhatIf(before, at: instant, flows: flows) else {
            Issue.record("a tiny world has too many classes")
            return
        }
        #expect(whatIf.cellCount <= flows.count)
        for step in 0..<4 {
            var draft = state
            let changes = (0..<rng.below(3) + 1).compactMap { _ in
                let change = rng.pick([ChangeKind.addRule, .removeRule]).change(of: draft, towards: other, using: &rng)
                if let change { draft.apply(change) }
                return change
            }
            let after = draft.fresh
            let expected = flows.indices.compactMap { number -> ChangedFlow? in
                let (old, new) = (before.decide(flows[number], at: instant), after.decide(flows[number], at: instant))
                return old == new ? nil : ChangedFlow(flow: number, before: old, after: new)
            }
            let effect = whatIf.effect(of: changes)
            let isRight = effect.changed.sorted { $0.flow < $1.flow } == expected
            #expect(isRight, "seed \(seed), step \(step): \(changes)")
            met.changed += expected.count
            if effect.wasFull { met.full += 1 } else { met.narrow += 1 }
            if !effect.wasFull, effect.judged < flows.count / 2, !expected.isEmpty { met.saved += 1 }
        }
    }

    private func expectEnough(_ met: Met) {
        #expect(min(met.full, met.narrow, met.saved) > 0 && met.changed > 20, "\(met)")
    }

    @Test func flatWorlds() {
        var met = Met()
        for seed in worlds(800, from: 150_000, debugShare: 40) {
            var rng = SplitMix64(seed: seed)
            let (one, two) = (FlatWorld.random(using: &rng), FlatWorld.random(using: &rng))
            check(
                seed, ToldState(one.workloads, one.policy, naming: "a"),
                ToldState(two.workloads, two.policy, naming: "b"),
                &rng, &met)
        }
        expectEnough(met)
    }

    @Test func latticeWorlds() {
        var met = Met()
        for seed in worlds(400, from: 155_000, debugShare: 20) {
            var rng = SplitMix64(seed: seed)
            let (one, two) = (LatticeWorld.random(using: &rng), LatticeWorld.random(using: &rng))
            check(
                seed, ToldState(one.workloads, one.policy.lowered(), naming: "a"),
                ToldState(two.workloads, two.policy.lowered(), naming: "b"), &rng, &met)
        }
        expectEnough(met)
    }

    /// A rule for one of two workloads that no rule told apart before: only its flows are denied.
    @Test func aRuleMayTellMembersOfAClassApart() throws {
        let env = try #require(LabelKey("env"))
        let values = ["prod", "dev"].compactMap { LabelValue($0) }
        let workloads = (1...4).map {
            Workload(
                id: WorkloadID(rawValue: "w\($0)"), labels: [env: values[Int($0) % 2]],
                addresses: [IPAddress(ipv4: 0x0A00_0000 + $0)], mode: .full)
        }
        // Both have a value, so that they are of one class.
        let allow = FlatRule(
            id: "in", action: .allow, direction: .ingress, subject: .selector(.exists(env)), peer: .any,
            services: [.any])
        let out = FlatRule(id: "out", action: .allow, direction: .egress, subject: .any, peer: .any, services: [.any])
        let tier = Tier(id: "tier", rules: [allow, out])
        let policy = FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: [tier])])
        func flow(_ source: UInt32, _ destination: UInt32, _ port: UInt16) -> Flow {
            Flow(
                source: FlowEnd(IPAddress(ipv4: 0x0A00_0000 + source)),
                destination: FlowEnd(IPAddress(ipv4: 0x0A00_0000 + destination)), proto: .tcp, sourcePort: 5000,
                destinationPort: port)
        }
        let flows = [flow(1, 3, 80), flow(2, 4, 80), flow(1, 3, 443), flow(1, 2, 80)]
        let engine = PolicyEngine(workloads: workloads, policy: policy)
        let made = WhatIf(engine, at: Instant(rawValue: 0), flows: flows)
        var whatIf = try #require(made)
        let deny = FlatRule(
            id: "no", rank: -1, action: .deny(.drop), direction: .ingress, subject: .selector(.equals(env, values[1])),
            peer: .any, services: [.ports(.tcp, destination: PortSet([80...80]), source: .all)])
        for _ in 0..<2 {
            let effect = whatIf.effect(of: [.addRule(deny, layer: "host", tier: "tier")])
            #expect(!effect.wasFull)
            #expect(effect.changed.map(\.flow) == [0])
            #expect(effect.changed.first?.before.policy.outcome == .allowed)
            #expect(effect.changed.first?.after.policy.outcome == .denied)
            #expect(effect.judged == 3, "the flows of one cell, and not the one to port 443")
        }
    }
}
