import NetworkTypes
import PolicyModel
import PolicyReference
import TestWorlds
import Testing

/// Laws of Bulkhead's own lattice, held by the reference on random worlds.
@Suite struct LatticeLawTests {
    private static let worlds = 120
    private static let flowsEach = 8

    /// Runs the body on random flows in random worlds and returns how often it said that the law had something to say.
    private func eachFlow(
        seed: UInt64, limits: WorldLimits = WorldLimits(),
        _ body: (LatticeWorld, Flow, Instant, inout SplitMix64) -> Bool
    ) -> Int {
        var rng = SplitMix64(seed: seed)
        var applied = 0
        for _ in 0..<Self.worlds {
            let world = LatticeWorld.random(limits: limits, using: &rng)
            for _ in 0..<Self.flowsEach {
                let flow = Flow.random(in: world, using: &rng)
                if body(world, flow, .random(using: &rng), &rng) { applied += 1 }
            }
        }
        return applied
    }

    private func decide(_ world: LatticeWorld, _ flow: Flow, _ instant: Instant) -> Decision {
        LatticeReference(workloads: world.workloads, policy: world.policy).decide(flow, at: instant)
    }

    @Test func orderOfArrivalDoesNotMatter() {
        _ = eachFlow(seed: 21) { world, flow, instant, rng in
            #expect(decide(world, flow, instant) == decide(world.shuffled(using: &rng), flow, instant))
            return true
        }
    }

    @Test func nothingIsAllowedWithoutARule() {
        let applied = eachFlow(seed: 22) { world, flow, instant, _ in
            var closed = world
            closed.policy.essential = []
            for index in closed.policy.quarantines.indices { closed.policy.quarantines[index].exceptions = [] }
            for index in closed.policy.rulesets.indices {
                closed.policy.rulesets[index].rules.removeAll { $0.action == .allow }
            }
            let verdict = decide(closed, flow, instant).policy
            for end in [verdict.source, verdict.destination] {
                #expect(end.kind != .allowed || end.decider == .selfTraffic)
            }
            return verdict.outcome == .denied
        }
        #expect(applied > 500, "\(applied)")
    }

    @Test func ipv4AndIPv6AreTreatedAlike() {
        var limits = [WorldLimits(), WorldLimits()]
        limits[0].families = [.ipv4]
        limits[1].families = [.ipv6]
        var decisions: [[Decision]] = [[], []]
        for side in 0...1 {
            _ = eachFlow(seed: 23, limits: limits[side]) { world, flow, instant, _ in
                decisions[side].append(decide(world, flow, instant))
                return flow.source.address.family == limits[side].families[0]
            }
        }
        #expect(decisions[0].count == decisions[1].count)
        for (four, six) in zip(decisions[0], decisions[1]) { #expect(four == six) }
        #expect(Set(decisions[0].map(\.policy.outcome)).count > 3)
    }

    @Test func anotherAllowNeverDenies() {
        let applied = eachFlow(seed: 24) { world, flow, instant, rng in
            let before = decide(world, flow, instant)
            var more = world
            for ruleset in LatticeWorld.random(using: &rng).policy.rulesets {
                var added = ruleset
                added.rules.removeAll { $0.action != .allow }
                for index in added.rules.indices {
                    added.rules[index].id = RuleID(rawValue: "new\(index)\(ruleset.id)")
                }
                more.policy.rulesets.append(added)
            }
            let after = decide(more, flow, instant)
            if before.policy.outcome == .allowed { #expect(after.policy.outcome == .allowed) }
            if before.effective.outcome == .allowed { #expect(after.effective.outcome == .allowed) }
            return before.policy.outcome != after.policy.outcome
        }
        #expect(applied > 20, "\(applied)")
    }

    @Test func anotherGuardrailNeverAllows() {
        let applied = eachFlow(seed: 25) { world, flow, instant, rng in
            let before = decide(world, flow, instant)
            var more = world
            for guardrail in (0..<4).flatMap({ _ in LatticeWorld.random(using: &rng).policy.guardrails }) {
                var added = guardrail
                added.id = RuleID(rawValue: "new/\(guardrail.id)")
                added.exceptions = []
                more.policy.guardrails.append(added)
            }
            let after = decide(more, flow, instant)
            if before.policy.outcome == .denied { #expect(after.policy.outcome == .denied) }
            if before.effective.outcome == .denied { #expect(after.effective.outcome == .denied) }
            return before.policy.outcome != after.policy.outcome
        }
        #expect(applied > 20, "\(applied)")
    }

    @Test func anotherQuarantineNeverAllows() {
        let applied = eachFlow(seed: 26) { world, flow, instant, rng in
            var world = world
            world.policy.essential = EssentialRule.standard
            let before = decide(world, flow, instant)
            let members = EndExpression.workload(rng.pick(world.workloads).id)
            world.policy.quarantines.append(Quarantine(id: "new", members: members, documentation: .forTests))
            let after = decide(world, flow, instant)
            if before.policy.outcome == .denied { #expect(after.policy.outcome == .denied) }
            if before.effective.outcome == .denied { #expect(after.effective.outcome == .denied) }
            return before.effective.outcome != after.effective.outcome
        }
        #expect(applied > 100, "\(applied)")
    }

    @Test func whereNobodyEnforcesNothingIsGoverned() {
        let applied = eachFlow(seed: 27) { world, flow, instant, rng in
            var world = world
            world.policy.quarantines = []
            for index in world.workloads.indices { world.workloads[index].mode = rng.pick([nil, .idle, .visibility]) }
            let decision = decide(world, flow, instant)
            #expect(decision.effective == Verdict(outcome: .allowed, source: .notGoverned, destination: .notGoverned))
            return decision.policy.outcome == .denied
        }
        #expect(applied > 100, "\(applied)")
    }

    @Test func modesDoNotChangeThePolicyVerdict() {
        _ = eachFlow(seed: 28) { world, flow, instant, rng in
            var other = world
            for index in other.workloads.indices {
                other.workloads[index].mode = rng.pick(EnforcementMode.allCases + [nil])
            }
            #expect(decide(world, flow, instant).policy == decide(other, flow, instant).policy)
            for index in other.workloads.indices { other.workloads[index].mode = .full }
            let full = decide(other, flow, instant)
            #expect(full.policy == full.effective)
            return true
        }
    }

    @Test func quarantinedWorkloadsReachOnlyWhatIsExceptedOrEssential() {
        let applied = eachFlow(seed: 29) { world, flow, instant, _ in
            var cut = world
            cut.policy.quarantines = [Quarantine(id: "all", members: .anyWorkload, documentation: .forTests)]
            let verdict = decide(cut, flow, instant).effective
            for end in [verdict.source, verdict.destination] where end.kind == .allowed {
                if case .rule(_, let tier, _) = end.decider {
                    #expect(tier == "essential" || isSelfTraffic(flow, in: cut))
                } else {
                    #expect(end.decider == .selfTraffic)
                }
            }
            return verdict.outcome == .denied
        }
        #expect(applied > 300, "\(applied)")
    }

    private func isSelfTraffic(_ flow: Flow, in world: LatticeWorld) -> Bool {
        world.workloads.contains {
            $0.addresses.contains(flow.source.address) && $0.addresses.contains(flow.destination.address)
        }
    }
}
