import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// An explanation says what the decision says, and its losers have really lost.
@Suite struct ExplanationTests {
    private typealias Candidate = LayerExplanation.Candidate

    /// What was met, so that a law that never applied is noticed.
    private struct Met {
        var decides = 0
        var passes = 0
        var shadowed = 0
        var undecided = 0
        var successors = 0
        var withoutPort = 0
    }

    private static func strongest(_ decisions: [EndDecision]) -> EndDecision {
        decisions.first { $0.kind == .denied }
            ?? decisions.first { $0.kind != .allowed && $0.kind != .notGoverned }
            ?? decisions.first { $0.kind == .allowed } ?? .notGoverned
    }

    private func check(
        _ explanation: Explanation, _ policy: FlatPolicy, _ comment: Comment, _ met: inout Met
    ) {
        let policyVerdict = explanation.decision.policy
        for (subjects, said) in [
            (explanation.source, policyVerdict.source), (explanation.destination, policyVerdict.destination),
        ] {
            let whole = Self.strongest(subjects.map { Self.strongest($0.layers.map(\.decision)) })
            #expect(whole == said, comment)
            for layer in subjects.flatMap(\.layers) {
                guard let source = policy.layers.first(where: { $0.id == layer.layer }), source.isStateful else {
                    continue
                }
                check(layer, source, comment, &met)
            }
        }
    }

    private func check(_ layer: LayerExplanation, _ source: Layer, _ comment: Comment, _ met: inout Met) {
        let decides = layer.candidates.filter { $0.role == .decides }
        #expect(decides.count <= 1, comment)
        var last = source.tiers.count
        switch layer.decision.decider {
        case .rule(let id, let tier, let name):
            #expect(name == layer.layer, comment)
            if case .indeterminate(let attribute) = layer.decision.kind {
                #expect(decides.isEmpty, comment)
                let named = layer.candidates.contains {
                    $0.rule == id && $0.tier == tier && $0.role == .undecided(attribute)
                }
                #expect(named, comment)
            } else if let decider = decides.first {
                #expect(decider.rule == id && decider.tier == tier, comment)
                #expect((decider.action == .allow) == (layer.decision.kind == .allowed), comment)
                last = source.tiers.firstIndex { $0.id == tier } ?? last
            } else {
                Issue.record("nothing decides, yet \(id) in \(tier) does; \(comment)")
            }
        case .tierDefault(let tier, _):
            #expect(decides.isEmpty, comment)
            last = source.tiers.firstIndex { $0.id == tier } ?? last
        case .layerDefault, .selfTraffic, .nothing: #expect(decides.isEmpty, comment)
        }
        var open = 0
        for candidate in layer.candidates {
            let place = source.tiers.firstIndex { $0.id == candidate.tier } ?? 0
            switch candidate.role {
            case .decides: met.decides += 1
            case .passes:
                met.passes += 1
                guard case .pass(let target) = candidate.action else {
                    Issue.record("\(candidate.rule) passes and is no pass; \(comment)")
                    continue
                }
                #expect(place >= open && place <= last, "asked though nobody came that far; \(comment)")
                open =
                    target.map { name in source.tiers.firstIndex { $0.id == name } ?? source.tiers.count } ?? place + 1
                // A name that is not later leads to the default of the layer.
                if open <= place { open = source.tiers.count }
            case .shadowed: met.shadowed += 1
            case .undecided:
                met.undecided += 1
                #expect(place >= open && place <= last, "asked though nobody came that far; \(comment)")
            }
            if candidate.role == .decides { #expect(place >= open, "a pass skipped it; \(comment)") }
        }
    }

    /// Takes rules away and looks what changes.
    private func checkRemovals(
        _ engine: PolicyEngine, _ policy: FlatPolicy, _ flow: Flow, _ instant: Instant, _ comment: Comment,
        _ met: inout Met
    ) {
        let explanation = engine.explain(flow, at: instant)
        guard explanation.source.count == 1, explanation.destination.count == 1 else { return }
        for (direction, subject) in [(Direction.egress, explanation.source[0]), (.ingress, explanation.destination[0])]
        {
            for layer in subject.layers {
                guard let source = policy.layers.first(where: { $0.id == layer.layer }), source.isStateful,
                    !layer.candidates.contains(where: { if case .undecided = $0.role { true } else { false } })
                else { continue }
                func without(_ candidate: Candidate) -> LayerExplanation? {
                    var changed = engine
                    for tier in source.tiers where tier.id == candidate.tier {
                        for rule in tier.rules where rule.id == candidate.rule && rule.direction == direction {
                            changed.apply(.removeRule(rule, layer: source.id, tier: tier.id))
                        }
                    }
                    let again = changed.explain(flow, at: instant)
                    let side = direction == .egress ? again.source : again.destination
                    return side.first?.layers.first { $0.layer == source.id }
                }
                func isSame(_ a: Candidate, _ b: Candidate) -> Bool { a.rule == b.rule && a.tier == b.tier }
                let decider = layer.candidates.first { $0.role == .decides }
                for loser in layer.candidates
                where loser.role == .shadowed && !(decider.map { isSame($0, loser) } ?? false) {
                    #expect(without(loser)?.decision == layer.decision, "\(loser) had a say; \(comment)")
                }
                guard let decider, let place = layer.candidates.firstIndex(of: decider),
                    let next = layer.candidates[place...].first(where: { !isSame($0, decider) }),
                    next.tier == decider.tier
                else { continue }
                let changed = without(decider)?.candidates.first { isSame($0, next) }
                // Whether the next one's own match is known shows only once it is asked.
                if case .undecided = changed?.role {
                    met.successors += 1
                    continue
                }
                if case .pass = next.action {
                    #expect(changed?.role == .passes, "\(next) is next; \(comment)")
                } else {
                    #expect(changed?.role == .decides, "\(next) is next; \(comment)")
                }
                met.successors += 1
            }
        }
    }

    private func run(
        _ seed: UInt64, _ workloads: [Workload], _ policy: FlatPolicy, _ rng: inout SplitMix64, _ met: inout Met
    ) {
        let engine = PolicyEngine(workloads: workloads, policy: policy)
        for number in 0..<15 {
            let flow = Flow.random(among: workloads, using: &rng)
            let instant = Instant.random(using: &rng)
            let explanation = engine.explain(flow, at: instant)
            let comment = Comment(rawValue: "seed \(seed), flow \(number): \(flow) at \(instant.rawValue)")
            #expect(explanation.decision == engine.decide(flow, at: instant), comment)
            if flow.sourcePort == nil, flow.proto.hasPorts { met.withoutPort += 1 }
            check(explanation, policy, comment, &met)
            if number < 3 { checkRemovals(engine, policy, flow, instant, comment, &met) }
        }
    }

    private func expectEnough(_ met: Met) {
        #expect(min(met.decides, met.passes, met.shadowed, met.undecided, met.withoutPort) > 5, "\(met)")
    }

    @Test func flatPolicyIsExplained() {
        var met = Met()
        for seed in worlds(2_000, from: 130_000) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            run(seed, world.workloads, world.policy, &rng, &met)
        }
        expectEnough(met)
        #expect(met.successors > 0, "\(met)")
    }

