import NetworkTypes
import PolicyModel
import Testing

/// The rules of evaluation of ClusterNetworkPolicy, as the API's own documentation states them.
///
/// The source is kubernetes-sigs/network-policy-api, `apis/v1alpha2/clusternetworkpolicy_types.go`; each test names the Go type
/// and field whose comment says so.
@Suite struct ClusterNetworkPolicyTests {
    private let a = Written.a
    private let b = Written.b
    private static let everybody = "from: [{namespaces: {}}]"

    private func world(_ policies: String...) -> KubernetesWorld {
        KubernetesWorld(Written.pair + policies.joined())
    }

    /// ClusterNetworkPolicySpec.Tier: Admin, then NetworkPolicy, then Baseline.
    @Test func tiersAreAskedInTheirOrder() throws {
        let accept = "ingress: [{action: Accept, \(Self.everybody)}]"
        let deny = "ingress: [{action: Deny, \(Self.everybody)}]"
        let isolate = Written.networkPolicy("two", "{podSelector: {}}")
        #expect(try world(Written.cluster("Admin", 9, accept), isolate).passes(a, b))
        #expect(try !world(Written.cluster("Baseline", 0, accept), isolate).passes(a, b))
        let open = Written.networkPolicy("two", "{podSelector: {}, ingress: [{}]}")
        #expect(try !world(Written.cluster("Admin", 9, deny), open).passes(a, b))
        #expect(try world(Written.cluster("Baseline", 0, deny), open).passes(a, b))
    }

    /// ClusterNetworkPolicySpec.Tier: "If Admin tier has made a final decision … no further evaluation is done".
    @Test func anAdminDecisionIsFinal() throws {
        let world = world(
            Written.cluster("Admin", 1000, "ingress: [{action: Accept, \(Self.everybody)}]"),
            Written.cluster("Baseline", 0, "ingress: [{action: Deny, \(Self.everybody)}]", name: "d"))
        #expect(try world.passes(a, b))
    }

    /// ClusterNetworkPolicySpec.Tier: NetworkPolicy "always makes a final decision for selected pods".
    @Test func networkPolicyIsFinalForThePodsThatItSelects() throws {
        let world = world(
            Written.networkPolicy("two", "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}"),
            Written.cluster("Baseline", 0, "ingress: [{action: Accept, \(Self.everybody)}]"))
        #expect(try !world.passes(a, b))
    }

    /// ClusterNetworkPolicySpec.Tier: "Further evaluation only happens for Pods not selected by a v1.NetworkPolicy".
    @Test func baselineHoldsForPodsThatNoNetworkPolicySelects() throws {
        let world = world(
            Written.networkPolicy("two", "{podSelector: {matchLabels: {app: other}}, ingress: [{}]}"),
            Written.cluster("Baseline", 0, "ingress: [{action: Deny, \(Self.everybody)}]"))
        #expect(try !world.passes(a, b))
    }

    /// ClusterNetworkPolicySpec.Tier: the default is "that all pods can communicate with each other".
    @Test func whatNoTierDecidesIsAllowed() throws {
        let world = world(
            Written.cluster("Admin", 0, "ingress: [{action: Pass, \(Self.everybody)}]"),
            Written.cluster("Baseline", 0, "ingress: [{action: Pass, \(Self.everybody)}]", name: "d"))
        #expect(try world.passes(a, b))
    }

    /// ClusterNetworkPolicySpec.Priority: "lower priority values have higher precedence".
    @Test func theLowerNumberComesFirst() throws {
        func world(_ deny: Int) -> KubernetesWorld {
            self.world(
                Written.cluster("Admin", 5, "ingress: [{action: Accept, \(Self.everybody)}]"),
                Written.cluster("Admin", deny, "ingress: [{action: Deny, \(Self.everybody)}]", name: "d"))
        }
        #expect(try !world(4).passes(a, b))
        #expect(try world(6).passes(a, b))
        #expect(try world(10).passes(a, b))
        #expect(world(6).serious == [])
    }

