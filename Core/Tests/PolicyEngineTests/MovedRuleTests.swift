import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// Replacing a policy by one that mentions the same things, elsewhere.
@Suite struct MovedRuleTests {
    private static func policy(_ tier: TierID) throws -> FlatPolicy {
        let app = try #require(LabelKey("app"))
        let web = try #require(LabelValue("web"))
        let rule = FlatRule(
            id: "r", action: .deny(.drop), direction: .egress, subject: .selector(.equals(app, web)), peer: .any,
            services: [.any])
        let tiers = ["first", "second"].map { Tier(id: $0, rules: $0 == tier ? [rule] : []) }
        return FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: tiers, fullDefault: .allow)])
    }

    /// The only rule that names a label leaves its tier before, or after, it enters the other.
    @Test(arguments: [("first", "second"), ("second", "first")] as [(TierID, TierID)])
    func theOnlyRuleThatNamesALabelMayChangeItsTier(from old: TierID, to new: TierID) throws {
        let labels = [try #require(LabelKey("app")): try #require(LabelValue("web"))]
        let address = IPAddress(ipv4: 0x0A00_0001)
        let web = Workload(id: "web", labels: labels, addresses: [address], mode: .full)
        var engine = PolicyEngine(workloads: [web], policy: try Self.policy(old))
        engine.apply(.replace(try Self.policy(new)))
        let flow = Flow(
            source: FlowEnd(address), destination: FlowEnd(IPAddress(ipv4: 0xC000_0201)), proto: .tcp, sourcePort: 5000,
            destinationPort: 80)
        let decision = engine.decide(flow, at: Instant(rawValue: 0)).effective
        #expect(decision.source == EndDecision(.denied, by: .rule("r", tier: new, layer: "host")))
        #expect(engine.canonicalForm == PolicyEngine(workloads: [web], policy: try Self.policy(new)).canonicalForm)
    }
}
