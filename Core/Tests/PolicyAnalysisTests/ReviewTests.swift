import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import PolicyReference
import TestWorlds
import Testing

/// Reviews of random worlds against the questions and the reference.
@Suite struct ReviewTests {
    @Test func whatAReviewCallsUselessCanGo() {
        var counts = ["vacuous": 0, "shadowed": 0, "redundant": 0, "useful": 0]
        for seed in worlds(1_000, debugShare: 60) {
            var rng = SplitMix64(seed: seed)
            var limits = WorldLimits()
            limits.hasAttributes = rng.chance(40)
            let world = FlatWorld.random(limits: limits, using: &rng)
            let instant = Instant.random(using: &rng)
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            let side = Connectivity(engine, at: instant, view: rng.pick(VerdictView.allCases))
            let review = PolicyReview(side)
            let rules = world.policy.layers.flatMap(\.tiers).flatMap(\.rules)
            for id in Set(rules.map(\.id)).sorted() {
                let kinds = review.findings.filter { $0.place == .rule(id) }.compactMap { Self.name($0.kind) }
                let isInForce = rules.contains { $0.id == id && $0.validity.contains(instant) }
                if !isInForce { continue }
                let answer = side.isRedundant(id)
                counts[kinds.first ?? "useful", default: 0] += 1
                if !kinds.isEmpty, answer != .yes {
                    Issue.record("seed \(seed): \(id) is \(kinds), but \(answer)")
                    return
                }
                if kinds.isEmpty, answer == .yes, !limits.hasAttributes {
                    Issue.record("seed \(seed): \(id) is redundant, but not found")
                    return
                }
            }
        }
        for (name, count) in counts { #expect(count > 0, "\(name) never happens: \(counts)") }
    }

    private static func name(_ kind: PolicyReview.Finding.Kind) -> String? {
        switch kind {
        case .vacuous: "vacuous"
        case .shadowed: "shadowed"
        case .redundant: "redundant"
        case .contradicted, .missing: nil
        }
    }

    @Test func aShadowedRuleDecidesNoFlow() {
        var counts = ["shadowed": 0, "decides": 0]
        for seed in worlds(1_500, debugShare: 60) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let instant = Instant.random(using: &rng)
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            let side = Connectivity(engine, at: instant)
            let reference = FlatReference(workloads: world.workloads, policy: world.policy)
            let rules = world.policy.layers.flatMap(\.tiers).flatMap(\.rules)
            var idle: Set<RuleID> = []
            for id in Set(rules.map(\.id)) {
                switch side.standing(of: id)?.effect {
                case .shadowed, .vacuous: idle.insert(id)
                case .decides: counts["decides", default: 0] += 1
                case .unsure, nil: break
                }
            }
            counts["shadowed", default: 0] += idle.count
            for _ in 0..<40 {
                let flow = Flow.known(in: world, using: &rng)
                guard let from = side.end(of: flow.source.address), let to = side.end(of: flow.destination.address),
                    !from.isSelfTraffic(with: to)
                else { continue }
                let verdict = reference.decide(flow, at: instant).policy
                for decider in [verdict.source.decider, verdict.destination.decider] {
                    guard case .rule(let id, _, _) = decider, idle.contains(id) else { continue }
                    Issue.record("seed \(seed): \(id) is idle, but decides \(flow)")
                    return
                }
            }
        }
        for (name, count) in counts { #expect(count > 0, "\(name) never happens: \(counts)") }
    }
}
