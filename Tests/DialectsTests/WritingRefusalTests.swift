import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// What a target cannot say is refused with its place, and widened only by consent.
@Suite struct WritingRefusalTests {
    private static let now = Instant(rawValue: 1_700_000_000_000_000_000)

    private static let head = """
        bulkhead: 1
        owner: team
        workloads:
          - {name: x/a, addresses: 10.0.0.1, labels: {ns/kubernetes.io/metadata.name: x, app: a}, agent: true}
          - {name: x/b, addresses: 10.0.0.2, labels: {ns/kubernetes.io/metadata.name: x, app: b}, agent: true}
          - {name: y/b, addresses: 10.0.1.2, labels: {ns/kubernetes.io/metadata.name: "y", app: b}, agent: true}
        enforcement: [{mode: MODE, members: anyWorkload}]

        """

    private static func load(_ text: String, mode: String = "full") throws -> LoadedPolicy {
        let whole = head.replacing("MODE", with: mode) + text
        let result = PolicyDirectory.load([PolicySource(name: "p.yaml", text: whole)], now: now)
        return try #require(result.policy, "\(result.diagnostics.map(\.text))")
    }

    private static func allow(_ more: String, services: String = "tcp/80") -> String {
        """
        rulesets:
          - name: team
            scope: all
            rules:
              - name: web
                action: allow
                from: app = a
                to: app = b
                services: \(services)
                reason: because
                \(more)

        """
    }

