import Dialects
import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

/// The manifests of the API's conformance suite, with what its tests expect of them.
///
/// The expectations are those of kubernetes-sigs/network-policy-api, `conformance/tests`, in the file that each case names.
@Suite struct ConformanceTests {
    static let folder = "kubernetes/cluster-network-policy"

    private static func pod(_ house: String) -> String {
        let name =
            [
                "gryffindor": "harry-potter", "slytherin": "draco-malfoy", "hufflepuff": "cedric-diggory",
                "ravenclaw": "luna-lovegood",
            ][house] ?? ""
        return "network-policy-conformance-\(house)/\(name)[StatefulSet]"
    }

    private static func world(_ path: String, edit: (String) -> String = { $0 }) throws -> KubernetesWorld {
        KubernetesWorld([
            PolicySource(name: "manifests", text: filled(try TestData.text("\(folder)/manifests.yaml"))),
            PolicySource(name: path, text: edit(try TestData.text("\(folder)/\(path).yaml"))),
        ])
    }

    struct Probe: CustomTestStringConvertible, Sendable {
        let path: String
        let source: String
        let destination: String
        let proto: IPProtocol
        let port: UInt16
        let isAllowed: Bool
        var testDescription: String { "\(path): \(source) => \(destination) \(proto) \(port)" }

        init(_ path: String, _ flow: String, _ isAllowed: Bool) {
            let words = flow.split(separator: " ").map(String.init)
            self.path = path
            source = words[0]
            destination = words[1]
            proto = IPProtocol(words[2]) ?? .tcp
            port = UInt16(words[3]) ?? 0
            self.isAllowed = isAllowed
        }
    }

    static let probes: [Probe] =
        // admin-network-policy-standard-gress-rules.go
        [
            ("gryffindor ravenclaw tcp 80", true), ("gryffindor ravenclaw udp 53", true),
            ("gryffindor ravenclaw sctp 9003", true),
            ("ravenclaw gryffindor tcp 80", true), ("ravenclaw gryffindor udp 53", true),
            ("ravenclaw gryffindor sctp 9003", true),
            ("gryffindor hufflepuff tcp 8080", true), ("gryffindor hufflepuff tcp 80", false),
            ("gryffindor hufflepuff udp 5353", true),
            ("gryffindor hufflepuff udp 53", false), ("gryffindor hufflepuff sctp 9003", true),
            ("gryffindor hufflepuff sctp 9005", false),
            ("hufflepuff gryffindor tcp 80", true), ("hufflepuff gryffindor tcp 8080", false),
            ("hufflepuff gryffindor udp 5353", true),
            ("hufflepuff gryffindor udp 53", false), ("hufflepuff gryffindor sctp 9003", true),
            ("hufflepuff gryffindor sctp 9005", false),
            ("gryffindor slytherin tcp 80", false), ("gryffindor slytherin tcp 8080", true),
            ("gryffindor slytherin udp 53", false),
            ("gryffindor slytherin udp 5353", true),
        ].map { Probe("admin_tier/standard-gress-rules-combined", $0.0, $0.1) }
        // admin-network-policy-standard-priority.go
        + [
            ("slytherin gryffindor tcp 80", false), ("slytherin gryffindor tcp 8080", false),
            ("gryffindor slytherin tcp 80", false),
            ("gryffindor slytherin tcp 8080", false),
        ].map { Probe("admin_tier/standard-priority-field", $0.0, $0.1) }
        // admin-network-policy-standard-integration.go
        + [
            ("slytherin gryffindor tcp 80", false), ("slytherin gryffindor tcp 8080", false),
            ("gryffindor slytherin tcp 80", false),
            ("gryffindor slytherin tcp 8080", false),
        ].map { Probe("api_integration/standard-anp-np-banp", $0.0, $0.1) }
        // admin-network-policy-standard-egress-inline-cidr-rules.go, and the same of the baseline tier
        + ["admin_tier", "baseline_tier"].flatMap { tier in
            [
                ("gryffindor ravenclaw tcp 80", false), ("gryffindor ravenclaw udp 53", false),
                ("gryffindor ravenclaw sctp 9003", false),
                ("gryffindor hufflepuff tcp 80", false), ("gryffindor hufflepuff udp 53", false),
                ("gryffindor hufflepuff sctp 9003", false),
                ("gryffindor slytherin tcp 80", true), ("gryffindor slytherin udp 53", true),
                ("gryffindor slytherin sctp 9003", true),
            ].map { Probe("\(tier)/standard-egress-inline-cidr-rules", $0.0, $0.1) }
        }

