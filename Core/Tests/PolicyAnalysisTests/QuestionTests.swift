import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// Questions against the reference, on random worlds and flows of which everything is known.
@Suite struct QuestionTests {
    @Test func containedMeansThatNoFlowPassesOnlyHere() {
        var counts = ["yes": 0, "no": 0, "unknown": 0]
        for seed in worlds(2_500, debugShare: 50) {
            var rng = SplitMix64(seed: seed)
            var both = TwoWorlds.random(using: &rng)
            both = TwoWorlds(
                before: both.before, after: FlatWorld(workloads: both.before.workloads, policy: both.after.policy),
                instant: both.instant, view: both.view)
            let (inner, outer) = (both.connectivity(both.before), both.connectivity(both.after))
            switch inner.isContained(in: outer) {
            case .yes:
                counts["yes", default: 0] += 1
                for _ in 0..<60 {
                    let flow = Flow.known(in: both.before, using: &rng)
                    guard Self.isBetweenTwo(flow, inner) else { continue }
                    let (here, there) = (both.outcome(both.before, flow), both.outcome(both.after, flow))
                    if here != .denied, there != .allowed {
                        Issue.record("seed \(seed): \(flow) is \(here) here and \(there) there")
                        return
                    }
                }
            case .no(let witness):
                counts["no", default: 0] += 1
                guard let flow = witness.flow, both.outcome(both.before, flow) == .allowed,
                    both.outcome(both.after, flow) == .denied
                else {
                    Issue.record("seed \(seed): \(witness) shows nothing")
                    return
                }
            case .unknown(let rule):
                counts["unknown", default: 0] += 1
                let rules = [both.before, both.after].flatMap(\.policy.layers).flatMap(\.tiers).flatMap(\.rules)
                #expect(rules.contains { $0.id == rule })
            }
        }
        for (name, count) in counts { #expect(count > 0, "\(name) never happens: \(counts)") }
    }

    @Test func aPolicyIsEquivalentToItselfUnlessItIsNotUnderstood() {
        for seed in worlds(1_000, debugShare: 50) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let both = TwoWorlds(before: world, after: world, instant: Instant(rawValue: 150), view: .policy)
            let side = both.connectivity(world)
            let isExact = world.policy.layers.flatMap(\.tiers).flatMap(\.rules).allSatisfy { $0.certainty == .exact }
            let answer = side.isEquivalent(to: side)
            if case .no = answer { Issue.record("seed \(seed): \(answer)") }
            if isExact { #expect(answer == .yes, "seed \(seed)") }
        }
    }

    @Test func withoutARedundantRuleEveryFlowIsDecidedAsBefore() {
        var counts = ["yes": 0, "no": 0]
        for seed in worlds(1_500, debugShare: 50) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let rules = world.policy.layers.flatMap(\.tiers).flatMap(\.rules)
            guard !rules.isEmpty else { continue }
            let rule = rng.pick(rules).id
            let rest = FlatWorld(workloads: world.workloads, policy: world.policy.without(rule))
            let both = TwoWorlds(before: world, after: rest, instant: .random(using: &rng), view: .policy)
            let side = both.connectivity(world)
            switch side.isRedundant(rule) {
            case .yes:
                counts["yes", default: 0] += 1
                for _ in 0..<60 {
                    let flow = Flow.known(in: world, using: &rng)
                    guard Self.isBetweenTwo(flow, side) else { continue }
                    let (with, without) = (both.outcome(world, flow), both.outcome(rest, flow))
                    if [with, without].allSatisfy({ $0 == .allowed || $0 == .denied }), with != without {
                        Issue.record("seed \(seed): \(flow) is \(with), without \(rule) \(without)")
                        return
                    }
                }
            case .no(let witness):
                counts["no", default: 0] += 1
                guard let flow = witness.flow else { continue }
                #expect(both.outcome(world, flow) != both.outcome(rest, flow), "seed \(seed)")
            case .unknown: break
            }
        }
        for (name, count) in counts { #expect(count > 0, "\(name) never happens: \(counts)") }
    }

    @Test func onlySourcesIsTrueUnlessSomebodyElseGetsThrough() {
        var counts = ["yes": 0, "no": 0]
        for seed in worlds(1_500, debugShare: 50) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let both = TwoWorlds(before: world, after: world, instant: .random(using: &rng), view: .policy)
            let side = both.connectivity(world)
            let sources = EndExpression.selector(.random(using: &rng))
            let targets = EndExpression.workload(rng.pick(world.workloads).id)
            let services = ServiceSet(.tcp)
            func isOther(_ flow: Flow) -> Bool {
                let owners = world.workloads.filter { $0.addresses.contains(flow.source.address) }
                guard case .selector(let selector) = sources else { return false }
                return owners.isEmpty || !owners.allSatisfy { selector.matches($0.labels) }
            }
            func isTarget(_ flow: Flow) -> Bool {
                world.workloads.contains {
                    targets == .workload($0.id) && $0.addresses.contains(flow.destination.address)
                }
            }
            switch side.onlySources(sources, reach: targets, on: services) {
            case .yes:
                counts["yes", default: 0] += 1
                for _ in 0..<60 {
                    let flow = Flow.known(in: world, using: &rng)
                    guard flow.proto == .tcp, Self.isBetweenTwo(flow, side), isOther(flow), isTarget(flow) else {
                        continue
                    }
                    #expect(both.outcome(world, flow) == .denied, "seed \(seed): \(flow)")
                }
            case .no(let witness):
                counts["no", default: 0] += 1
                guard let flow = witness.flow else { continue }
                #expect(isOther(flow) && isTarget(flow) && flow.proto == .tcp, "seed \(seed): \(flow)")
                #expect(both.outcome(world, flow) == .allowed, "seed \(seed): \(flow)")
            case .unknown: break
            }
        }
        for (name, count) in counts { #expect(count > 0, "\(name) never happens: \(counts)") }
    }

    private static func isBetweenTwo(_ flow: Flow, _ side: Connectivity) -> Bool {
        guard let from = side.end(of: flow.source.address), let to = side.end(of: flow.destination.address) else {
            return false
        }
        return !from.isSelfTraffic(with: to)
    }
}
