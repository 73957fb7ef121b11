import NetworkTypes
import PolicyModel
import Testing

/// NetworkPolicy as its API says: kubernetes/api, `networking/v1/types.go`; each test names the type and field whose comment says so.
@Suite struct NetworkPolicyTests {
    private let a = Written.a
    private let b = Written.b

    private func world(_ policies: String...) -> KubernetesWorld { KubernetesWorld(Written.pair + policies.joined()) }

    /// NetworkPolicySpec.Ingress: traffic is allowed "if there are no NetworkPolicies selecting the pod".
    @Test func aPodThatNothingSelectsIsOpen() throws {
        let world = world(Written.networkPolicy("two", "{podSelector: {matchLabels: {app: none}}}"))
        #expect(try world.passes(a, b))
    }

    /// NetworkPolicySpec.PodSelector: "An empty podSelector matches all pods in this namespace", and no others.
    @Test(arguments: ["podSelector: {}", "podSelector:", ""]) func anEmptySelectorIsTheNamespace(selector: String)
        throws
    {
        let world = world(
            Written.networkPolicy("two", "\n  \(selector)\n  policyTypes: [Ingress]"))
        #expect(try !world.passes(a, b))
        #expect(try world.passes(b, a))
    }

    /// NetworkPolicySpec.Ingress: several policies are "combined additively".
    @Test func policiesAdd() throws {
        let world = world(
            Written.networkPolicy("two", "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}"),
            Written.networkPolicy("two", "{podSelector: {}, ingress: [{ports: [{port: 90}]}]}", name: "q"))
        #expect(try world.passes(a, b, .tcp, 80))
        #expect(try world.passes(a, b, .tcp, 90))
        #expect(try !world.passes(a, b, .tcp, 85))
    }

    /// NetworkPolicySpec.PolicyTypes: unset, ingress always and egress when there are egress rules.
    @Test(arguments: [
        ("{podSelector: {}}", true, false), ("{podSelector: {}, egress: []}", true, false),
        ("{podSelector: {}, egress: [{ports: [{port: 1}]}]}", true, true),
        ("{podSelector: {}, policyTypes: []}", true, false),
        ("{podSelector: {}, policyTypes: [Egress]}", false, true),
        ("{podSelector: {}, policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]}", true, false),
        ("{podSelector: {}, policyTypes: [Egress, Ingress]}", true, true),
    ]) func typesHaveDefaults(spec: String, isolatesIngress: Bool, isolatesEgress: Bool) throws {
        let world = world(Written.networkPolicy("two", spec))
        #expect(try world.passes(a, b) != isolatesIngress)
        #expect(try world.passes(b, a) != isolatesEgress)
    }

    /// NetworkPolicyIngressRule.From: "empty or missing, this rule matches all sources"; .Ports likewise all ports.
    @Test(arguments: ["{}", "{from: []}", "{from: null, ports: []}", ""]) func anEmptyRuleAllowsAll(rule: String) throws
    {
        let world = world(Written.networkPolicy("two", "\n  podSelector: {}\n  ingress:\n  - \(rule)"))
        #expect(try world.passes(a, b, .sctp, 7))
        #expect(try world.passes("8.8.8.8", b))
    }

    /// NetworkPolicyPeer: `podSelector` alone is of the policy's own namespace, `namespaceSelector` alone all pods of namespaces,
    /// both together the pods of those namespaces.
    @Test(arguments: [
        ("{podSelector: {}}", false, true, false), ("{namespaceSelector: {}}", true, true, false),
        ("{namespaceSelector: {matchLabels: {team: red}}}", true, false, false),
        (
            "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: one}}, podSelector: {matchLabels: {app: a}}}",
            true, false, false
        ),
        ("{namespaceSelector: {matchLabels: {team: red}}, podSelector: {matchLabels: {app: b}}}", false, false, false),
    ]) func peersSelectPods(peer: String, fromA: Bool, fromC: Bool, fromOutside: Bool) throws {
        let world = world(
            Written.pod("two", "c", "app: c"),
            Written.networkPolicy("two", "{podSelector: {matchLabels: {app: b}}, ingress: [{from: [\(peer)]}]}"))
        #expect(try world.passes(a, b) == fromA)
        #expect(try world.passes("two/c[Pod]", b) == fromC)
        #expect(try world.passes("8.8.8.8", b) == fromOutside)
    }

    /// meta/v1 LabelSelectorRequirement.Operator; labels.Requirement.Matches: NotIn and DoesNotExist hold for an absent label.
    @Test(arguments: [
        ("{key: app, operator: In, values: [a, x]}", true), ("{key: app, operator: NotIn, values: [a]}", false),
        ("{key: app, operator: NotIn, values: [x]}", true), ("{key: gone, operator: NotIn, values: [x]}", true),
        ("{key: gone, operator: DoesNotExist}", true), ("{key: app, operator: DoesNotExist}", false),
        ("{key: app, operator: Exists}", true), ("{key: gone, operator: Exists}", false),
        ("{key: gone, operator: In, values: [x]}", false),
    ]) func expressionsMeanWhatTheApiSays(expression: String, matches: Bool) throws {
        let peer = "{namespaceSelector: {}, podSelector: {matchExpressions: [\(expression)]}}"
        let world = world(Written.networkPolicy("two", "{podSelector: {}, ingress: [{from: [\(peer)]}]}"))
        #expect(try world.passes(a, b) == matches)
    }