    /// ClusterNetworkPolicySpec.Priority: of two policies of one priority "the implementation can apply any".
    @Test func equalPrioritiesLeaveOpenWhatBothMatch() throws {
        let world = world(
            Written.cluster(
                "Admin", 5,
                "ingress: [{action: Accept, \(Self.everybody), protocols: [{tcp: {destinationPort: {range: {start: 80, end: 90}}}}]}]"
            ),
            Written.cluster(
                "Admin", 5,
                "ingress: [{action: Deny, \(Self.everybody), protocols: [{tcp: {destinationPort: {range: {start: 85, end: 95}}}}]}]",
                name: "d"))
        #expect(try world.passes(a, b, .tcp, 84))
        #expect(try world.outcome(a, b, .tcp, 85) == .indeterminate(.ruleMeaning))
        #expect(try world.outcome(a, b, .tcp, 90) == .indeterminate(.ruleMeaning))
        #expect(try !world.passes(a, b, .tcp, 91))
        #expect(try world.passes(a, b, .tcp, 96))
        #expect(world.serious.map { $0.prefix(18) } == ["equal-priority may"])
    }

    /// ClusterNetworkPolicySpec.Priority: only policies that "could match a connection" compete; others are all applied.
    @Test func equalPrioritiesWithoutContradictionAreExact() throws {
        let world = world(
            Written.cluster("Admin", 5, "ingress: [{action: Deny, from: [{namespaces: {matchLabels: {team: red}}}]}]"),
            Written.cluster(
                "Admin", 5, "ingress: [{action: Accept, from: [{namespaces: {matchLabels: {team: blue}}}]}]", name: "d"),
            Written.networkPolicy("two", "{podSelector: {}, ingress: [{}]}"))
        #expect(try !world.passes(a, b))
        #expect(world.findings.map { $0.prefix(19) } == ["equal-priority none"])
    }

    /// ClusterNetworkPolicySpec.Ingress: precedence "will be determined by the order in which the rule is written".
    @Test func rulesOfAPolicyAreAskedInTheirOrder() throws {
        let some = "protocols: [{tcp: {destinationPort: {number: 80}}}]"
        let first = world(
            Written.cluster(
                "Admin", 0,
                "ingress: [{action: Deny, \(Self.everybody), \(some)}, {action: Accept, \(Self.everybody)}, {action: Deny, \(Self.everybody)}]"
            ))
        #expect(try !first.passes(a, b, .tcp, 80))
        #expect(try first.passes(a, b, .tcp, 81))
        let swapped = world(
            Written.cluster(
                "Admin", 0, "ingress: [{action: Accept, \(Self.everybody)}, {action: Deny, \(Self.everybody), \(some)}]"
            ))
        #expect(try swapped.passes(a, b, .tcp, 80))
    }

    /// ClusterNetworkPolicySpec.Ingress and .Egress: a policy without rules of a direction does "not affect" its traffic.
    @Test func aDirectionWithoutRulesIsUntouched() throws {
        let world = world(
            Written.cluster(
                "Admin", 0, "egress: [{action: Deny, to: [{namespaces: {}}]}]",
                subject: "namespaces: {matchLabels: {team: red}}"))
        #expect(try !world.passes(a, b))
        #expect(try world.passes(b, a))
    }

    /// ClusterNetworkPolicySubject and the peers: "host-networked pods are not included".
    @Test func podsInTheirNodesNetworkAreNeitherSubjectsNorPeers() throws {
        let host = Written.pod("one", "h", "app: h", spec: "hostNetwork: true")
        let world = world(
            host,
            Written.cluster(
                "Admin", 0,
                "ingress: [{action: Deny, \(Self.everybody)}], egress: [{action: Deny, to: [{namespaces: {}}]}]"))
        #expect(try !world.passes(a, b))
        #expect(try world.passes("one/h[Pod]", b))
        #expect(try world.passes(a, "one/h[Pod]"))
    }

    /// ClusterNetworkPolicyEgressRule.Action, Accept: "any ingress rules at the destination do apply".
    @Test func anAcceptedEgressStillMeetsTheIngressRules() throws {
        let world = world(
            Written.cluster(
                "Admin", 0, "egress: [{action: Accept, to: [{namespaces: {}}]}]",
                subject: "namespaces: {matchLabels: {team: red}}"),
            Written.cluster(
                "Admin", 1, "ingress: [{action: Deny, \(Self.everybody)}]", name: "d",
                subject: "namespaces: {matchLabels: {team: blue}}"))
        #expect(try !world.passes(a, b))
    }