    /// A policy that Kubernetes cannot say, its line, and a word of the refusal.
    struct Case: CustomTestStringConvertible {
        let name: String
        let text: String
        let line: Int?
        let word: String
        var mode = "full"
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "program", text: allow("fromProcess: /usr/bin/curl"), line: 12, word: "programs"),
        Case(name: "principal", text: allow("toPrincipal: ann"), line: 12, word: "principals"),
        Case(name: "same principal", text: allow("samePrincipal: true"), line: 12, word: "principals"),
        Case(name: "fact", text: allow("when: posture.ok"), line: 12, word: "facts"),
        Case(name: "end in time", text: allow("validUntil: 2099-01-01T00:00:00Z"), line: 12, word: "ends later"),
        Case(name: "begin in time", text: allow("validFrom: 2099-01-01T00:00:00Z"), line: 12, word: "begins later"),
        Case(name: "echo", text: allow("", services: "[tcp/80, icmp/8]"), line: 12, word: "icmp"),
        Case(name: "another protocol", text: allow("", services: "gre"), line: 12, word: "gre"),
        Case(name: "source port", text: allow("", services: "udp/53 from 53"), line: 12, word: "source ports"),
        Case(
            name: "quarantine", text: "quarantines: [{name: q, members: app = a, reason: because}]", line: 8,
            word: "cuts workloads off"),
        Case(
            name: "exception, which always ends",
            text: """
                guardrails:
                  - name: g
                    from: any
                    to: anyWorkload
                    services: tcp/23
                    reason: because
                    exceptions:
                      - {name: e, from: app = a, to: app = b, services: tcp/23, reason: because, validUntil: 2099-01-01T00:00:00Z}
                """, line: 15, word: "ends later"),
        Case(
            name: "denial from outside where the rest is allowed",
            text: "guardrails: [{name: g, from: any, to: anyWorkload, services: tcp/23, reason: because}]", line: 8,
            word: "selective", mode: "selective"),
        Case(
            name: "workload that has another's labels",
            text: """
                rulesets:
                  - name: team
                    scope: all
                    rules:
                      - {name: r, action: allow, from: {workloads: x/c1}, to: app = b, services: any, reason: because}
                workloads:
                  - {name: x/c1, addresses: 10.0.0.3, labels: {ns/kubernetes.io/metadata.name: x, app: c}}
                  - {name: x/c2, addresses: 10.0.0.4, labels: {ns/kubernetes.io/metadata.name: x, app: c}}
                """, line: nil, word: "tell from others"),
    ]

    @Test(arguments: cases) func whatKubernetesCannotSayIsRefusedWithItsPlace(_ test: Case) throws {
        // The last case adds workloads to those of the head.
        var text = test.text
        if let extra = text.firstRange(of: "\nworkloads:\n") {
            let loaded = try Self.loadTogether(String(text[..<extra.lowerBound]), "bulkhead: 1\n" + String(text[extra.lowerBound...].dropFirst()))
            try Self.expectRefusal(loaded, test)
            return
        }
        text += "\n"
        try Self.expectRefusal(try Self.load(text, mode: test.mode), test)
    }

    private static func loadTogether(_ first: String, _ second: String) throws -> LoadedPolicy {
        let whole = head.replacing("MODE", with: "full") + first + "\n"
        let result = PolicyDirectory.load(
            [PolicySource(name: "p.yaml", text: whole), PolicySource(name: "q.yaml", text: second)], now: now)
        return try #require(result.policy, "\(result.diagnostics.map(\.text))")
    }

    private static func expectRefusal(_ loaded: LoadedPolicy, _ test: Case) throws {
        let refusal = #expect(throws: WriteRefusal.self) {
            try KubernetesWriter.manifests(for: loaded, WriteOptions(now: now))
        }
        let found = try #require(refusal?.diagnostics.first { $0.message.contains(test.word) }, "\(String(describing: refusal))")
        #expect(found.code == "cannot-say")
        if let line = test.line { #expect(found.location?.line == line) }
        // By consent it is written all the same, and says what is not.
        let written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: now, allowsWidening: true))
        #expect(written.notes.contains { $0.message.contains(test.word) })
        #expect(written.files.allSatisfy { $0.text.contains(test.word) }, "the heads of the files say it")
    }

    @Test func wideningShowsTheDifferenceAsFlows() throws {
        let loaded = try Self.load(Self.allow("when: posture.ok"))
        let written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now, allowsWidening: true))
        // The fact is unknown, so Bulkhead allows nothing; written, the rule opens one port to the two pods.
        #expect(Set(written.differences.map(\.text)) == [
            "`x/a` to `x/b` by `tcp/80`, which is denied,", "`x/a` to `y/b` by `tcp/80`, which is denied,",
        ])
    }

    @Test func anExpiredRuleIsLeftOutWithoutConsent() throws {
        let loaded = try Self.load(Self.allow("validUntil: 2001-01-01T00:00:00Z"))
        let written = try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now))
        #expect(!written.files.contains { $0.text.contains("port: 80") })
        #expect(written.notes.contains { $0.message.contains("expired") })
    }

    @Test func podsWithoutANamespaceNeedOne() throws {
        let text = """
            bulkhead: 1
            workloads: [{name: a, addresses: 10.0.0.1, labels: {app: a}, agent: true}]
            enforcement: [{mode: full, members: anyWorkload}]
            """
        let loaded = try #require(PolicyDirectory.load([PolicySource(name: "p", text: text)], now: Self.now).policy)
        let refusal = #expect(throws: WriteRefusal.self) {
            try KubernetesWriter.manifests(for: loaded, WriteOptions(now: Self.now))
        }
        #expect(refusal?.diagnostics.first?.code == "no-namespace")
        let written = try KubernetesWriter.manifests(for: loaded, namespace: "shop", WriteOptions(now: Self.now))
        #expect(written.files.map(\.path) == ["namespace-shop.yaml"])
    }

    // MARK: Importing

    private static func source(_ rule: FlatRule, findings: [DialectFinding] = []) -> DialectPolicy {
        let layer = Layer(
            id: "cluster", enforcer: .platform, appliesTo: .anyWorkload,
            tiers: [
                Tier(
                    id: "rules", onNoMatch: .deny,
                    selections: [Selection(subject: .anyWorkload, direction: .ingress)], rules: [rule])
            ], fullDefault: .allow)
        return DialectPolicy(
            dialects: [.kubernetes], workloads: WritingWorld.workloads, policy: FlatPolicy(layers: [layer]),
            origins: [rule.id: RuleOrigin(location: Diagnostic.Location(file: "p.yaml", line: 7, column: 3))],
            findings: findings)
    }

    private static func rule(certainty: Certainty = .exact) -> FlatRule {
        FlatRule(
            id: "a-rule", action: .allow, direction: .ingress, subject: .anyWorkload, peer: .anyWorkload,
            services: [.any], certainty: certainty)
    }

    @Test func policyReadInPartNeedsConsent() throws {
        let finding = DialectFinding(
            Diagnostic(.warning, code: "unknown-field", "unknown field `x`", at: nil), effect: .may, rule: "a-rule")
        let source = Self.source(Self.rule(certainty: .approximate("a field is unknown")), findings: [finding])
        let refusal = #expect(throws: WriteRefusal.self) {
            try PolicyWriter.files(for: source, WriteOptions(now: Self.now))
        }
        #expect(refusal?.diagnostics.map(\.code) == ["unknown-field"])
        // With consent the allow shrinks to nothing.
        let written = try PolicyWriter.files(for: source, WriteOptions(now: Self.now, allowsPartial: true))
        #expect(!written.files.contains { $0.text.contains("a-rule") })
    }

    @Test func whatBulkheadCannotSayIsRefusedWithItsPlace() throws {
        var rule = Self.rule()
        rule.conditions = [Condition("posture")]
        var stateless = Self.source(Self.rule())
        stateless.policy.layers[0].isStateful = false
        for (source, word) in [(Self.source(rule), "facts"), (stateless, "stateless")] {
            let refusal = #expect(throws: WriteRefusal.self) {
                try PolicyWriter.files(for: source, WriteOptions(now: Self.now))
            }
            #expect(refusal?.diagnostics.contains { $0.message.contains(word) } == true)
        }
        let refusal = #expect(throws: WriteRefusal.self) {
            try PolicyWriter.files(for: Self.source(rule), WriteOptions(now: Self.now))
        }
        #expect(refusal?.diagnostics.first?.location?.line == 7)
    }

    @Test func importedRulesSayWhereTheyComeFromAndWhoAnswers() throws {
        let written = try PolicyWriter.files(
            for: Self.source(Self.rule()), WriteOptions(now: Self.now, owner: "platform team", source: "a test"))
        let loaded = try #require(
            PolicyDirectory.load(written.files.map { PolicySource(name: $0.path, text: $0.text) }, now: Self.now).policy)
        let rules = loaded.policy.rulesets.flatMap(\.rules)
        #expect(!rules.isEmpty)
        for rule in rules where rule.documentation.reason.contains("a-rule") {
            #expect(rule.documentation.owner == "platform team")
            #expect(rule.documentation.reason.contains("p.yaml:7"))
        }
        #expect(rules.contains { $0.documentation.reason.contains("a-rule") })
        #expect(written.files.allSatisfy { $0.text.hasPrefix("# Written by `bulkhead import` from a test.\n") })
    }
}
