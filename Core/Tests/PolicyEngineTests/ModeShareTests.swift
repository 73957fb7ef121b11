import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// In random worlds every mode decides some of the flows: with another one the effective verdict would differ.
@Suite struct ModeShareTests {
    private static let modes: [EnforcementMode?] = [nil, .idle, .visibility, .selective, .full]

    /// Counts for each mode the flows that it decides at one of their ends.
    private func count(
        _ workloads: [Workload], _ policy: FlatPolicy, flows: Int, _ rng: inout SplitMix64,
        _ counts: inout [EnforcementMode?: Int]
    ) {
        let talking = workloads.filter { !$0.addresses.isEmpty }
        guard !talking.isEmpty else { return }
        var engine = PolicyEngine(workloads: workloads, policy: policy)
        for _ in 0..<flows {
            let flow = Flow.random(among: talking, using: &rng)
            let instant = Instant.random(using: &rng)
            let told = engine.decide(flow, at: instant).effective.outcome
            var deciding: Set<EnforcementMode?> = []
            for owner in talking {
                guard
                    owner.addresses.contains(flow.source.address) || owner.addresses.contains(flow.destination.address)
                else { continue }
                for mode in Self.modes where mode != owner.mode {
                    var changed = owner
                    changed.mode = mode
                    engine.apply(.upsert(changed))
                    if engine.decide(flow, at: instant).effective.outcome != told { deciding.insert(owner.mode) }
                }
                engine.apply(.upsert(owner))
            }
            for mode in deciding { counts[mode, default: 0] += 1 }
        }
    }

    private func expectEach(_ counts: [EnforcementMode?: Int], of total: Int) {
        for mode in Self.modes {
            let percent = 100 * Double(counts[mode] ?? 0) / Double(max(1, total))
            #expect(percent >= 1, "\(mode?.rawValue ?? "none") decides \(percent) %")
        }
    }

    @Test func everyModeDecidesFlatWorlds() {
        var counts: [EnforcementMode?: Int] = [:]
        let seeds = worlds(2_000, from: 160_000, debugShare: 20)
        for seed in seeds {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            count(world.workloads, world.policy, flows: 20, &rng, &counts)
        }
        expectEach(counts, of: seeds.count * 20)
    }

    @Test func everyModeDecidesLatticeWorlds() {
        var counts: [EnforcementMode?: Int] = [:]
        let seeds = worlds(2_000, from: 165_000, debugShare: 20)
        for seed in seeds {
            var rng = SplitMix64(seed: seed)
            let world = LatticeWorld.random(using: &rng)
            count(world.workloads, world.policy.lowered(), flows: 20, &rng, &counts)
        }
        expectEach(counts, of: seeds.count * 20)
    }
}
