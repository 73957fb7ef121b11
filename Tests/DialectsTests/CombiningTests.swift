import Dialects
import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// Policies of several languages put together: every layer of every language must allow.
@Suite struct CombiningTests {
    private static func address(_ last: UInt32) -> IPAddress { IPAddress(ipv4: 0x0A00_0000 + last) }
    private static func label(_ key: String, _ value: String) throws -> (LabelKey, LabelValue) {
        (try #require(LabelKey(key)), try #require(LabelValue(value)))
    }

    /// A language whose only layer denies everything but TCP to the ports, at the workload of this name.
    private static func language(
        _ dialect: Dialect, _ layer: LayerID, _ workloads: [Workload], opens ports: PortSet, at id: WorkloadID,
        standIns: Set<IPAddress> = []
    ) -> DialectPolicy {
        let rule = FlatRule(
            id: RuleID(rawValue: "\(layer)/open"), action: .allow, direction: .ingress, subject: .workload(id),
            peer: .any, services: [.ports(.tcp, destination: ports)])
        return DialectPolicy(
            dialects: [dialect], workloads: workloads,
            policy: FlatPolicy(layers: [
                Layer(
                    id: layer, enforcer: .platform, appliesTo: .workload(id),
                    tiers: [Tier(id: "only", rules: [rule])])
            ]),
            standIns: standIns, protocols: dialect == .kubernetes ? [.tcp, .udp, .sctp] : [.tcp, .udp, .icmp])
    }

    private static func outcome(_ policy: DialectPolicy, to address: IPAddress, _ port: UInt16) -> Outcome {
        PolicyEngine(workloads: policy.workloads, policy: policy.policy).decide(
            Flow(
                source: FlowEnd(Self.address(99)), destination: FlowEnd(address), proto: .tcp, sourcePort: 40_000,
                destinationPort: port), at: Instant(rawValue: 0)
        ).policy.outcome
    }

    @Test func everyLanguageMustAllow() {
        let shop = Workload(id: "shop", addresses: [Self.address(1)])
        let both = DialectPolicy(combining: [
            Self.language(.kubernetes, "cni", [shop], opens: PortSet(80...90), at: "shop"),
            Self.language(.tailscale, "tailnet", [shop], opens: PortSet(85...95), at: "shop"),
        ])
        #expect(both.workloads.map(\.id) == ["shop"])
        #expect(both.protocols == [.tcp, .udp, .sctp, .icmp])
        for (port, expected) in [(84, Outcome.denied), (85, .allowed), (90, .allowed), (91, .denied)] {
            #expect(Self.outcome(both, to: Self.address(1), UInt16(port)) == expected, "port \(port)")
        }
    }

    /// A workload that two languages call differently is one, and rules that name it by either name mean it.
    @Test func anAddressInCommonMakesOneWorkload() throws {
        var pod = Workload(id: "ns/shop[Pod]", addresses: [Self.address(1)])
        var node = Workload(id: "shop-1", addresses: [Self.address(1)], mode: .full)
        pod.labels = Dictionary(uniqueKeysWithValues: [try Self.label("pod/app", "shop")])
        node.labels = Dictionary(uniqueKeysWithValues: [try Self.label("user", "ann")])
        let both = DialectPolicy(combining: [
            Self.language(.kubernetes, "cni", [pod], opens: PortSet(80...90), at: "ns/shop[Pod]"),
            Self.language(.tailscale, "tailnet", [node], opens: PortSet(85...95), at: "shop-1"),
        ])
        let only = try #require(both.workloads.first)
        #expect(both.workloads.count == 1)
        #expect(only.id == "ns/shop[Pod]" && only.mode == .full && only.labels.count == 2)
        #expect(Self.outcome(both, to: Self.address(1), 84) == .denied)
        #expect(Self.outcome(both, to: Self.address(1), 87) == .allowed)
        #expect(Self.outcome(both, to: Self.address(1), 93) == .denied)
    }

    @Test func aRealAddressTakesThePlaceOfOneThatWasMadeUp() {
        let standIn = IPAddress(ipv4: 0xF000_0001)
        let pod = Workload(id: "shop", addresses: [standIn])
        let known = Workload(id: "shop", addresses: [Self.address(7)])
        let both = DialectPolicy(combining: [
            Self.language(.kubernetes, "cni", [pod], opens: PortSet(80), at: "shop", standIns: [standIn]),
            Self.language(.tailscale, "tailnet", [known], opens: PortSet(80), at: "shop"),
        ])
        #expect(both.workloads.first?.addresses == [Self.address(7)])
        #expect(both.standIns.isEmpty)
    }

    /// Two made-up addresses that happen to be equal are no address in common.
    @Test func addressesThatWereMadeUpJoinNobody() {
        let standIn = IPAddress(ipv4: 0xF000_0001)
        let both = DialectPolicy(combining: [
            Self.language(
                .kubernetes, "cni", [Workload(id: "a", addresses: [standIn])], opens: PortSet(80), at: "a",
                standIns: [standIn]),
            Self.language(
                .calico, "felix", [Workload(id: "b", addresses: [standIn])], opens: PortSet(80), at: "b",
                standIns: [standIn]),
        ])
        #expect(both.workloads.map(\.id) == ["a", "b"])
    }

    @Test func aConflictOfLabelsIsFoundAndTheFirstIsUsed() throws {
        let (key, one) = try Self.label("env", "prod")
        let (_, other) = try Self.label("env", "dev")
        let both = DialectPolicy(combining: [
            Self.language(
                .kubernetes, "cni", [Workload(id: "a", labels: [key: one], addresses: [Self.address(1)])],
                opens: PortSet(80), at: "a"),
            Self.language(
                .tailscale, "tailnet", [Workload(id: "a", labels: [key: other], addresses: [Self.address(1)])],
                opens: PortSet(80), at: "a"),
        ])
        #expect(both.workloads.first?.labels == [key: one])
        #expect(both.findings.map(\.effect) == [.may])
        #expect(both.findings.first?.diagnostic.code == "label-conflict")
    }
}