    /// ClusterNetworkPolicyIngressRule.Action, Pass: "Skips all further ClusterNetworkPolicy rules in the current tier".
    @Test func passSkipsTheRestOfTheTier() throws {
        let pass = Written.cluster(
            "Admin", 1, "ingress: [{action: Pass, \(Self.everybody)}, {action: Deny, \(Self.everybody)}]")
        let deny = Written.cluster("Admin", 2, "ingress: [{action: Deny, \(Self.everybody)}]", name: "d")
        #expect(try world(pass, deny).passes(a, b))
        let isolate = Written.networkPolicy("two", "{podSelector: {}}")
        #expect(try !world(pass, deny, isolate).passes(a, b))
        let baseline = Written.cluster("Baseline", 3, "ingress: [{action: Deny, \(Self.everybody)}]", name: "e")
        #expect(try !world(pass, deny, baseline).passes(a, b))
    }

    /// ClusterNetworkPolicyIngressRule.From: "If any element matches the source".
    @Test func onePeerIsEnough() throws {
        let world = world(
            Written.cluster(
                "Admin", 0,
                "ingress: [{action: Deny, from: [{namespaces: {matchLabels: {team: none}}}, {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: a}}}}]}]"
            ))
        #expect(try !world.passes(a, b))
        #expect(try world.passes(b, a))
    }

    /// ClusterNetworkPolicyIngressRule.Protocols: unspecified, "protocol-specific attributes will not be used to match".
    @Test(arguments: [IPProtocol.tcp, .udp, .sctp]) func aRuleWithoutProtocolsMatchesAllTraffic(proto: IPProtocol)
        throws
    {
        let world = world(Written.cluster("Admin", 0, "ingress: [{action: Deny, \(Self.everybody)}]"))
        #expect(try !world.passes(a, b, proto, 1))
        #expect(try !world.passes(a, b, proto, 65535))
    }

    /// Port and PortRange: a number, or "an inclusive range of ports" of the named protocol only.
    @Test func portsAreInclusiveAndOfOneProtocol() throws {
        let world = world(
            Written.cluster(
                "Admin", 0,
                "ingress: [{action: Deny, \(Self.everybody), protocols: [{udp: {destinationPort: {range: {start: 10, end: 20}}}}, {sctp: {destinationPort: {number: 30}}}]}]"
            ))
        for (proto, port, isDenied) in [
            (IPProtocol.udp, UInt16(9), false), (.udp, 10, true), (.udp, 20, true), (.udp, 21, false),
            (.tcp, 10, false),
            (.sctp, 30, true), (.sctp, 10, false), (.udp, 30, false),
        ] {
            #expect(try world.passes(a, b, proto, port) != isDenied, "\(proto) \(port)")
        }
    }

    /// ClusterNetworkPolicyProtocol.DestinationNamedPort: "a destination port on a pod based on the ContainerPort name".
    @Test func aNamedPortIsTheDestinationsOwn() throws {
        let pods =
            Written.pod("one", "c", ports: "{name: web, containerPort: 8080}")
            + Written.pod("one", "d", ports: "{name: web, containerPort: 53, protocol: UDP}")
        let world = world(
            pods,
            Written.cluster(
                "Admin", 0, "egress: [{action: Deny, to: [{namespaces: {}}], protocols: [{destinationNamedPort: web}]}]"
            ))
        #expect(try !world.passes(a, "one/c[Pod]", .tcp, 8080))
        #expect(try world.passes(a, "one/c[Pod]", .udp, 53))
        #expect(try !world.passes(a, "one/d[Pod]", .udp, 53))
        #expect(try world.passes(a, b, .tcp, 8080))
    }

    /// ClusterNetworkPolicyEgressPeer.Nodes: "the nodeIPs … present in the node.Status.Addresses"; "if present but empty, it selects all".
    @Test func nodesAreTheirAddresses() throws {
        let nodes = """
            apiVersion: v1
            kind: Node
            metadata: {name: n1, labels: {disk: ssd}}
            status: {addresses: [{type: InternalIP, address: 10.0.0.1}, {type: ExternalIP, address: 198.51.100.1}, {type: Hostname, address: n1}]}
            ---
            apiVersion: v1
            kind: Node
            metadata: {name: n2}
            status: {addresses: [{type: InternalIP, address: 10.0.0.2}]}
            ---

            """
        let host = Written.pod("one", "h", "app: h", spec: "hostNetwork: true, nodeName: n1")
        func world(_ selector: String) -> KubernetesWorld {
            self.world(nodes, host, Written.cluster("Admin", 0, "egress: [{action: Deny, to: [{nodes: \(selector)}]}]"))
        }
        let some = world("{matchLabels: {disk: ssd}}")
        #expect(try !some.passes(a, "10.0.0.1"))
        #expect(try !some.passes(a, "198.51.100.1"))
        #expect(try some.passes(a, "10.0.0.2"))
        #expect(try !some.passes(a, "one/h[Pod]"))
        #expect(try some.passes(a, b))
        #expect(try !world("{}").passes(a, "10.0.0.2"))
        #expect(some.serious == [])
        #expect(world("{matchLabels: {disk: none}}").serious.map { $0.prefix(16) } == ["no-nodes leftOut"])
    }

