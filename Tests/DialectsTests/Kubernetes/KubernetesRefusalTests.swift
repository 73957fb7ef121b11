import Dialects
import NetworkTypes
import PolicyModel
import Testing

/// Objects that the API server refuses are left out, with the place of the fault.
@Suite struct KubernetesRefusalTests {
    /// A fault in the spec of a NetworkPolicy that stands on line 4; the code and the column of the finding.
    struct Fault: CustomTestStringConvertible, Sendable {
        let spec: String
        let code: String
        /// The text that the finding points at.
        let at: String
        var testDescription: String { spec }
    }

    private static func ingress(_ rule: String, _ code: String, _ at: String) -> Fault {
        Fault(spec: "{podSelector: {}, ingress: [\(rule)]}", code: code, at: at)
    }

    // Kubernetes, `pkg/apis/networking/validation`, `apimachinery/pkg/apis/meta/v1/validation`.
    static let faults = [
        ingress("{ports: [{port: 0}]}", "out-of-range", "0}"),
        ingress("{ports: [{port: 65536}]}", "out-of-range", "65536"),
        ingress("{ports: [{port: -1}]}", "out-of-range", "-1"),
        ingress("{ports: [{port: \"80\"}]}", "invalid-port", "\"80\""),
        ingress("{ports: [{port: Web}]}", "invalid-port", "Web"),
        ingress("{ports: [{port: a-name-of-sixteen}]}", "invalid-port", "a-name"),
        ingress("{ports: [{port: 80, endPort: 79}]}", "invalid-port", "79"),
        ingress("{ports: [{port: web, endPort: 90}]}", "invalid-port", "90"),
        ingress("{ports: [{endPort: 90}]}", "invalid-port", "90"),
        ingress("{ports: [{protocol: ICMP}]}", "unknown-word", "ICMP"),
        ingress("{ports: [{protocol: tcp}]}", "unknown-word", "tcp"),
        ingress("{ports: 80}", "wrong-kind", "80"),
        ingress("{from: [{}]}", "invalid-peer", "{}]"),
        ingress("{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}", "invalid-peer", "{ipBlock"),
        ingress("{from: [{ipBlock: {}}]}", "missing-key", "{}}]"),
        ingress("{from: [{ipBlock: {cidr: 10.0.0.0}}]}", "invalid-address", "10.0.0.0"),
        ingress("{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}", "invalid-address", "10.0.0.0/33"),
        ingress("{from: [{ipBlock: {cidr: 010.0.0.0/8}}]}", "invalid-address", "010"),
        ingress("{from: [{ipBlock: {cidr: \"::ffff:10.0.0.0/104\"}}]}", "invalid-address", "\"::ffff"),
        ingress("{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}", "invalid-address", "11.0"),
        ingress("{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}", "invalid-address", "10.0.0.0/8]"),
        ingress("{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [\"fd00::/8\"]}}]}", "invalid-address", "\"fd00"),
        ingress("{from: [{podSelector: {matchExpressions: [{key: a, operator: In}]}}]}", "invalid-selector", "{key: a"),
        ingress(
            "{from: [{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: []}]}}]}", "invalid-selector",
            "{key: a"),
        ingress(
            "{from: [{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}]}",
            "invalid-selector", "{key: a"),
        ingress(
            "{from: [{podSelector: {matchExpressions: [{key: a, operator: Gt, values: [b]}]}}]}", "invalid-selector",
            "Gt"),
        ingress("{from: [{podSelector: {matchExpressions: [{operator: Exists}]}}]}", "missing-key", "{operator"),
        ingress("{from: [{podSelector: {matchLabels: {-a: b}}}]}", "invalid-selector", "-a"),
        ingress("{from: [{podSelector: {matchLabels: {a/b/c: d}}}]}", "invalid-selector", "a/b/c"),
        ingress("{from: [{podSelector: {matchLabels: {a: b c}}}]}", "invalid-selector", "b c"),
        ingress("{from: [{podSelector: {matchLabels: [a]}}]}", "wrong-kind", "[a]"),
        ingress("{from: {podSelector: {}}}", "wrong-kind", "{podSelector: {}}}"),
        // What YAML 1.1 takes for a number or a truth is no text, and what is a text is no number.
        ingress("{ports: [{port: 0x50}]}", "out-of-range", "0x50"),
        ingress("{ports: [{port: 080}]}", "out-of-range", "080"),
        ingress("{ports: [{port: 80.0}]}", "out-of-range", "80.0"),
        ingress("{ports: [{port: +80}]}", "out-of-range", "+80"),
        ingress("{from: [{podSelector: {matchLabels: {app: 1}}}]}", "invalid-selector", "1}"),
        ingress("{from: [{podSelector: {matchLabels: {app: yes}}}]}", "invalid-selector", "yes"),
        Fault(spec: "{podSelector: {}, policyTypes: [ingress]}", code: "unknown-word", at: "ingress"),
        Fault(spec: "{podSelector: {matchLabel: {a: b}}}", code: "unknown-field", at: "matchLabel"),
        Fault(spec: "[]", code: "wrong-kind", at: "[]"),
    ]

