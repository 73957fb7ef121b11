import Dialects
import NetworkTypes
import PolicyModel
import Testing

/// Interfaces of hosts as endpoints.
///
/// Sources: docs.tigera.io "Host endpoint" (Default behavior), "Failsafe rules", "Summary of host endpoint policies", and the comments of
/// `hostendpoint.go` and of `FailsafeInboundHostPorts` in `felixconfig.go`.
@Suite struct CalicoHostTests {
    private let host = "n1[HostEndpoint]"
    private static let spec = "node: n1, interfaceName: eth0, expectedIPs: [192.0.2.1]"
    private func world(_ policies: String..., spec: String = Self.spec) -> CalicoWorld {
        CalicoWorld(Written.trio + Written.host("n1", "role: node", spec) + policies.joined())
    }

    @Test func aHostWithoutPolicyIsClosedButForFailsafePorts() throws {
        let world = world()
        #expect(try world.tcp(Written.b, host) == "22,179,2379-2380,5473,6443,6666-6667")
        #expect(try world.tcp(host, Written.b) == "179,2379-2380,5473,6443,6666-6667")
        for (port, ingress, egress) in [(68, true, false), (67, false, true), (53, false, true), (69, false, false)]
            as [(UInt16, Bool, Bool)]
        {
            #expect(try world.passes(Written.outside, host, .udp, port) == ingress, "\(port)")
            #expect(try world.passes(host, Written.outside, .udp, port) == egress, "\(port)")
        }
        #expect(try world.passes("192.0.2.1", Written.outside, .udp, 53))
        #expect(world.serious == [])
    }

    @Test func theProfileThatAllowsOpensAHost() throws {
        let open = world(spec: Self.spec + ", profiles: [projectcalico-default-allow]")
        #expect(try open.passes(Written.outside, host) && open.passes(host, Written.outside))
        let unknown = world(spec: Self.spec + ", profiles: [other]")
        #expect(try unknown.outcome(Written.outside, host) == .indeterminate(.ruleMeaning))
        #expect(unknown.serious == ["unknown-profile"])
        // A host without a profile has nothing uncertain about it.
        #expect(world().read.policy.layers.flatMap(\.tiers).flatMap(\.rules).allSatisfy { $0.certainty == .exact })
    }

    @Test func aGlobalPolicySelectsHostsByLabels() throws {
        let world = world(
            Written.calico(
                nil,
                "selector: role == 'node', ingress: [{action: Allow, protocol: TCP, destination: {ports: [443]}}, {action: Deny, protocol: TCP, destination: {ports: [22]}}]"
            ))
        // Failsafe comes before policy.
        #expect(try world.tcp(Written.a, host) == "22,179,443,2379-2380,5473,6443,6666-6667")
        #expect(try world.passes(Written.a, Written.b))
    }

    /// A policy for all endpoints is for hosts too; `has(projectcalico.org/namespace)` and a `namespaceSelector` leave them out.
    @Test(arguments: [
        ("selector: all()", true), ("", true), ("selector: has(projectcalico.org/namespace)", false),
        ("namespaceSelector: all()", false), ("namespaceSelector: team == 'red'", false),
        ("selector: '!has(projectcalico.org/namespace)'", true),
        ("selector: all(), namespaceSelector: team != 'x'", false),
        ("serviceAccountSelector: all()", false), ("selector: projectcalico.org/orchestrator == 'k8s'", false),
    ]) func whatIsForAllIsForHosts(subject: String, selected: Bool) throws {
        let world = world(Written.calico(nil, (subject.isEmpty ? "" : subject + ", ") + "ingress: [{action: Allow}]"))
        #expect(try world.passes(Written.outside, host) == selected)
    }

