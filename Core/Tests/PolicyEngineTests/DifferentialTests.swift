import NetworkTypes
import PolicyEngine
import PolicyModel
import PolicyReference
import TestWorlds
import Testing

@Suite struct DifferentialTests {
    /// Together with the table tests, a million decisions of the engine are compared with the references.
    @Test func engineEqualsTheFlatReference() {
        var tally = DecisionTally()
        let found = Differential.flat(seeds: worlds(12_500, debugShare: 80), flows: 40, tally: &tally) { world in
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            return { engine.decide($0, at: $1) }
        }
        #expect(found == nil, "\(found.map(\.description) ?? "")")
        for name in DecisionTally.requiredOfFlat {
            #expect(tally.percent(name) >= 1, "\(name) decides \(tally.percent(name)) %")
        }
    }

    @Test func engineEqualsTheLatticeReference() {
        var tally = DecisionTally()
        let found = Differential.lattice(seeds: worlds(12_500, debugShare: 80), flows: 40, tally: &tally) { world in
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy.lowered())
            return { engine.decide($0, at: $1) }
        }
        #expect(found == nil, "\(found.map(\.description) ?? "")")
        for name in DecisionTally.requiredOfLattice {
            #expect(tally.percent(name) >= 1, "\(name) decides \(tally.percent(name)) %")
        }
    }

    @Test func tableEqualsTheReferences() {
        var tally = DecisionTally()
        func table(_ workloads: [Workload], _ policy: FlatPolicy) -> Decide {
            let engine = PolicyEngine(workloads: workloads, policy: policy)
            var tables: [Instant: DecisionTable] = [:]
            return { flow, instant in
                // Two instants a world, since a table takes long to make; at others the engine answers.
                guard tables[instant] != nil || tables.count < 2 else { return engine.decide(flow, at: instant) }
                guard var table = tables[instant] ?? DecisionTable(engine, at: instant) else {
                    Issue.record("a tiny world has too many classes")
                    return engine.decide(flow, at: instant)
                }
                let key = table.decide(flow)
                tables[instant] = table
                let decision = table.decision(key)
                #expect(key.isAllowedByPolicy == (decision.policy.outcome == .allowed))
                #expect(key.isAllowedEffectively == (decision.effective.outcome == .allowed))
                return decision
            }
        }
        let seeds = worlds(600, from: 50_000, debugShare: 100)
        let flat = Differential.flat(seeds: seeds, flows: 40, tally: &tally) {
            table($0.workloads, $0.policy)
        }
        #expect(flat == nil, "\(flat.map(\.description) ?? "")")
        let lattice = Differential.lattice(seeds: seeds, flows: 40, tally: &tally) {
            table($0.workloads, $0.policy.lowered())
        }
        #expect(lattice == nil, "\(lattice.map(\.description) ?? "")")
    }
}
