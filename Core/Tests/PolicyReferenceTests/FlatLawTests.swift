import NetworkTypes
import PolicyModel
import PolicyReference
import TestWorlds
import Testing

/// Laws of flat policy, held by the reference on random worlds.
@Suite struct FlatLawTests {
    private static let worlds = 120
    private static let flowsEach = 8

    /// Runs the body on random flows in random worlds and returns how often it said that the law had something to say.
    private func eachFlow(
        seed: UInt64, limits: WorldLimits = WorldLimits(),
        _ body: (FlatWorld, Flow, Instant, inout SplitMix64) -> Bool
    ) -> Int {
        var rng = SplitMix64(seed: seed)
        var applied = 0
        for _ in 0..<Self.worlds {
            let world = FlatWorld.random(limits: limits, using: &rng)
            for _ in 0..<Self.flowsEach {
                let flow = Flow.random(in: world, using: &rng)
                if body(world, flow, .random(using: &rng), &rng) { applied += 1 }
            }
        }
        return applied
    }

    private func decide(_ world: FlatWorld, _ flow: Flow, _ instant: Instant) -> Decision {
        FlatReference(workloads: world.workloads, policy: world.policy).decide(flow, at: instant)
    }

    @Test func orderOfArrivalDoesNotMatter() {
        _ = eachFlow(seed: 11) { world, flow, instant, rng in
            #expect(decide(world, flow, instant) == decide(world.shuffled(using: &rng), flow, instant))
            return true
        }
    }

    @Test func denyWinsWithinATier() {
        let applied = eachFlow(seed: 12) { world, flow, instant, _ in
            guard let first = world.policy.layers.first, first.enforcer == .agent else { return false }
            var layer = Layer(id: "host", enforcer: .agent, tiers: first.tiers, fullDefault: .allow)
            let rules = first.tiers[0].rules.map { rule in
                var equal = rule
                equal.rank = 0
                return equal
            }
            func outcome(_ rules: [FlatRule]) -> Outcome {
                layer.tiers = [Tier(id: "only", rules: rules)]
                let policy = FlatPolicy(layers: [layer], addressSets: world.policy.addressSets)
                return decide(FlatWorld(workloads: world.workloads, policy: policy), flow, instant).policy.outcome
            }
            guard rules.contains(where: { outcome([$0]) == .denied }) else { return false }
            #expect(outcome(rules) == .denied)
            return true
        }
        #expect(applied > 30, "\(applied)")
    }

    @Test func nothingIsAllowedWithoutARule() {
        let applied = eachFlow(seed: 13) { world, flow, instant, _ in
            var closed = world
            for layer in closed.policy.layers.indices {
                closed.policy.layers[layer].fullDefault = .deny
                closed.policy.layers[layer].appliesTo = .any
                closed.policy.layers[layer].appliesWhen = []
                for tier in closed.policy.layers[layer].tiers.indices {
                    if closed.policy.layers[layer].tiers[tier].onNoMatch == .allow {
                        closed.policy.layers[layer].tiers[tier].onNoMatch = .next
                    }
                    closed.policy.layers[layer].tiers[tier].rules.removeAll { $0.action == .allow }
                }
            }
            let verdict = decide(closed, flow, instant).policy
            for end in [verdict.source, verdict.destination] {
                #expect(end.kind != .allowed || end.decider == .selfTraffic)
            }
            return verdict.outcome == .denied
        }
        #expect(applied > 300, "\(applied)")
    }

    @Test func ipv4AndIPv6AreTreatedAlike() {
        var limits = [WorldLimits(), WorldLimits()]
        limits[0].families = [.ipv4]
        limits[1].families = [.ipv6]
        var decisions: [[Decision]] = [[], []]
        var families: [Set<AddressFamily>] = [[], []]
        for side in 0...1 {
            _ = eachFlow(seed: 14, limits: limits[side]) { world, flow, instant, _ in
                decisions[side].append(decide(world, flow, instant))
                families[side].insert(flow.source.address.family)
                return true
            }
        }
        #expect(families == [[.ipv4], [.ipv6]])
        #expect(decisions[0].count == decisions[1].count)
        for (four, six) in zip(decisions[0], decisions[1]) { #expect(four == six) }
        #expect(Set(decisions[0].map(\.policy.outcome)).count > 3)
    }

    @Test func modesDoNotChangeThePolicyVerdict() {
        _ = eachFlow(seed: 15) { world, flow, instant, rng in
            var other = world
            for index in other.workloads.indices {
                other.workloads[index].mode = rng.pick(EnforcementMode.allCases + [nil])
            }
            #expect(decide(world, flow, instant).policy == decide(other, flow, instant).policy)
            return true
        }
    }

    @Test func theTwoVerdictsAgreeWhereEverybodyIsInFull() {
        _ = eachFlow(seed: 16) { world, flow, instant, _ in
            var full = world
            for index in full.workloads.indices { full.workloads[index].mode = .full }
            let decision = decide(full, flow, instant)
            #expect(decision.policy == decision.effective)
            return true
        }
    }

    @Test func anUnrecordedSourcePortStandsForEachRecordedOne() {
        let applied = eachFlow(seed: 17) { world, flow, instant, rng in
            guard flow.proto.hasPorts else { return false }
            var unrecorded = flow
            unrecorded.sourcePort = nil
            let whole = decide(world, unrecorded, instant).policy.outcome
            for port in [
                1024, 1025, 32_767, 32_768, 39_999, 40_000, 60_999, 61_000, 65_535, UInt16(1024 + rng.below(64_000)),
            ] {
                var recorded = flow
                recorded.sourcePort = port
                let one = decide(world, recorded, instant).policy.outcome
                switch whole {
                case .allowed, .denied: #expect(one == whole)
                case .partly(let denied): #expect(one == (denied.contains(port) ? .denied : .allowed))
                case .indeterminate: break
                }
            }
            if case .partly = whole { return true }
            return false
        }
        #expect(applied > 0, "\(applied)")
    }

    @Test func onlyBoundariesOfValidityAreSeen() {
        _ = eachFlow(seed: 18) { world, flow, _, _ in
            let inside = [100, 101, 199].map { decide(world, flow, Instant(rawValue: $0)) }
            #expect(Set(inside).count == 1)
            return true
        }
    }
}
