import NetworkTypes
import PolicyEngine
import PolicyModel
import PolicyReference
import TestWorlds
import Testing

/// After each of any changes an engine is as if it had been told the new state at once.
@Suite struct IncrementalChangeTests {
    /// How often a kind of change compiled everything anew.
    struct Share {
        var changes = 0
        var full = 0

        static func + (a: Self, b: Self) -> Self { Self(changes: a.changes + b.changes, full: a.full + b.full) }
    }

    /// Applies a random sequence to one world; nil for the first difference, after recording it.
    private func run(
        _ seed: UInt64, _ start: ToldState, _ other: ToldState, _ rng: inout SplitMix64,
        _ shares: inout [ChangeKind: Share]
    ) -> Bool {
        var state = start
        var engine = state.fresh
        var history = ""
        for step in 0..<16 {
            let kind = rng.pick(ChangeKind.allCases)
            guard let change = kind.change(of: state, towards: other, using: &rng) else { continue }
            let before = Programs(engine)
            state.apply(change)
            let report = engine.apply(change)
            history += "\(step) \(change)\n"
            shares[kind, default: Share()] =
                shares[kind, default: Share()]
                + Share(changes: 1, full: report.wasFullCompile ? 1 : 0)
            let fresh = state.fresh
            let comment = "seed \(seed), step \(step), \(kind)"
            guard engine.canonicalForm == fresh.canonicalForm else {
                let (a, b) = (Set(engine.canonicalForm), Set(fresh.canonicalForm))
                Issue.record(
                    "\(comment)\nonly changed: \(a.subtracting(b).sorted())\nonly fresh: \(b.subtracting(a).sorted())")
                return false
            }
            #expect(engine.workloads == fresh.workloads, "\(comment)")
            #expect(engine.ruleCount == fresh.ruleCount, "\(comment)")
            #expect(engine.rowEntryCount == fresh.rowEntryCount, "\(comment)")
            #expect(engine.identityCount == fresh.identityCount, "\(comment)")
            #expect(report.rowsTouched <= report.identitiesAffected, "\(comment)")
            if !report.wasFullCompile {
                let written = Programs(engine).changes(since: before)
                #expect(written <= report.rowsTouched, "\(comment): \(written) programs differ, \(report)")
            }
            var programs = (ProgramBuilder(engine), ProgramBuilder(fresh))
            for workload in state.workloads.map(\.id) {
                for layer in state.policy.layers.map(\.id) {
                    let (a, b) = (
                        programs.0.program(for: workload, layer: layer), programs.1.program(for: workload, layer: layer)
                    )
                    #expect(a == b, "\(comment): program of \(workload)")
                    if a != b { return false }
                }
            }
            guard !state.workloads.allSatisfy(\.addresses.isEmpty) else { continue }
            let reference = FlatReference(workloads: state.workloads, policy: state.policy)
            for _ in 0..<3 {
                let talking = state.workloads.filter { !$0.addresses.isEmpty }
                let flow = Flow.random(among: talking, using: &rng)
                let instant = Instant.random(using: &rng)
                let (got, expected) = (engine.decide(flow, at: instant), reference.decide(flow, at: instant))
                if got != expected {
                    Issue.record(
                        "\(Disagreement(seed: seed, what: comment, flow: flow, instant: instant, engine: got, reference: expected))"
                    )
                    return false
                }
            }
        }
        return true
    }

    /// Changes that the policy's vocabulary has no part in must never compile everything; rules seldom.
    private func expectFew(_ shares: [ChangeKind: Share]) {
        for kind in [ChangeKind.label, .mode, .attributes, .address, .port, .newWorkload, .lessWorkload, .sameAgain] {
            #expect(shares[kind, default: Share()].full == 0, "\(kind)")
        }
        let all = shares.filter { $0.key != .otherPolicy }.values.reduce(Share(), +)
        #expect(all.changes > 20)
        #expect(all.full * 4 < all.changes, "\(all) \(shares)")
    }

    @Test func changedFlatWorldsEqualFreshOnes() {
        var shares: [ChangeKind: Share] = [:]
        for seed in worlds(600, from: 90_000, debugShare: 50) {
            var rng = SplitMix64(seed: seed)
            let (one, two) = (FlatWorld.random(using: &rng), FlatWorld.random(using: &rng))
            guard
                run(
                    seed, ToldState(one.workloads, one.policy, naming: "a"),
                    ToldState(two.workloads, two.policy, naming: "b"), &rng, &shares)
            else { return }
        }
        expectFew(shares)
    }

    @Test func changedLatticeWorldsEqualFreshOnes() {
        var shares: [ChangeKind: Share] = [:]
        for seed in worlds(250, from: 95_000, debugShare: 50) {
            var rng = SplitMix64(seed: seed)
            let (one, two) = (LatticeWorld.random(using: &rng), LatticeWorld.random(using: &rng))
            guard
                run(
                    seed, ToldState(one.workloads, one.policy.lowered(), naming: "a"),
                    ToldState(two.workloads, two.policy.lowered(), naming: "b"),
                    &rng, &shares)
            else { return }
        }
        expectFew(shares)
    }

    @Test func anAddressThatJoinsAnIdentityTouchesNoRow() {
        for seed in worlds(250, from: 97_000) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            var engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            var twin = rng.pick(world.workloads)
            let nothing = engine.apply(.remove("nobody"))
            #expect(nothing.identitiesAffected == 0 && nothing.rowsTouched == 0 && !nothing.wasFullCompile)
            // No policy names these two, and they share all addresses.
            twin.id = "twin-1"
            engine.apply(.upsert(twin))
            let (before, identities) = (Programs(engine), engine.identityCount)
            twin.id = "twin-2"
            #expect(engine.apply(.upsert(twin)) == nothing, "seed \(seed)")
            #expect(engine.apply(.upsert(twin)) == nothing, "seed \(seed), told twice")
            #expect(engine.identityCount == identities, "seed \(seed)")
            #expect(Programs(engine).changes(since: before) == 0, "seed \(seed)")
            #expect(engine.apply(.remove("twin-1")) == nothing, "seed \(seed)")
            #expect(engine.identityCount == identities, "seed \(seed)")
        }
    }
}

/// The programs of all identities, as the canonical form tells them.
struct Programs {
    private var lines: [Substring: Set<Substring>] = [:]

    init(_ engine: PolicyEngine) {
        for line in engine.canonicalForm where line.hasPrefix("program ") {
            guard let cut = line.firstRange(of: " egress:") ?? line.firstRange(of: " ingress:") else { continue }
            lines[line[..<cut.lowerBound], default: []].insert(line[cut.lowerBound...])
        }
    }

    /// How many identities are new, gone or have another program.
    func changes(since other: Programs) -> Int {
        Set(lines.keys).union(other.lines.keys).count { lines[$0] != other.lines[$0] }
    }
}