    @Test(arguments: faults) func aFaultyNetworkPolicyIsLeftOut(fault: Fault) throws {
        let text = Written.networkPolicy("two", fault.spec)
        let world = KubernetesWorld(Written.pair + "", text)
        let finding = try #require(world.read.findings.first)
        #expect(world.read.findings.count == 1)
        #expect(finding.diagnostic.code == fault.code)
        #expect(finding.diagnostic.severity == .error)
        #expect(finding.effect == .leftOut)
        let line = "spec: \(fault.spec)"
        let column = try #require(line.ranges(of: fault.at).last).lowerBound
        #expect(finding.diagnostic.location?.line == 4)
        #expect(finding.diagnostic.location?.column == line.distance(from: line.startIndex, to: column) + 1)
        // The answer is that of the policies that are left: none.
        #expect(try world.passes(Written.a, Written.b))
        #expect(world.read.isPartial)
    }

    /// A fault in a cluster-wide policy; the API version and kind, the spec without a subject, and the code.
    static let clusterWide: [(version: String, kind: String, name: String, spec: String, code: String)] = [
        ("v1alpha2", "ClusterNetworkPolicy", "c", "tier: Admin, priority: 1001", "out-of-range"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", "tier: Admin, priority: -1", "out-of-range"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", "tier: Admin", "missing-key"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", "priority: 1", "missing-key"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", "tier: admin, priority: 1", "unknown-word"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", "tier: NetworkPolicy, priority: 1", "unknown-word"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", rule("{action: Allow, from: [{namespaces: {}}]}"), "unknown-word"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", rule("{from: [{namespaces: {}}]}"), "missing-key"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", rule("{action: Deny}"), "too-many"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", rule("{action: Deny, from: []}"), "too-many"),
        ("v1alpha2", "ClusterNetworkPolicy", "c", rule("{action: Deny, from: [{}]}"), "invalid-peer"),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            rule("{action: Deny, from: [{namespaces: {}, pods: {podSelector: {}}}]}"), "invalid-peer"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c", rule("{action: Deny, from: [{namespaces: {}}], protocols: []}"),
            "too-many"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            rule(
                "{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: {start: 5, end: 5}}}}]}"
            ), "invalid-port"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            rule("{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 0}}}]}"),
            "out-of-range"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            rule("{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {}}]}"), "invalid-port"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            rule(
                "{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 1, range: {start: 1, end: 2}}}}]}"
            ), "invalid-port"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            rule("{name: \(String(repeating: "n", count: 101)), action: Deny, from: [{namespaces: {}}]}"),
            "invalid-name"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            rule(Array(repeating: "{action: Deny, from: [{namespaces: {}}]}", count: 26).joined(separator: ", ")),
            "too-many"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            rule("{action: Deny, from: [\(Array(repeating: "{namespaces: {}}", count: 26).joined(separator: ", "))]}"),
            "too-many"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            "tier: Admin, priority: 1, egress: [{action: Deny, to: [{domainNames: [a.example]}]}]", "invalid-peer"
        ),
        (
            "v1alpha2", "ClusterNetworkPolicy", "c",
            "tier: Admin, priority: 1, egress: [{action: Deny, to: [{networks: [10.0.0.0]}]}]", "invalid-address"
        ),
        (
            "v1alpha1", "AdminNetworkPolicy", "c", "priority: 1, ingress: [{action: Accept, from: [{namespaces: {}}]}]",
            "unknown-word"
        ),
        (
            "v1alpha1", "AdminNetworkPolicy", "c",
            "priority: 1, ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {port: 80}, namedPort: web}]}]",
            "invalid-port"
        ),
        ("v1alpha1", "BaselineAdminNetworkPolicy", "other", "ingress: []", "invalid-name"),
        ("v1alpha1", "BaselineAdminNetworkPolicy", "default", "priority: 1", "unknown-field"),
        (
            "v1alpha1", "BaselineAdminNetworkPolicy", "default", "ingress: [{action: Pass, from: [{namespaces: {}}]}]",
            "unknown-word"
        ),
    ]

