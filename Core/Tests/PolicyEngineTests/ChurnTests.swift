import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// Many identities come and go, so that places are used again and the table of identities grows.
@Suite struct ChurnTests {
    @Test func manyIdentitiesComeAndGo() throws {
        let (app, env) = (try #require(LabelKey("app")), try #require(LabelKey("env")))
        let rules = try (0..<10).map { number in
            FlatRule(
                id: RuleID(rawValue: "r\(number)"), action: number.isMultiple(of: 3) ? .deny(.drop) : .allow,
                direction: number.isMultiple(of: 2) ? .ingress : .egress,
                subject: .selector(.equals(app, try #require(LabelValue("a\(number)")))),
                peer: .selector(.notEquals(env, try #require(LabelValue("e\(number)")))), services: [.any])
        }
        let layer = Layer(id: "host", enforcer: .agent, tiers: [Tier(id: "tier", rules: rules)])
        var state = ToldState([], FlatPolicy(layers: [layer]))
        var engine = state.fresh
        var rng = SplitMix64(seed: 7)
        for step in 0..<1_200 {
            let number = UInt32(rng.below(250))
            let id = WorkloadID(rawValue: "w\(number)")
            let change: PolicyChange
            if rng.chance(35) {
                change = .remove(id)
            } else {
                let labels = [app: LabelValue("a\(rng.below(12))"), env: LabelValue("e\(rng.below(30))")]
                change = .upsert(
                    Workload(
                        id: id, labels: labels.compactMapValues(\.self),
                        addresses: [IPAddress(ipv4: 0x0A00_0000 + number)], mode: .full))
            }
            state.apply(change)
            let report = engine.apply(change)
            #expect(report.rowsTouched <= 2 && !report.wasFullCompile)
            if step % 400 == 399 {
                let fresh = state.fresh
                #expect(engine.canonicalForm == fresh.canonicalForm)
                #expect(engine.rowEntryCount == fresh.rowEntryCount)
            }
        }
        #expect(engine.identityCount > 100)
        for workload in state.workloads { engine.apply(.remove(workload.id)) }
        #expect(engine.canonicalForm == PolicyEngine(workloads: [], policy: state.policy).canonicalForm)
    }
}
