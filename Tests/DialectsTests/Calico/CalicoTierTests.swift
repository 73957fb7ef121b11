import Dialects
import NetworkTypes
import PolicyModel
import Testing

/// Tiers, order and actions, as Calico's documentation states them.
///
/// Sources: docs.tigera.io "Tier" (How policy is evaluated), "Global network policy" and "Network policy" (order, types), the comments of
/// `api/pkg/apis/projectcalico/v3/tier.go` and `globalnetworkpolicy.go`, and `felix/calc/policy_sorter.go`.
@Suite struct CalicoTierTests {
    private let a = Written.a
    private let b = Written.b
    private let c = Written.c

    private func world(_ policies: String...) -> CalicoWorld { CalicoWorld(Written.trio + policies.joined()) }

    /// "Profile": the namespace's profile allows what no policy is about.
    @Test func aPodThatNoPolicySelectsIsOpen() throws {
        let world = world()
        #expect(try world.passes(a, b) && world.passes(Written.outside, a) && world.passes(a, Written.outside))
        #expect(try world.tcp(a, b) == "0-65535")
    }

    /// `Types`: ingress without egress rules, egress with egress rules alone, both with both.
    @Test(arguments: [
        ("", true, false), ("ingress: [{action: Deny}]", true, false), ("egress: [{action: Deny}]", false, true),
        ("ingress: [{action: Deny}], egress: [{action: Deny}]", true, true), ("types: [Egress]", false, true),
        ("types: [Ingress, Egress]", true, true), ("types: [Ingress], egress: [{action: Deny}]", true, false),
        ("types: []", true, false),
    ]) func typesFollowTheRules(spec: String, ingress: Bool, egress: Bool) throws {
        let world = world(Written.calico("one", "selector: app == 'a'" + (spec.isEmpty ? "" : ", " + spec)))
        #expect(try world.passes(b, a) == !ingress)
        #expect(try world.passes(a, b) == !egress)
        #expect(try world.passes(b, c))
    }

    /// The matrix of a tier: what an action, or none, means under each default.
    @Test(
        arguments: ["Deny", "Pass"],
        [
            ("", nil as Bool?), ("ingress: [{action: Allow}]", true), ("ingress: [{action: Deny}]", false),
            ("ingress: [{action: Pass}]", nil), ("ingress: [{action: Log}]", nil),
            ("ingress: [{action: Log}, {action: Allow}]", true), ("ingress: [{action: Log}, {action: Deny}]", false),
            ("ingress: [{action: Pass}, {action: Deny}]", nil), ("ingress: [{action: Allow, protocol: UDP}]", nil),
        ]) func anActionEndsOrPasses(byDefault: String, rules: (String, Bool?)) throws
    {
        let tier = Written.tier("t", "order: 10, defaultAction: \(byDefault)")
        let policy = Written.calico(
            nil, "tier: t, selector: app == 'b', types: [Ingress]" + (rules.0.isEmpty ? "" : ", \(rules.0)"),
            name: "t.p")
        // The tier decides, or leaves it to the default tier: once closed, once open.
        let isPass = rules.0.hasPrefix("ingress: [{action: Pass}")
        for closed in [false, true] {
            let next = closed ? Written.calico("two", "selector: all()", name: "closed") : ""
            let expected = rules.1 ?? (byDefault == "Deny" && !isPass ? false : !closed)
            let world = world(tier, policy, next)
            #expect(try world.passes(a, b) == expected, "closed \(closed)")
            #expect(try world.passes(a, c))
            #expect(world.serious == [])
        }
    }

    /// "Tier": only a tier with a policy that applies to the endpoint, in that direction, takes part.
    @Test func theDefaultHoldsForWhatTheTierSelectsInThatDirection() throws {
        let world = world(
            Written.tier("t", "order: 10"),
            Written.calico(nil, "tier: t, selector: app == 'b', egress: [{action: Allow, protocol: UDP}]", name: "t.p"))
        #expect(try !world.passes(b, a))
        #expect(try world.passes(b, a, .udp))
        #expect(try world.passes(a, b))
        #expect(try world.passes(a, c))
    }

    /// "Tier": what the last tier that applies passes is for the endpoint's profiles to say.
    @Test func passingTheLastTierLeavesItToTheProfile() throws {
        let world = world(
            Written.calico("two", "ingress: [{action: Pass, source: {selector: app == 'a', namespaceSelector: all()}}]")
        )
        #expect(try world.passes(a, b))
        #expect(try !world.passes(c, b))
    }

