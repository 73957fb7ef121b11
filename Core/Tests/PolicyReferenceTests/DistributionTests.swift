import NetworkTypes
import PolicyModel
import PolicyReference
import TestWorlds
import Testing

/// Random worlds are worth something only while every part of the semantics decides often enough to be tested.
@Suite struct DistributionTests {
    private static let worlds = 400
    private static let flowsEach = 10

    @Test func everyPartOfFlatPolicyDecidesOnePercent() {
        var rng = SplitMix64(seed: 1)
        var tally = DecisionTally()
        var changedByPass = 0
        for _ in 0..<Self.worlds {
            let world = FlatWorld.random(using: &rng)
            var withoutPass = world.policy
            for layer in withoutPass.layers.indices {
                for tier in withoutPass.layers[layer].tiers.indices {
                    withoutPass.layers[layer].tiers[tier].rules.removeAll {
                        if case .pass = $0.action { true } else { false }
                    }
                }
            }
            let reference = FlatReference(workloads: world.workloads, policy: world.policy)
            let other = FlatReference(workloads: world.workloads, policy: withoutPass)
            for _ in 0..<Self.flowsEach {
                let flow = Flow.random(in: world, using: &rng)
                let instant = Instant.random(using: &rng)
                let decision = reference.decide(flow, at: instant)
                tally.count(decision, on: flow, among: world.workloads)
                if other.decide(flow, at: instant) != decision { changedByPass += 1 }
            }
        }
        Self.expect(tally, has: DecisionTally.requiredOfFlat)
        #expect(changedByPass * 100 >= tally.total, "\(changedByPass) of \(tally.total) decisions hang on a pass")
    }

    @Test(arguments: [false, true]) func everyPartOfTheLatticeDecidesOnePercent(forKernel: Bool) {
        var rng = SplitMix64(seed: 2)
        var tally = DecisionTally()
        for _ in 0..<Self.worlds {
            let world = LatticeWorld.random(using: &rng, forKernel: forKernel)
            let reference = LatticeReference(workloads: world.workloads, policy: world.policy)
            for _ in 0..<Self.flowsEach {
                let flow = Flow.random(in: world, using: &rng)
                let decision = reference.decide(flow, at: .random(using: &rng))
                tally.count(decision, on: flow, among: world.workloads)
            }
        }
        Self.expect(tally, has: DecisionTally.requiredOfLattice)
    }

    private static func expect(_ tally: DecisionTally, has required: [String]) {
        for name in required {
            #expect(tally.percent(name) >= 1, "\(name): \(tally.percent(name)) %")
        }
        // Rare, since every other end and layer must let the flow pass first.
        #expect(tally.percent("outcome/indeterminate") >= 0.5)
        #expect(tally.percent("outcome/partly") >= 0.1)
    }
}
