import Dialects
import NetworkTypes
import PolicyModel
import Testing

/// Objects that Calico's API refuses are left out, with the place of the fault; the others are read all the same.
///
/// Source: `libcalico-go/lib/validator/v3/validator.go` and the validation rules in the comments of `api/pkg/apis/projectcalico/v3`.
@Suite struct CalicoRefusalTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        /// The spec of a policy, on line 4.
        let spec: String
        let code: String
        /// The text that the finding points at, its last occurrence.
        let at: String
        var isGlobal = true
        var testDescription: String { spec }
    }

    private static func rule(_ rule: String, _ code: String, _ at: String, _ direction: String = "ingress") -> Fault {
        Fault(spec: "{\(direction): [{\(rule)}]}", code: code, at: at)
    }

    static let faults = [
        rule("action: allow", "unknown-word", "allow"), rule("action: Reject", "unknown-word", "Reject"),
        rule("protocol: TCP", "missing-key", "{protocol"), rule("action: Allow, protocol: tcp", "unknown-word", "tcp"),
        rule("action: Allow, protocol: 0", "unknown-word", "0}"),
        rule("action: Allow, protocol: 256", "unknown-word", "256"),
        rule("action: Allow, notProtocol: XNS", "unknown-word", "XNS"),
        rule("action: Allow, destination: {ports: [80]}", "invalid-port", "80"),
        rule("action: Allow, protocol: ICMP, destination: {ports: [80]}", "invalid-port", "80"),
        rule("action: Allow, protocol: UDPLite, source: {notPorts: [80]}", "invalid-port", "80"),
        rule("action: Allow, protocol: TCP, destination: {ports: [0]}", "out-of-range", "0]"),
        rule("action: Allow, protocol: TCP, destination: {ports: [65536]}", "out-of-range", "65536"),
        rule("action: Allow, protocol: TCP, destination: {ports: ['90:80']}", "out-of-range", "'90:80'"),
        rule("action: Allow, protocol: TCP, destination: {ports: ['1:2:3']}", "invalid-port", "'1:2:3'"),
        rule("action: Allow, protocol: TCP, destination: {ports: ['80-90']}", "invalid-port", "'80-90'"),
        rule("action: Allow, protocol: TCP, destination: {ports: [-1]}", "invalid-port", "-1"),
        rule("action: Allow, protocol: TCP, destination: {ports: 80}", "wrong-kind", "80"),
        rule("action: Allow, icmp: {type: 8}", "invalid-rule", "{type"),
        rule("action: Allow, protocol: TCP, icmp: {type: 8}", "invalid-rule", "{type"),
        rule("action: Allow, protocol: ICMP, icmp: {code: 8}", "invalid-rule", "{code"),
        rule("action: Allow, protocol: ICMP, icmp: {type: 255}", "out-of-range", "255"),
        rule("action: Allow, protocol: ICMP, icmp: {type: 8, code: 256}", "out-of-range", "256"),
        rule("action: Allow, ipVersion: 5", "out-of-range", "5"),
        rule("action: Allow, ipVersion: 0", "out-of-range", "0"),
        rule("action: Allow, protocol: ICMP, ipVersion: 6", "invalid-rule", "6"),
        rule("action: Allow, notProtocol: ICMPv6, ipVersion: 4", "invalid-rule", "4"),
        rule("action: Allow, source: {nets: [10.0.0.1/8]}", "invalid-address", "10.0.0.1"),
        rule("action: Allow, source: {nets: [10.0.0.1]}", "invalid-address", "10.0.0.1"),
        rule("action: Allow, source: {nets: [10.0.0.0/33]}", "invalid-address", "10.0.0.0"),
        rule("action: Allow, source: {notNets: [x]}", "invalid-address", "x]"),
        rule("action: Allow, source: {nets: [10.0.0.0/8, 'fd00::/8']}", "invalid-rule", "'fd00"),
        rule(
            "action: Allow, source: {nets: [10.0.0.0/8]}, destination: {notNets: ['fd00::/8']}", "invalid-rule", "'fd00"
        ),
        rule("action: Allow, ipVersion: 6, source: {nets: [10.0.0.0/8]}", "invalid-rule", "10.0.0.0"),
        rule("action: Allow, source: {selector: a = b}", "invalid-selector", "a = b"),
        rule("action: Allow, source: {notSelector: has(}", "invalid-selector", "has("),
        rule("action: Allow, source: {selector: global()}", "invalid-selector", "global"),
        rule("action: Allow, source: {namespaceSelector: global() || has(a)}", "invalid-selector", "global"),
        rule("action: Allow, source: {serviceAccounts: {selector: a}}", "invalid-selector", "a}"),
        rule("action: Allow, source: {selector: [a]}", "wrong-kind", "[a]"),
        rule("action: Allow, source: {services: {name: a}}", "missing-key", "{name"),
        rule("action: Allow, source: {services: {namespace: a}}", "missing-key", "{namespace"),
        rule("action: Allow, source: {services: {name: a, namespace: b}, nets: [10.0.0.0/8]}", "invalid-rule", "{name"),
        rule("action: Allow, destination: {services: {name: a, namespace: b}}", "invalid-rule", "{name"),
        rule("action: Allow, source: {services: {name: a, namespace: b}}", "invalid-rule", "{name", "egress"),
        rule("action: Deny, http: {methods: [GET]}", "invalid-rule", "{methods"),
        rule("action: Allow, http: {methods: [GET]}", "invalid-rule", "{methods", "egress"),
        rule("action: Allow, protocol: UDP, http: {methods: [GET]}", "invalid-rule", "UDP"),
        Fault(spec: "{ingress: {action: Allow}}", code: "wrong-kind", at: "{action"),
        Fault(spec: "{ingress: [Allow]}", code: "wrong-kind", at: "Allow"),
        Fault(spec: "{types: [ingress]}", code: "unknown-word", at: "ingress"),
        Fault(spec: "{types: [Ingress, Ingress]}", code: "invalid-policy", at: "Ingress"),
        Fault(spec: "{order: first}", code: "out-of-range", at: "first"),
        Fault(spec: "{order: '1'}", code: "out-of-range", at: "'1'"),
        Fault(spec: "{order: .inf}", code: "out-of-range", at: ".inf"),
        Fault(spec: "{order: 1e999}", code: "out-of-range", at: "1e999"),
        Fault(spec: "{selector: a == b}", code: "invalid-selector", at: "a == b"),
        Fault(spec: "{selector: global()}", code: "invalid-selector", at: "global"),
        Fault(spec: "{namespaceSelector: global()}", code: "invalid-selector", at: "global"),
        Fault(spec: "{serviceAccountSelector: '!'}", code: "invalid-selector", at: "'!'"),
        Fault(spec: "{doNotTrack: true}", code: "invalid-policy", at: "true"),
        Fault(spec: "{preDNAT: true}", code: "invalid-policy", at: "true"),
        Fault(spec: "{applyOnForward: 5}", code: "invalid-boolean", at: "5"),
        Fault(
            spec: "{applyOnForward: true, preDNAT: true, types: [Egress]}", code: "invalid-policy",
            at: "{applyOnForward"),
        Fault(spec: "{applyOnForward: true, doNotTrack: true, preDNAT: true}", code: "invalid-policy", at: "true"),
        Fault(spec: "{tier: nowhere}", code: "missing-tier", at: "nowhere"),
        Fault(spec: "[]", code: "wrong-kind", at: "[]"),
    ]

    @Test(arguments: faults) func aFaultyPolicyIsLeftOut(fault: Fault) throws {
        let text = """
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: faulty}
            spec: \(fault.spec)
            """
        let world = CalicoWorld(
            text, Written.trio + Written.calico("two", "ingress: [{action: Deny, protocol: TCP}, {action: Allow}]"))
        let finding = try #require(world.read.findings.first)
        #expect(world.read.findings.count == 1, "\(world.read.findings)")
        #expect(finding.diagnostic.code == fault.code)
        #expect(finding.diagnostic.severity == .error && finding.effect == .leftOut)
        let line = "spec: \(fault.spec)"
        let place = try #require(line.ranges(of: fault.at).last, "\(fault.at)").lowerBound
        #expect(finding.diagnostic.location?.line == 4)
        #expect(finding.diagnostic.location?.column == line.distance(from: line.startIndex, to: place) + 1)
        // Nothing of it is in the answer, and the other policy is.
        #expect(try world.passes(Written.b, Written.a))
        #expect(try !world.passes(Written.a, Written.b) && world.passes(Written.a, Written.b, .udp))
    }

    static let objects: [(kind: String, metadata: String, spec: String, code: String)] = [
        ("Tier", "name: default", "order: 5", "fixed-tier"), ("Tier", "name: default", "", "fixed-tier"),
        ("Tier", "name: default", "order: 1000000, defaultAction: Pass", "fixed-tier"),
        ("Tier", "name: kube-admin", "order: 1000, defaultAction: Deny", "fixed-tier"),
        ("Tier", "name: kube-baseline", "order: 1, defaultAction: Pass", "fixed-tier"),
        ("Tier", "name: a.b", "order: 1", "invalid-name"), ("Tier", "name: A", "order: 1", "invalid-name"),
        ("Tier", "name: t", "order: x", "out-of-range"), ("Tier", "name: t", "defaultAction: Allow", "unknown-word"),
        ("GlobalNetworkSet", "name: s", "nets: [10.0.0.0/99]", "invalid-address"),
        ("GlobalNetworkSet", "name: s", "nets: [a.b]", "invalid-address"),
        ("GlobalNetworkSet", "name: s", "nets: 10.0.0.0/8", "wrong-kind"),
        (
            "NetworkSet", "name: s, namespace: one, labels: {projectcalico.org/namespace: two}", "nets: []",
            "invalid-label"
        ),
        ("NetworkSet", "name: s, labels: {-a: b}", "nets: []", "invalid-label"),
        ("HostEndpoint", "name: h", "interfaceName: eth0", "missing-key"),
        ("HostEndpoint", "name: h", "node: n", "missing-key"),
        ("HostEndpoint", "name: h", "node: n, expectedIPs: [10.0.0.0/8]", "invalid-address"),
        (
            "HostEndpoint", "name: h", "node: n, interfaceName: eth0, ports: [{name: a, port: 1, protocol: ICMP}]",
            "invalid-port"
        ),
        (
            "HostEndpoint", "name: h", "node: n, interfaceName: eth0, ports: [{name: a, port: 0, protocol: TCP}]",
            "out-of-range"
        ),
        ("NetworkPolicy", "name: a/b", "types: [Ingress]", "invalid-name"),
        ("GlobalNetworkPolicy", "name: ''", "types: [Ingress]", "invalid-name"),
    ]

    @Test(arguments: objects) func aFaultyObjectIsLeftOut(kind: String, metadata: String, spec: String, code: String)
        throws
    {
        let text = "apiVersion: projectcalico.org/v3\nkind: \(kind)\nmetadata: {\(metadata)}\nspec: {\(spec)}\n"
        let world = CalicoWorld(text, Written.trio)
        #expect(world.read.findings.map(\.diagnostic.code) == [code], "\(world.read.findings)")
        #expect(world.read.findings.allSatisfy { $0.effect == .leftOut && $0.diagnostic.severity == .error })
        #expect(try world.passes(Written.a, Written.b))
    }

    @Test func anObjectThatStandsTwiceIsReadOnce() throws {
        let world = CalicoWorld(
            Written.trio, Written.calico("two", "ingress: [{action: Allow}]"),
            Written.calico("two", "ingress: [{action: Deny}]"))
        #expect(world.serious == ["duplicate-object"])
        #expect(try world.passes(Written.a, Written.b))
    }

    /// The storage's form of an object is the same object: its policies' names have the default tier's before them.
    @Test func theFormOfTheStorageIsTheSameObject() throws {
        let api = Written.calico("two", "ingress: [{action: Deny}]")
        let stored = api.replacing("projectcalico.org/v3", with: "crd.projectcalico.org/v1").replacing(
            "name: p", with: "name: default.p")
        #expect(stored != api)
        for text in [stored, api + stored, stored + api] {
            let world = CalicoWorld(Written.trio, text)
            #expect(try !world.passes(Written.a, Written.b))
            #expect(world.findings == [])
        }
        let set = Written.networkSet("s", "", "10.0.0.0/8").replacing(
            "projectcalico.org/v3", with: "crd.projectcalico.org/v1"
        )
        .replacing("labels: {}", with: #"annotations: {projectcalico.org/metadata: '{"labels":{"a":"b"}}'}"#)
        #expect(CalicoWorld(set).serious == ["stored-labels"])
    }

    @Test(arguments: [
        ("IPPool", "none"), ("BGPPeer", "none"), ("KubeControllersConfiguration", "none"),
        ("StagedGlobalNetworkPolicy", "none"),
        ("Profile", "leftOut"), ("WorkloadEndpoint", "leftOut"),
    ]) func otherObjectsAreNamedOnce(kind: String, effect: String) {
        let text = "apiVersion: projectcalico.org/v3\nkind: \(kind)\nmetadata: {name: x}\nspec: {}\n---\n"
        let world = CalicoWorld(text + text.replacing("name: x", with: "name: y"))
        #expect(world.read.findings.map(\.effect.rawValue) == [effect])
    }

    @Test func otherVersionsAreNotUnderstood() {
        let text = "apiVersion: projectcalico.org/v4\nkind: GlobalNetworkPolicy\nmetadata: {name: x}\nspec: {}\n"
        #expect(CalicoWorld(text).serious == ["unknown-kind"])
    }

    @Test func aFileThatCannotBeReadLeavesTheOthers() throws {
        let sources = [
            ("deep", String(repeating: "[", count: 10_000)), ("alias", "a: &x 1\nb: *x\n"),
            ("twice", "kind: A\nkind: B\n"),
            ("bytes", "kind: \u{0}"), ("list", "- 1\n"),
        ].map { ($0.0, $0.1) }
        let files = sources.map { source in (source.0, source.1) }
        for (name, text) in files {
            let world = CalicoWorld(text, Written.trio + Written.calico("two", "ingress: [{action: Deny}]"))
            #expect(world.read.hasErrors, "\(name)")
            #expect(try !world.passes(Written.a, Written.b), "\(name)")
        }
    }
}
