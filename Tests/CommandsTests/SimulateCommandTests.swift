import Commands
import Foundation
import Testing

/// Counts are those of `python3 Examples/apt29/count.py apt29-day1/*_conn.log`, lines `10.0.1.4 > 10.0.1.6`.
@Suite struct SimulateCommandTests {
    private let active = FlowsFixture.example + "/active"
    private let draft = FlowsFixture.example + "/draft"

    private func simulate(_ fixture: FlowsFixture, _ more: String..., from: String? = nil) -> FlowsFixture.Result {
        fixture.run(
            ["policy", "simulate", "--policy", from ?? active, "--draft", draft, "--data", fixture.data] + more)
    }

    @Test func theExamplesAreGoodPolicy() throws {
        for path in [active, draft] {
            let result = try FlowsFixture().run(["policy", "check", path])
            #expect(result.status == .fine, "\(result.output)")
        }
    }

    @Test func theBoundaryBreaksWhatTheIntruderDid() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = simulate(fixture, "--format", "json")
        #expect(result.status == .found && result.errors.isEmpty)
        let json = try result.json()
        let broken = json.objects("edges").filter { $0.text("effect") == "broken" }
        #expect(broken.map { $0.text("service") } == ["tcp/55121", "tcp/445", "tcp/135", "tcp/5985"])
        #expect(broken.map { $0.number("connections") } == [18, 15, 4, 4])
        #expect(broken.map { $0.number("failed") } == [18, 0, 0, 0])
        #expect(
            broken.map { $0.text("lastSeen")?.prefix(19) } == [
                "2020-04-30T00:45:00", "2020-04-30T00:45:16", "2020-04-30T00:45:06", "2020-04-30T00:33:29",
            ])
        for edge in broken {
            #expect(edge.text("source", "workload") == "scranton" && edge.text("destination", "address") == "10.0.1.6")
            #expect(edge.text("draft", "deniedBy") == "workstations-apart")
            #expect(edge.text("draft", "denyingEnd") == "both")
            #expect(edge.text("active", "decidedBy", "source") == "office/flat-network")
            #expect(edge.text("ruleReason")?.hasPrefix("nobody administers one workstation from another") == true)
        }
        #expect(json.number("policy", "broken", "edges") == 4 && json.number("policy", "broken", "connections") == 41)
        #expect(json.number("effective", "broken", "connections") == 41)
        // 569 − 41 − 3 (below) − 395 to addresses that no rule allows.
        #expect(json.number("policy", "stillAllowed", "connections") == 130)
        #expect(json.number("policy", "stillDenied", "connections") == 395)
        #expect(json.number("effective", "stillAllowed", "connections") == 525)
        #expect(json.number("effective", "stillDenied", "connections") == 0)
        #expect(json.number("policy", "opened", "edges") == 0 && json.number("policy", "undecided", "edges") == 0)
        #expect(json["breaksSomething"] as? Bool == true)
    }

    /// The three connections from port 60839 to port 80: the other way round they would reach a dynamic RPC port.
    @Test func whatHangsOnTheDirectionStandsApart() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let json = try simulate(fixture, "--format", "json").json()
        let apart = json.objects("edges").filter { $0.text("effect") == "dependsOnDirection" }
        #expect(apart.map { $0.text("service") } == ["tcp/80"])
        #expect(apart.first?.text("asRecorded") == "stillAllowed")
        #expect(apart.first?["reversed"] as? [String: Int] == ["broken": 3])
        #expect(apart.first?.text("direction") == "asRecorded")
        #expect(json.number("uncertainDirections") == 31)
    }

    @Test func theSamePolicyBreaksNothing() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = simulate(fixture, from: draft)
        #expect(result.status == .fine && result.output.contains("by policy verdicts nothing changes"))
    }

    @Test func effectiveVerdictsLeaveOutWhatNobodyEnforces() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let head = """
            bulkhead: 1
            owner: tests
            workloads:
              - {name: one, addresses: 10.0.1.4, labels: {role: ws}, agent: true}
              - {name: two, addresses: 10.0.1.6, labels: {role: ws}, agent: true}
            enforcement:
              - {mode: visibility, members: role = ws}
            rulesets:
              - name: peers
                scope: role = ws
                rules:

            """
        func rule(_ services: String) -> String {
            "      - {name: r, action: allow, from: role = ws, to: role = ws, services: \(services), reason: case}\n"
        }
        let before = try fixture.write(head + rule("tcp"), to: "before.yaml")
        let after = try fixture.write(head + rule("[tcp/445, udp]"), to: "after.yaml")
        func run(_ view: String) -> FlowsFixture.Result {
            fixture.run([
                "policy", "simulate", "--policy", before, "--draft", after, "--data", fixture.data, "--as", view,
                "--format", "json",
            ])
        }
        let policy = run("policy")
        #expect(policy.status == .found)
        // All 44 but the 15 to port 445.
        #expect(try policy.json().number("policy", "broken", "connections") == 29)
        #expect(
            try policy.json().objects("edges").map { $0.text("draft", "decidedBy", "source") }
                == Array(repeating: "default:bulkhead", count: 4))
        let effective = run("effective")
        #expect(effective.status == .fine)
        #expect(try effective.json().number("policy", "broken", "connections") == 29)
        #expect(try effective.json().number("effective", "stillAllowed", "connections") == 569)
        #expect(try effective.json().objects("edges").isEmpty)
    }
}