    /// ClusterNetworkPolicyEgressPeer.Networks: a rule on `0.0.0.0/0` holds for "all IPv4 pod-to-pod traffic as well".
    @Test func networksHoldForPodsToo() throws {
        let known = Written.pod("one", "k", status: "podIP: 10.1.2.3")
        func world(_ network: String) -> KubernetesWorld {
            self.world(known, Written.cluster("Admin", 0, "egress: [{action: Deny, to: [{networks: [\(network)]}]}]"))
        }
        #expect(try !world("0.0.0.0/0").passes(a, b))
        #expect(try !world("0.0.0.0/0").passes(a, "8.8.8.8"))
        #expect(try !world("10.1.0.0/16").passes(a, "one/k[Pod]"))
        #expect(try world("10.2.0.0/16").passes(a, "one/k[Pod]"))
        // No address is known of `b`, so no block but the whole family is known to hold it, also not the block of its stand-in.
        #expect(try world("240.0.0.0/4").passes(a, b))
        #expect(try !world("240.0.0.0/4").passes(a, "240.0.0.1"))
        #expect(world("0.0.0.0/0").serious == [])
    }

    /// ClusterNetworkPolicyEgressPeer.Networks: "add a rule that Passes all pod traffic before the Networks rule".
    @Test func podsCanBePassedBeforeANetworksRule() throws {
        let world = world(
            Written.cluster(
                "Admin", 0,
                "egress: [{action: Pass, to: [{namespaces: {}}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]"))
        #expect(try world.passes(a, b))
        #expect(try !world.passes(a, "8.8.8.8"))
    }

    /// ClusterNetworkPolicyEgressPeer.DomainNames: which addresses they are is not in the files.
    @Test func domainNamesMayBeAnybody() throws {
        let world = world(
            Written.cluster(
                "Admin", 0,
                "egress: [{action: Accept, to: [{domainNames: [kubernetes.io]}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]"
            ))
        #expect(try world.outcome(a, "8.8.8.8") == .indeterminate(.ruleMeaning))
        #expect(world.serious.map { $0.prefix(16) } == ["domain-names may"])
    }

    /// ClusterNetworkPolicyIngressPeer: a peer of a later version is not understood; nothing that it may match is certain.
    @Test func aPeerOfAnUnknownKindMayBeAnybody() throws {
        let world = world(Written.cluster("Admin", 0, "ingress: [{action: Deny, from: [{serviceAccounts: {}}]}]"))
        #expect(try world.outcome(a, b) == .indeterminate(.ruleMeaning))
        #expect(try world.outcome("8.8.8.8", b) == .indeterminate(.ruleMeaning))
        #expect(world.serious.map { $0.prefix(17) } == ["unknown-field may"])
    }

    /// ClusterNetworkPolicyIngressPeer: implementations "fail closed", so that such a Pass may be "a 'Deny all' rule".
    @Test func aPassToAPeerOfAnUnknownKindMayDenyEverything() throws {
        let world = world(
            Written.cluster(
                "Admin", 0,
                "ingress: [{action: Pass, from: [{serviceAccounts: {}}], protocols: [{udp: {destinationPort: {number: 9}}}]}]"
            ))
        #expect(try world.outcome(a, b, .tcp, 80) == .indeterminate(.ruleMeaning))
    }

    /// NamespacedPod: an empty selector "selects all Namespaces", "all Pods".
    @Test func emptySelectorsSelectEverything() throws {
        let world = world(
            Written.cluster(
                "Admin", 0, "ingress: [{action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: {}}}]}]",
                subject: "pods: {podSelector: {}}"))
        #expect(try !world.passes(a, b))
        #expect(try world.passes("8.8.8.8", b))
    }
}