    private static func rule(_ text: String) -> String { "tier: Admin, priority: 1, ingress: [\(text)]" }

    // apis/v1alpha1 and apis/v1alpha2 of kubernetes-sigs/network-policy-api: the `+kubebuilder:validation` comments.
    @Test(arguments: clusterWide) func aFaultyClusterWidePolicyIsLeftOut(
        version: String, kind: String, name: String, spec: String, code: String
    ) throws {
        let text = """
            apiVersion: policy.networking.k8s.io/\(version)
            kind: \(kind)
            metadata: {name: \(name)}
            spec: {subject: {namespaces: {}}, \(spec)}
            """
        let world = KubernetesWorld(Written.pair, text)
        #expect(world.read.findings.map(\.diagnostic.code) == [code])
        #expect(world.read.findings.allSatisfy { $0.effect == .leftOut && $0.diagnostic.severity == .error })
        #expect(world.read.findings.first?.diagnostic.location?.file == "1.yaml")
        #expect(try world.passes(Written.a, Written.b))
    }

    @Test(arguments: [
        "", "{}", "{namespaces: {}, pods: {podSelector: {}}}", "{nodes: {}}", "{namespaces: {matchLabel: {a: b}}}",
    ])
    func aFaultySubjectLeavesThePolicyOut(subject: String) {
        let text = """
            apiVersion: policy.networking.k8s.io/v1alpha2
            kind: ClusterNetworkPolicy
            metadata: {name: c}
            spec:
              tier: Admin
              priority: 1
              subject: \(subject)
            """
        let world = KubernetesWorld(Written.pair, text)
        #expect(world.read.findings.map(\.effect) == [.leftOut])
        #expect(world.read.findings.map(\.diagnostic.severity) == [.error])
    }

    /// A field that the API does not know: nothing that depends on it is certain.
    @Test(arguments: [
        "{podSelector: {}, ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}, serviceAccount: x}]}]}",
        "{podSelector: {}, ingress: [{when: always}]}", "{podSelector: {}, ingress: [{}], order: 5}",
        "{podSelector: {}, ingress: [{ports: [{port: 80, icmp: 8}]}]}",
        "{podSelector: {}, ingress: [{from: [{serviceAccount: x}]}]}",
        "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, only: x}}, {namespaceSelector: {}}]}]}",
    ]) func anUnknownFieldMakesTheRuleOpen(spec: String) throws {
        let world = KubernetesWorld(Written.pair, Written.networkPolicy("two", spec))
        #expect(world.serious.map { $0.prefix(17) } == ["unknown-field may"])
        #expect(try world.outcome(Written.a, Written.b) == .indeterminate(.ruleMeaning))
    }

    /// Kubernetes takes blocks with bits after the length and ignores them, with a warning.
    @Test func bitsAfterTheLengthAreIgnored() throws {
        let world = KubernetesWorld(
            Written.pair,
            Written.networkPolicy("two", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/8}}]}]}"))
        #expect(world.findings == ["assumed-address none 4", "host-bits none 4"])
        #expect(try world.passes("10.255.0.1", Written.b))
    }
}
