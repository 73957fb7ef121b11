import Dialects
import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

/// The policies of Kubernetes in a cluster that runs Calico.
///
/// Sources: `libcalico-go/lib/backend/k8s/conversion` (`K8sNetworkPolicyToCalico`: order 1000 in the default tier; `clusternetworkpolicy.go`)
/// and `tier.go` (`kube-admin` at 1,000, `default` at 1,000,000, `kube-baseline` at 10,000,000).
@Suite struct CalicoKubernetesTests {
    private let a = Written.a
    private let b = Written.b
    private static let everybody = "from: [{namespaces: {}}]"

    /// What netpol-analyzer states of a cluster holds under Calico too, but where Calico supports less than the API.
    @Test(arguments: NetpolAnalyzerTests.cases.filter { !unsupported.contains($0) })
    func connectionsAreThoseOfKubernetes(name: String) throws {
        let path = "\(NetpolAnalyzerTests.folder)/\(name)"
        // Calico has no policy for pods in their node's network; the expectation takes them for others.
        let sources = try TestData.manifests(in: "\(path)/input").map {
            PolicySource(
                name: $0.name,
                text: String(decoding: $0.bytes, as: UTF8.self).replacing(
                    "\"hostNetwork\": true", with: "\"hostNetwork\": false"))
        }
        let read = CalicoReader.read(sources, DialectOptions(now: Instant(rawValue: 0)))
        #expect(read.findings.filter { $0.effect == .may } == [])
        let expected = try ExpectedConnections(try TestData.text("\(path)/expected.txt"))
        #expect(ConnectionComparison(read).differences(from: expected) == [])
    }

    /// Cases with named ports or nodes in cluster-wide policies.
    static let unsupported: Set<String> = [
        "anp_and_banp_using_networks_and_nodes_test", "anp_banp_test_with_named_port_unmatched",
    ]

    @Test(arguments: [(999, true), (1001, false)]) func networkPolicyStandsAtOrder1000(order: Int, first: Bool) throws {
        for (action, passes) in [("Allow", true), ("Deny", false)] {
            let kubernetes = Written.networkPolicy(
                "two", action == "Allow" ? "{podSelector: {}}" : "{podSelector: {}, ingress: [{}]}")
            let own = Written.calico("two", "order: \(order), ingress: [{action: \(action)}]", name: "own")
            let world = CalicoWorld(Written.trio + kubernetes + own)
            // A NetworkPolicy without a rule for the flow leaves it to the next policy of the tier.
            #expect(try world.passes(a, b) == (action == "Allow" ? true : first ? passes : true))
        }
    }

    /// A deny before order 1000 wins over a NetworkPolicy that allows, one after it does not.
    @Test func theTiersOfKubernetesHaveTheirPlaces() throws {
        let admin = Written.cluster("Admin", 5, "ingress: [{action: Deny, \(Self.everybody)}]")
        let baseline = Written.cluster("Baseline", 5, "ingress: [{action: Deny, \(Self.everybody)}]")
        func allow(_ order: Int) -> String {
            Written.tier("t", "order: \(order)")
                + Written.calico(nil, "tier: t, selector: app == 'b', ingress: [{action: Allow}]", name: "t.p")
        }
        #expect(try CalicoWorld(Written.trio + admin + allow(999)).passes(a, b))
        #expect(try !CalicoWorld(Written.trio + admin + allow(1001)).passes(a, b))
        #expect(try CalicoWorld(Written.trio + baseline + allow(9_999_999)).passes(a, b))
        #expect(try !CalicoWorld(Written.trio + baseline + allow(10_000_001)).passes(a, b))
        // The default tier is before the baseline.
        #expect(
            try CalicoWorld(Written.trio + baseline + Written.calico("two", "ingress: [{action: Allow}]")).passes(a, b))
    }

    /// Calico breaks ties of priority by name, so equal priorities are exact.
    @Test func equalPrioritiesAreOrderedByName() throws {
        for (allow, deny, passes) in [("a", "b", true), ("b", "a", false)] {
            let world = CalicoWorld(
                Written.trio
                    + Written.cluster("Admin", 5, "ingress: [{action: Accept, \(Self.everybody)}]", name: allow)
                    + Written.cluster("Admin", 5, "ingress: [{action: Deny, \(Self.everybody)}]", name: deny))
            #expect(try world.passes(a, b) == passes)
            #expect(world.serious == [])
        }
    }

    /// An `ipBlock` becomes `nets`, which hold for pods too.
    @Test func blocksHoldForPods() throws {
        let world = CalicoWorld(
            Written.trio
                + Written.networkPolicy("two", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/31}}]}]}")
        )
        #expect(try world.passes(a, b))
        #expect(try !world.passes(Written.c, b))
        #expect(world.serious == [])
    }

    @Test func whatCalicoDoesNotSupportIsOpen() throws {
        let world = CalicoWorld(
            Written.trio
                + Written.cluster(
                    "Admin", 1, "ingress: [{action: Deny, \(Self.everybody), protocols: [{destinationNamedPort: web}]}]"
                ))
        // It denies everything in place of such a rule.
        #expect(try world.outcome(a, b, .tcp, 9) == .indeterminate(.ruleMeaning))
        #expect(world.serious == ["unsupported"])
    }

    /// Files named for both languages are of one cluster, and nothing is judged twice.
    @Test func bothLanguagesTogetherAreOneCluster() {
        let text =
            Written.trio + Written.networkPolicy("two", "{podSelector: {}}")
            + Written.calico("two", "order: 1, ingress: [{action: Allow}]", name: "own")
        func load(_ dialects: [Dialect]) -> DialectPolicy {
            DialectLoader.load(
                dialects.map { DialectFiles($0, paths: ["-"]) }, DialectOptions(now: Instant(rawValue: 0)),
                standardInput: { Array(text.utf8) })
        }
        let alone = load([.calico])
        #expect(alone.policy.layers.map(\.id) == ["calico"])
        for dialects in [[Dialect.kubernetes, .calico], [.calico, .kubernetes]] {
            let both = load(dialects)
            #expect(both.policy == alone.policy && both.workloads == alone.workloads)
            #expect(both.findings == alone.findings)
        }
        // As Kubernetes alone, the NetworkPolicy decides.
        #expect(load([.kubernetes]).policy.layers.map(\.id) == ["kubernetes"])
    }
}