    /// The comment of `TierSpec.Order`: lower first, none last, names break ties.
    @Test(arguments: [
        ("order: 1", "order: 2", "first"), ("order: 2", "order: 1", "second"), ("order: -1.5", "order: -1", "first"),
        ("order: 9", "", "first"), ("", "order: 2000000", "second"), ("", "", "first"),
        ("order: 5", "order: 5.0", "first"),
        ("order: 1e3", "order: 999.5", "second"),
    ]) func tiersAreAskedInOrder(one: String, other: String, winner: String) throws {
        let world = world(
            Written.tier("aa", one), Written.tier("bb", other),
            Written.calico(nil, "tier: aa, selector: app == 'b', ingress: [{action: Allow}]", name: "aa.p"),
            Written.calico(nil, "tier: bb, selector: app == 'b', ingress: [{action: Deny}]", name: "bb.p"))
        #expect(try world.passes(a, b) == (winner == "first"))
    }

    /// `DefaultTierOrder`: the default tier stands at 1,000,000; a tier without an order comes after it.
    @Test func theDefaultTierHasAPlaceOfItsOwn() throws {
        for (order, wins) in [("order: 999999", true), ("order: 1000001", false), ("", false)] {
            let world = world(
                Written.tier("t", order),
                Written.calico(nil, "tier: t, selector: app == 'b', ingress: [{action: Allow}]", name: "t.p"),
                Written.calico("two", "ingress: [{action: Deny}]"))
            #expect(try world.passes(a, b) == wins, "\(order)")
        }
    }

    /// The comment of `GlobalNetworkPolicySpec.Order` and `PolKVLess`: order, then name; a policy of whatever kind.
    @Test(arguments: [
        ("order: 1", "a", "order: 2", "b", true), ("order: 3", "a", "order: 2", "b", false),
        ("", "a", "order: 2", "b", false),
        ("", "a", "", "b", true), ("", "z", "", "b", false), ("order: 10", "a", "order: 9.5", "b", false),
        ("order: 0", "b", "order: -1", "a", false),
    ]) func policiesAreAskedInOrder(one: String, name: String, other: String, second: String, first: Bool) throws {
        func spec(_ order: String, _ action: String) -> String {
            "selector: app == 'b', ingress: [{action: \(action)}]" + (order.isEmpty ? "" : ", \(order)")
        }
        let global = world(
            Written.calico(nil, spec(one, "Allow"), name: name),
            Written.calico("two", spec(other, "Deny"), name: second))
        #expect(try global.passes(a, b) == first)
        let namespaced = world(
            Written.calico("two", spec(one, "Allow"), name: name),
            Written.calico(nil, spec(other, "Deny"), name: second))
        #expect(try namespaced.passes(a, b) == first)
    }

    @Test func rulesAreAskedInOrderAndTheFirstMatchDecides() throws {
        let some = "protocol: TCP, destination: {ports: ['80:90']}"
        let one = world(Written.calico("two", "ingress: [{action: Deny, \(some)}, {action: Allow}, {action: Deny}]"))
        #expect(try one.tcp(a, b) == "0-79,91-65535")
        let other = world(
            Written.calico("two", "ingress: [{action: Allow, \(some)}, {action: Deny, protocol: TCP}, {action: Allow}]")
        )
        #expect(try other.tcp(a, b) == "80-90")
        #expect(try other.passes(a, b, .udp, 53))
    }

    /// Order 1 with many rules does not mix with order 2.
    @Test func everyRuleOfAPolicyComesBeforeTheNextPolicy() throws {
        let world = world(
            Written.calico(nil, "order: 2, selector: app == 'b', ingress: [{action: Deny}]", name: "a"),
            Written.calico(
                "two",
                "order: 1, ingress: [{action: Log}, {action: Log}, {action: Allow, protocol: TCP, destination: {ports: [443]}}]",
                name: "z"))
        #expect(try world.tcp(a, b) == "443")
    }

    /// Both ends are judged: what the source's policy denies, the destination's cannot allow.
    @Test func bothEndsMustAllow() throws {
        let world = world(
            Written.calico(
                "one", "selector: app == 'a', egress: [{action: Allow, protocol: TCP, destination: {ports: ['80:90']}}]"
            ),
            Written.calico("two", "ingress: [{action: Allow, protocol: TCP, destination: {ports: ['85:95']}}]"))
        #expect(try world.tcp(a, b) == "85-90")
    }

    @Test func stagedPolicyIsNotEnforced() throws {
        let staged = Written.calico("two", "ingress: [{action: Deny}]").replacing(
            "NetworkPolicy", with: "StagedNetworkPolicy")
        let world = world(staged)
        #expect(try world.passes(a, b))
        #expect(world.findings.map { $0.prefix(16) } == ["passed-over none"])
    }

    /// Felix passes over policies whose tier does not exist (`policy_resolver.go`).
    @Test func aPolicyOfAnUnknownTierIsLeftOut() throws {
        let world = world(Written.calico("two", "tier: t, ingress: [{action: Deny}]", name: "t.p"))
        #expect(try world.passes(a, b))
        #expect(world.serious == ["missing-tier"])
    }
}