    /// NetworkPolicyPort: TCP by default; no port is all of them; `endPort` is inclusive.
    @Test func portsHaveDefaults() throws {
        let world = world(
            Written.networkPolicy(
                "two",
                "{podSelector: {}, ingress: [{ports: [{protocol: UDP}, {port: 80, endPort: 90}, {protocol: SCTP, port: 7}]}]}"
            ))
        for (proto, port, isAllowed) in [
            (IPProtocol.udp, UInt16(1), true), (.udp, 65535, true), (.tcp, 79, false), (.tcp, 80, true),
            (.tcp, 90, true),
            (.tcp, 91, false), (.sctp, 7, true), (.sctp, 8, false),
        ] {
            #expect(try world.passes(a, b, proto, port) == isAllowed, "\(proto) \(port)")
        }
    }

    /// NetworkPolicyPort.Port: a name is the destination pod's, of the stated protocol; outside there is none.
    @Test func namedPortsAreTheDestinations() throws {
        let pods =
            Written.pod("one", "c", ports: "{name: web, containerPort: 8080}")
            + Written.pod(
                "one", "d", ports: "{name: web, containerPort: 9090}, {name: web2, containerPort: 9091, protocol: UDP}")
        let world = world(
            pods,
            Written.networkPolicy(
                "two", "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: web}, {port: web2}]}]}"))
        #expect(try world.passes(b, "one/c[Pod]", .tcp, 8080))
        #expect(try !world.passes(b, "one/c[Pod]", .tcp, 9090))
        #expect(try world.passes(b, "one/d[Pod]", .tcp, 9090))
        #expect(try !world.passes(b, "one/d[Pod]", .udp, 9091))
        #expect(try !world.passes(b, "8.8.8.8", .tcp, 8080))
    }

    /// IPBlock.Except: "values that should not be included within an IPBlock".
    @Test func exceptIsAHole() throws {
        let world = world(
            Written.networkPolicy(
                "two",
                "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.3.4/32]}}]}]}"
            ))
        for (address, isAllowed) in [
            ("9.255.255.255", false), ("10.0.0.0", true), ("10.0.255.255", true), ("10.1.0.0", false),
            ("10.1.255.255", false),
            ("10.2.0.0", true), ("10.2.3.4", false), ("10.2.3.5", true), ("10.255.255.255", true), ("11.0.0.0", false),
        ] {
            #expect(try world.passes(address, b) == isAllowed, "\(address)")
        }
        #expect(try !world.passes(a, b))
    }

    /// A block holds for addresses outside of the cluster; whether for a pod whose address lies in it, the plugin decides.
    @Test func aBlockMayHoldForPods() throws {
        let known = Written.pod("one", "k", status: "podIP: 10.1.2.3")
        let world = world(
            known, Written.networkPolicy("two", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}")
        )
        #expect(try world.outcome("one/k[Pod]", b) == .indeterminate(.ruleMeaning))
        #expect(try !world.passes(a, b))
        #expect(try world.passes("10.1.2.4", b))
    }

    /// NetworkPolicySpec.Ingress: allowed "if the traffic source is the pod's local node"; Kubernetes, "Network Policies": "traffic to and
    /// from the node where a Pod is running is always allowed".
    @Test func aNodeReachesItsOwnPods() throws {
        let nodes = ["n1 10.0.0.1", "n2 10.0.0.2"].map { text in
            let words = text.split(separator: " ")
            return
                "apiVersion: v1\nkind: Node\nmetadata: {name: \(words[0])}\nstatus: {addresses: [{type: InternalIP, address: \(words[1])}]}\n---\n"
        }.joined()
        let pods =
            Written.pod("two", "c", spec: "nodeName: n1") + Written.pod("two", "d", status: "hostIP: 10.0.0.2")
        let world = world(
            nodes, pods, Written.networkPolicy("two", "{podSelector: {}, policyTypes: [Ingress, Egress]}"))
        #expect(try world.passes("10.0.0.1", "two/c[Pod]"))
        #expect(try world.passes("two/c[Pod]", "10.0.0.1"))
        #expect(try !world.passes("two/c[Pod]", "10.0.0.2"))
        #expect(try !world.passes("10.0.0.2", "two/c[Pod]"))
        #expect(try world.passes("10.0.0.2", "two/d[Pod]"))
        #expect(try !world.passes("10.0.0.3", "two/d[Pod]"))
        // Of `b` the files do not say where it runs.
        #expect(try world.outcome("10.0.0.1", b) == .indeterminate(.ruleMeaning))
    }

    /// Kubernetes, "Network Policies", hostNetwork pods: either policy holds for them or it does not; the answer is that it does.
    @Test func podsInTheirNodesNetworkAreTakenLikeOthers() throws {
        let host = Written.pod("two", "h", spec: "hostNetwork: true", status: "podIP: 10.0.0.1, hostIP: 10.0.0.1")
        let world = world(host, Written.networkPolicy("two", "{podSelector: {}}"))
        #expect(try !world.passes(a, "two/h[Pod]"))
        #expect(world.serious.map { $0.prefix(16) } == ["host-network may"])
    }

    /// core/v1 Namespace: the API server sets `kubernetes.io/metadata.name`, whatever the manifest says.
    @Test func aMissingNamespaceHasItsNameOnly() throws {
        let policy = Written.networkPolicy(
            "two",
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: three}}}]}]}"
        )
        let world = world(Written.pod("three", "x"), Written.pod("four", "y"), policy)
        #expect(try world.passes("three/x[Pod]", b))
        #expect(try !world.passes("four/y[Pod]", b))
        #expect(world.findings.filter { $0.hasPrefix("assumed-namespace none") }.count == 2)
    }
}
