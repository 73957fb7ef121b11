import Commands
import Foundation
import Testing

/// Differences and reviews beside what was observed; counts are those of `Examples/apt29/count.py`.
@Suite struct EvidenceTests {
    private let active = FlowsFixture.example + "/active"
    private let draft = FlowsFixture.example + "/draft"

    @Test func aDifferenceStandsWithTheTrafficThatItTouches() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = fixture.run(["policy", "diff", active, draft, "--data", fixture.data, "--format", "json"])
        #expect(result.status == .found && result.errors.isEmpty)
        let cut = try result.json().objects("newlyCut")
        #expect(cut.map { $0.text("from") } == ["nashua", "scranton"])
        #expect(cut.first?.objects("observed").isEmpty == true)
        let observed = try #require(cut.last).objects("observed")
        #expect(observed.map { $0.text("service") } == ["tcp/55121", "tcp/445", "tcp/135", "tcp/5985"])
        #expect(observed.map { $0.number("connections") } == [18, 15, 4, 4])
        #expect(observed.allSatisfy { $0.text("destination", "workload") == "nashua" })
        #expect(observed.allSatisfy { $0.text("effect") == "broken" })
        let text = fixture.run(["policy", "diff", active, draft, "--data", fixture.data])
        #expect(text.output.contains("observed 41 connections, last at 2020-04-30T00:45:16"))
        #expect(text.output.contains("observed traffic touches 0 pairs newly allowed, 1 pair newly cut"))
        // The other way round the same pairs are opened.
        let back = try fixture.run(["policy", "diff", draft, active, "--data", fixture.data, "--format", "json"]).json()
        #expect(back.objects("newlyAllowed").map { $0.objects("observed").count } == [0, 4])
    }

    /// What is almost everything is said by what is missing.
    @Test func aWideDifferenceIsSaidByWhatStays() throws {
        let fixture = try FlowsFixture()
        func policy(_ mode: String, _ name: String) throws -> String {
            try fixture.write(
                """
                bulkhead: 1
                workloads:
                  - {name: one, addresses: 10.0.1.4, labels: {role: a}, agent: true}
                  - {name: two, addresses: 10.0.1.6, labels: {role: b}, agent: true}
                enforcement:
                  - {mode: \(mode), members: role exists}
                rulesets:
                  - name: ab
                    scope: role = b
                    owner: tests
                    rules:
                      - {name: r, action: allow, from: role = a, anywhere: true, to: role = b, services: tcp/445, reason: case}

                """, to: name)
        }
        let result = fixture.run([
            "policy", "diff", try policy("visibility", "a.yaml"), try policy("full", "b.yaml"), "--as", "effective",
        ])
        #expect(result.output.contains("- one => two : everything but ICMPV6 130-136,143,TCP 445\n"), "\(result)")
    }

    @Test func withoutAHistoryNothingIsSaidOfObservation() throws {
        let result = try FlowsFixture().run(["policy", "diff", active, draft, "--format", "json"])
        #expect(result.status == .found)
        let json = try result.json()
        #expect(json["uncertainDirections"] == nil && json.objects("newlyCut").allSatisfy { $0["observed"] == nil })
        #expect(try FlowsFixture().run(["policy", "review", active]).status == .fine)
    }

    /// Of no traffic nothing follows: no rule is never hit.
    @Test func anEmptyWindowSaysNothing() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let window = ["--data", fixture.data, "--since", "2030-01-01T00:00:00Z"]
        let review = fixture.run(["policy", "review", active] + window)
        #expect(review.status == .fine && review.errors.contains("no connection began in the window"))
        let advice = fixture.run(["policy", "advise", "--policy", active] + window)
        #expect(advice.errors.contains("no connection began in the window") && !advice.output.contains("%"))
        let audit = fixture.run(["report", "audit", "--policy", active, "--format", "json"] + window)
        #expect(try audit.json().objects("rules").allSatisfy { ($0["findings"] as? [String]) == [] })
    }

    @Test func aReviewTellsWhatNobodyAskedFor() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = fixture.run(["policy", "review", active, "--data", fixture.data, "--format", "json"])
        #expect(result.status == .found && result.errors.isEmpty)
        let json = try result.json()
        #expect(json.number("observed", "connections") == 569)
        let findings = json.objects("findings")
        #expect(findings.map { $0.text("kind") } == ["unused-services", "unused-ports"])
        #expect(findings.map { $0.text("rule") } == ["directory/members", "office/flat-network"])
        let asked = "tcp/88, tcp/135, tcp/389, tcp/445, tcp/49667, udp/53, udp/123, udp/389"
        #expect(findings.first?.text("message") == "nobody asked for tcp/53, udp/88; asked for: \(asked)")
        let flat = "it takes `any`; asked for: tcp/80, tcp/135, tcp/445, tcp/5985, tcp/55121"
        #expect(findings.last?.text("message") == flat)
    }

    @Test(arguments: ["diff", "review"])
    func aWindowNeedsAHistory(command: String) throws {
        let result = try FlowsFixture().run(["policy", command, active, draft, "--since", "2020-04-30T00:00:00Z"])
        #expect(result.status.rawValue == 2 && result.errors.contains("expected --data beside --since and --until"))
    }
}