    @Test func theLatticeIsExplained() {
        var met = Met()
        for seed in worlds(1_000, from: 140_000) {
            var rng = SplitMix64(seed: seed)
            let world = LatticeWorld.random(using: &rng)
            run(seed, world.workloads, world.policy.lowered(), &rng, &met)
        }
        expectEnough(met)
    }

    @Test func ownersAndSelfTrafficAreNamed() {
        let (one, two) = (IPAddress(ipv4: 0x0A00_0001), IPAddress(ipv4: 0x0A00_0002))
        let engine = PolicyEngine(
            workloads: [
                Workload(id: "b", addresses: [one], mode: .full), Workload(id: "a", addresses: [one], mode: .idle),
                Workload(id: "c", addresses: [two], mode: .selective),
            ], policy: Policy().lowered())
        func explain(_ source: IPAddress, _ destination: IPAddress) -> Explanation {
            let flow = Flow(
                source: FlowEnd(source), destination: FlowEnd(destination), proto: .tcp, destinationPort: 80)
            return engine.explain(flow, at: Instant(rawValue: 0))
        }
        let shared = explain(one, two)
        #expect(shared.source.map(\.workload) == ["a", "b"])
        #expect(shared.source.flatMap(\.layers).map(\.enforcedMode) == [nil, .full])
        #expect(shared.destination.flatMap(\.layers).map(\.enforcedMode) == [.selective])
        #expect(!shared.isSelfTraffic)
        #expect(explain(two, two).isSelfTraffic)
        let outside = explain(two, IPAddress(ipv4: 0xC000_0201)).destination
        #expect(outside.map(\.workload) == [nil] && outside.flatMap(\.layers).isEmpty)
    }

    /// The default of the first tier ends the layer, so that nothing in the second is asked, whatever its action.
    @Test func nothingBehindADefaultIsAsked() throws {
        let principals = AttributeMatch(principals: ["alice"])
        let behind = [
            FlatRule(
                id: "passes", rank: 1, action: .pass(to: nil), direction: .egress, subject: .any, peer: .any,
                services: [.any]),
            FlatRule(
                id: "depends", rank: 2, action: .allow, direction: .egress, subject: .any, peer: .any,
                services: [.any], subjectAttributes: principals),
            FlatRule(
                id: "allows", rank: 3, action: .allow, direction: .egress, subject: .any, peer: .any, services: [.any]),
        ]
        let (one, two) = (IPAddress(ipv4: 0x0A00_0001), IPAddress(ipv4: 0x0A00_0002))
        let tiers = [Tier(id: "first", onNoMatch: .deny), Tier(id: "second", rules: behind)]
        let engine = PolicyEngine(
            workloads: [Workload(id: "a", addresses: [one], mode: .full)],
            policy: FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: tiers)]))
        let flow = Flow(
            source: FlowEnd(one), destination: FlowEnd(two), proto: .tcp, sourcePort: 5000, destinationPort: 80)
        let layer = try #require(engine.explain(flow, at: Instant(rawValue: 0)).source.first?.layers.first)
        #expect(layer.decision.decider == .tierDefault("first", layer: "host"))
        #expect(layer.candidates.map(\.rule) == ["passes", "depends", "allows"])
        #expect(layer.candidates.allSatisfy { $0.role == .shadowed }, "\(layer.candidates)")
    }
}