    @Test(arguments: probes) func probesMeetWhatTheSuiteExpects(probe: Probe) throws {
        let world = try Self.world(probe.path)
        #expect(
            try world.passes(Self.pod(probe.source), Self.pod(probe.destination), probe.proto, probe.port)
                == probe.isAllowed)
    }

    /// admin-network-policy-standard-gress-rules.go: with the first two rules swapped, the denial comes first.
    @Test func swappedRulesDeny() throws {
        let world = try Self.world("admin_tier/standard-gress-rules-combined") { text in
            text.replacing(
                "action: \"Accept\"\n    to:\n    - namespaces:\n        matchLabels:\n          kubernetes.io/metadata.name: network-policy-conformance-ravenclaw",
                with:
                    "action: \"Deny\"\n    to:\n    - namespaces:\n        matchLabels:\n          kubernetes.io/metadata.name: network-policy-conformance-ravenclaw"
            )
        }
        #expect(try !world.passes(Self.pod("gryffindor"), Self.pod("ravenclaw"), .tcp, 80))
        #expect(try !world.passes(Self.pod("gryffindor"), Self.pod("ravenclaw"), .udp, 53))
        #expect(try world.passes(Self.pod("ravenclaw"), Self.pod("gryffindor"), .tcp, 80))
    }

    /// admin-network-policy-standard-priority.go: at priority 40 the pass comes first, and the baseline tier allows.
    @Test func aChangedPriorityPassesToTheBaseline() throws {
        let world = try Self.world("admin_tier/standard-priority-field") {
            $0.replacing("priority: 60", with: "priority: 40")
        }
        for port: UInt16 in [80, 8080] {
            #expect(try world.passes(Self.pod("slytherin"), Self.pod("gryffindor"), .tcp, port))
            #expect(try world.passes(Self.pod("gryffindor"), Self.pod("slytherin"), .tcp, port))
        }
    }

    /// admin-network-policy-standard-integration.go: passed, NetworkPolicy allows; without it, the baseline tier denies.
    @Test func passedTrafficMeetsTheNextTiers() throws {
        func pass(_ text: String) -> String {
            guard let end = text.firstRange(of: "\n---") else { return text }
            return String(text[..<end.lowerBound]).replacing("\"Deny\"", with: "\"Pass\"") + text[end.lowerBound...]
        }
        let passed = try Self.world("api_integration/standard-anp-np-banp", edit: pass)
        let bare = try Self.world("api_integration/standard-anp-np-banp") { text in
            let parts = pass(text).split(separator: "\n---\n")
            return parts.filter { !$0.contains("kind: NetworkPolicy") }.joined(separator: "\n---\n")
        }
        for (source, destination) in [("slytherin", "gryffindor"), ("gryffindor", "slytherin")] {
            for port: UInt16 in [80, 8080] {
                #expect(try passed.passes(Self.pod(source), Self.pod(destination), .tcp, port))
                #expect(try !bare.passes(Self.pod(source), Self.pod(destination), .tcp, port))
            }
        }
    }

    /// The files that use a template of Go, with the ports that the suite fills in.
    private static func filled(_ text: String) -> String {
        ["34345", "34346", "34347", "34348", "34349"].enumerated().reduce(text) {
            $0.replacing("{{ index .HostNetworkPorts \($1.offset) }}", with: $1.element)
        }
    }

    /// Every manifest is read; the one thing that the data lacks are Node objects.
    @Test func everyManifestIsRead() throws {
        for source in try TestData.manifests(in: Self.folder) {
            let text = Self.filled(String(decoding: source.bytes, as: UTF8.self))
            let world = KubernetesWorld(text)
            let expected: Set<String> = source.name.contains("selector-rules") ? ["no-nodes"] : []
            #expect(
                Set(world.read.findings.filter { $0.effect != .none }.map(\.diagnostic.code)) == expected,
                "\(source.name)")
            #expect(!world.read.hasErrors)
        }
    }

    /// `experimental-egress-selector-rules.yaml` with a node: its address by port, the internet not at all.
    @Test func nodesAreReachedAtTheirPorts() throws {
        let node =
            "\n---\napiVersion: v1\nkind: Node\nmetadata: {name: n, labels: {kubernetes.io/os: linux}}\nstatus: {addresses: [{type: InternalIP, address: 10.0.0.1}]}\n"
        let admin = try Self.world("admin_tier/experimental-egress-selector-rules") { Self.filled($0) + node }
        let gryffindor = Self.pod("gryffindor")
        #expect(try admin.passes(gryffindor, "10.0.0.1", .tcp, 34345))
        #expect(try !admin.passes(gryffindor, "10.0.0.1", .tcp, 34346))
        #expect(try admin.passes(gryffindor, "10.0.0.1", .udp, 34347))
        #expect(try !admin.passes(gryffindor, "10.0.0.1", .udp, 34346))
        #expect(try !admin.passes(gryffindor, "8.8.8.8", .tcp, 34345))
        let baseline = try Self.world("baseline_tier/experimental-egress-selector-rules") { Self.filled($0) + node }
        #expect(try baseline.passes(gryffindor, "10.0.0.1", .tcp, 34345))
        #expect(try baseline.passes(gryffindor, "10.0.0.1", .tcp, 34346))
        #expect(try !baseline.passes(gryffindor, "10.0.0.1", .tcp, 34347))
        #expect(try !baseline.passes(gryffindor, "8.8.8.8", .tcp, 34345))
    }

    /// mattfenwick/cyclonus, `examples`: all are read, and no pod stands there.
    @Test func cyclonusExamplesAreRead() throws {
        let sources = try TestData.manifests(in: "kubernetes/cyclonus-examples")
        #expect(sources.count == 12)
        for source in sources {
            let world = KubernetesWorld([source])
            #expect(world.findings == [], "\(source.name)")
            #expect(
                world.read.policy.layers.first?.tiers.first { $0.id == "networkpolicy" }?.selections?.isEmpty == false)
        }
    }
}