    @Test func hostsArePeersByTheirExpectedAddresses() throws {
        let policy = Written.calico(
            nil, "selector: app == 'b', ingress: [{action: Allow, source: {selector: role == 'node'}}]")
        #expect(
            try world(policy, spec: Self.spec + ", profiles: [projectcalico-default-allow]").passes(host, Written.b))
        let local = Written.calico(
            "two", "ingress: [{action: Allow, source: {namespaceSelector: global(), selector: role == 'node'}}]")
        #expect(try world(local, spec: Self.spec + ", profiles: [projectcalico-default-allow]").passes(host, Written.b))
        let unlisted = world(policy, spec: "node: n1, interfaceName: eth0, profiles: [projectcalico-default-allow]")
        #expect(try !unlisted.passes(host, Written.b))
        #expect(unlisted.serious == ["assumed-address"])
    }

    @Test func namedPortsOfHosts() throws {
        let world = world(
            Written.calico(
                nil,
                "selector: role == 'node', ingress: [{action: Allow, protocol: TCP, destination: {ports: [ssh-alt]}}]"),
            spec: Self.spec + ", ports: [{name: ssh-alt, protocol: TCP, port: 2222}]")
        #expect(try world.passes(Written.outside, host, .tcp, 2222))
        #expect(try !world.passes(Written.outside, host, .tcp, 2223))
    }

    /// Untracked and pre-DNAT policy is asked apart, and only at hosts.
    @Test(arguments: ["preDNAT", "doNotTrack"]) func earlyPolicyIsOpenAtHostsOnly(field: String) throws {
        let world = world(
            Written.calico(
                nil,
                "\(field): true, applyOnForward: true, selector: all(), ingress: [{action: Deny, source: {nets: [198.51.100.0/24]}}]"
            ),
            spec: Self.spec + ", profiles: [projectcalico-default-allow]")
        #expect(try world.outcome(Written.outside, host) == .indeterminate(.ruleMeaning))
        #expect(try world.passes("203.0.113.9", host))
        #expect(try world.passes(Written.outside, Written.b))
        #expect(world.serious == [field])
    }

    @Test func whatAHostForwardsIsSaidToBeLeftOut() {
        let policy = "applyOnForward: true, ingress: [{action: Deny}]"
        #expect(world(Written.calico(nil, "selector: all(), " + policy)).serious == ["forwarded"])
        #expect(world(Written.calico(nil, "selector: app == 'a', " + policy)).serious == [])
    }

    @Test func otherFailsafePortsAreOpen() throws {
        let felix =
            "apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: default}\nspec: {failsafeInboundHostPorts: []}\n---\n"
        let world = world(felix)
        #expect(try world.outcome(Written.outside, host, .tcp, 22) == .indeterminate(.ruleMeaning))
        #expect(try !world.passes(Written.outside, host, .tcp, 23))
        #expect(world.serious == ["failsafe"])
    }

    /// `IsValidCalicoWorkloadEndpoint`: a pod in its node's network is no endpoint, neither as subject nor as peer.
    @Test func podsInTheNodesNetworkAreNoEndpoints() throws {
        let pod = Written.pod("one", "h", "app: a", spec: "hostNetwork: true, nodeName: n1")
        let open = CalicoWorld(Written.trio + pod + Written.calico(nil, "selector: all(), types: [Ingress]"))
        #expect(try open.passes(Written.outside, "one/h[Pod]"))
        #expect(open.serious == [])
        let kubernetes = CalicoWorld(Written.trio + pod + Written.networkPolicy("one", "{podSelector: {}}"))
        #expect(try kubernetes.passes(Written.outside, "one/h[Pod]"))
        #expect(try !kubernetes.passes(Written.outside, Written.a))
        #expect(kubernetes.findings.map { $0.prefix(17) } == ["host-network none"])
        let peer = CalicoWorld(
            Written.trio + pod
                + Written.calico(
                    nil, "selector: app == 'b', ingress: [{action: Allow, source: {selector: app == 'a'}}]"))
        #expect(try peer.passes(Written.a, Written.b))
        #expect(try !peer.passes("one/h[Pod]", Written.b))
        // With a host endpoint on the node there is policy, which is not the pod's.
        let host = CalicoWorld(Written.trio + pod + Written.host("n1", "", Self.spec))
        #expect(host.serious == ["host-network"])
    }

    /// Kubernetes, "Network Policies": a node reaches its own pods; Calico leaves the other direction to the pod's policy.
    @Test func aNodeReachesItsOwnPods() throws {
        let node =
            "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.9}]}\n---\n"
        let pod = Written.namespace("one") + Written.pod("one", "a", spec: "nodeName: n1", status: "podIP: 10.0.0.1")
        let world = CalicoWorld(node + pod + Written.calico("one", "types: [Ingress, Egress]"))
        #expect(try world.passes("192.0.2.9", Written.a))
        #expect(try !world.passes("192.0.2.8", Written.a))
        #expect(try !world.passes(Written.a, "192.0.2.9"))
    }
}
