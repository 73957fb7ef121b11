import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// What is written keeps to the limits of the API and to YAML.
@Suite struct WritingLimitTests {
    private static let now = Instant(rawValue: 1_700_000_000_000_000_000)

    /// Pods that only their names tell apart, in two namespaces.
    private static func load(_ text: String) throws -> LoadedPolicy {
        var whole = "bulkhead: 1\nowner: team\nworkloads:\n"
        for number in 0..<32 {
            whole += """
                - name: w\(number)
                  addresses: 10.0.0.\(number + 1)
                  labels: {ns/kubernetes.io/metadata.name: \(number % 2 == 0 ? "x" : "z"), app: a\(number)}
                  agent: true

                """
        }
        whole += "enforcement: [{mode: full, members: anyWorkload}]\n" + text
        let result = PolicyDirectory.load([PolicySource(name: "p.yaml", text: whole)], now: now)
        return try #require(result.policy, "\(result.diagnostics.map(\.text))")
    }

    private static func read(_ written: WrittenPolicy) -> DialectPolicy {
        KubernetesReader.read(
            written.files.map { PolicySource(name: $0.path, text: $0.text) }, DialectOptions(now: now))
    }

    /// The reader holds policies to the limits of v1alpha2: 25 rules of a direction, 25 peers, 25 protocols, 25 networks.
    @Test func longListsAreSplitAsTheAPIAsks() throws {
        let names = (0..<32).map { "w\($0)" }.joined(separator: ", ")
        let ports = (1...30).map { "tcp/\($0 * 10)" }.joined(separator: ", ")
        let networks = (1...60).map { "192.0.\($0 * 2).0/24" }.joined(separator: ", ")
        let loaded = try Self.load(
            """
            guardrails:
              - name: many
                from: {workloads: [\(names.replacing("w0, ", with: ""))]}
                to: [{workloads: [\(names.replacing(", w31", with: ""))]}, {addresses: [\(networks)]}]
                services: [\(ports)]
                reason: because
            rulesets:
              - name: team
                scope: all
                rules:
                  - {name: r, action: allow, from: anyWorkload, to: any, services: any, reason: because}
            """)
        let written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now))
        let read = Self.read(written)
        #expect(read.findings.map(\.diagnostic.text) == [])
        #expect(written.differences.isEmpty)
        let flow = { (to: String, port: UInt16) in
            Flow(
                source: FlowEnd(WritingWorld.address("10.0.0.2")), destination: FlowEnd(WritingWorld.address(to)),
                proto: .tcp, sourcePort: 50_000, destinationPort: port)
        }
        let workloads = loaded.workloads.map { workload in
            var workload = workload
            workload.labels[WritingWorld.app] = workload.labels[WritingWorld.key("app")]
            return workload
        }
        let engine = PolicyEngine(workloads: workloads, policy: read.policy)
        for (to, port, outcome) in [
            ("10.0.0.9", 300, Outcome.denied), ("10.0.0.9", 301, .allowed), ("192.0.120.9", 10, .denied),
            ("192.0.121.9", 10, .allowed), ("10.0.0.32", 10, .allowed),
        ] as [(String, UInt16, Outcome)] {
            #expect(engine.decide(flow(to, port), at: Self.now).policy.outcome == outcome, "\(to) \(port)")
        }
    }

    /// Equal priorities are unspecified (v1alpha2, `priority`), so no two policies have one.
    @Test func everyClusterNetworkPolicyHasAPriorityOfItsOwn() throws {
        let guardrails = (0..<30).map {
            "  - {name: g\($0), from: app = a\($0), to: app = a\($0 + 1), services: tcp/1, reason: because}"
        }.joined(separator: "\n")
        let written = try KubernetesWriter.manifests(
            for: try Self.load("guardrails:\n" + guardrails), WriteOptions(now: Self.now))
        let text = try #require(written.files.first { $0.path == "cluster.yaml" }).text
        let priorities = text.matches(of: #/priority: (\d+)/#).compactMap { Int($0.output.1) }
        #expect(priorities.count >= 30)
        #expect(Set(priorities).count == priorities.count)
        #expect(priorities.allSatisfy { (0...1000).contains($0) })
    }

    /// RFC 1123 §2.1: lower-case letters, digits and hyphens, at most 63.
    @Test func namesOfObjectsAreDNSLabels() throws {
        let long = String(repeating: "Very_Long.", count: 12)
        let loaded = try Self.load(
            """
            rulesets:
              - name: \(long)
                scope: all
                rules:
                  - {name: \(long)1, action: allow, from: app = a0, to: app = a2, services: tcp/1, reason: because}
                  - {name: \(long)2, action: allow, from: app = a0, to: app = a2, services: tcp/2, reason: because}
            """)
        let written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now))
        for file in written.files {
            let names = file.text.matches(of: #/\n  name: (.*)\n/#).map { String($0.output.1) }
            #expect(!names.isEmpty)
            #expect(Set(names).count == names.count)
            for name in names { #expect(name.wholeMatch(of: #/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/#) != nil, "\(name)") }
        }
    }

    /// YAML 1.1 (yaml.org/type) and 1.2 (§10.3.2) read these as other things than text unless they are quoted.
    @Test(arguments: ["true", "no", "y", "Off", "null", "1", "1.5", "0x1f", "1e3", "0o7", "2001-01-01", "12", ".inf", "-1"])
    func valuesThatLookLikeOtherThingsAreQuoted(value: String) throws {
        // A value of a label ends with a letter or digit and starts with one, or is empty.
        guard value.first?.isLetter == true || value.first?.isNumber == true else { return }
        let text = """
            bulkhead: 1
            owner: team
            workloads:
              - {name: a, addresses: 10.0.0.1, labels: {ns/kubernetes.io/metadata.name: x, app: "\(value)"}, agent: true}
              - {name: b, addresses: 10.0.0.2, labels: {ns/kubernetes.io/metadata.name: x, app: other}, agent: true}
            enforcement: [{mode: full, members: anyWorkload}]
            rulesets:
              - name: team
                scope: all
                rules:
                  - {name: r, action: allow, from: app = other, to: "app = \(value)", services: tcp/1, reason: "a: #b"}
            """
        let loaded = try #require(PolicyDirectory.load([PolicySource(name: "p", text: text)], now: Self.now).policy)
        let written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now))
        let file = try #require(written.files.first)
        #expect(file.text.contains("app: \"\(value)\"\n"))
        #expect(!file.text.contains("app: \(value)\n"))
    }

    /// A reason of several lines stays a comment, so that nobody writes objects by it.
    @Test func reasonsStayComments() throws {
        let loaded = try Self.load(
            """
            rulesets:
              - name: team
                scope: all
                rules:
                  - {name: r, action: allow, from: app = a0, to: app = a2, services: tcp/1, reason: "one\\n---\\nkind: NetworkPolicy"}
            """)
        let written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now))
        for file in written.files {
            #expect(!file.text.contains("\n---\nkind: NetworkPolicy"))
        }
        #expect(written.files.contains { $0.text.contains("# kind: NetworkPolicy\n") })
    }
}
