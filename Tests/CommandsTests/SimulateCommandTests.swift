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
        // 569 − 41 − 395 to addresses that no rule allows.
        #expect(json.number("policy", "stillAllowed", "connections") == 133)
        #expect(json.number("policy", "stillDenied", "connections") == 395)
        #expect(json.number("effective", "stillAllowed", "connections") == 528)
        #expect(json.number("effective", "stillDenied", "connections") == 0)
        #expect(json.number("policy", "opened", "edges") == 0 && json.number("policy", "undecided", "edges") == 0)
        #expect(json["breaksSomething"] as? Bool == true)
    }

    /// Every TCP record of the log has a state that Zeek gives only where it saw the handshake; the UDP edges (10, by
    /// `count.py … | grep -c ' udp/'`) are judged both ways and come to the same: none is between workstations.
    @Test func aHandshakeTellsTheDirection() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let json = try simulate(fixture, "--format", "json").json()
        #expect(json.number("uncertainDirections") == 10)
        #expect(json.number("policy", "dependsOnDirection", "edges") == 0)
        #expect(json.objects("edges").allSatisfy { $0["directionIsCertain"] as? Bool == true })
    }

    /// The same connection to port 80, once with its handshake (`SF`), once seen in its middle (`OTH`): the other way
    /// round that would be a connection to a dynamic RPC port, which the draft denies.
    @Test(arguments: [("SF", 0, 0), ("OTH", 1, 1)])
    func whatHangsOnTheDirectionStandsApart(state: String, status: Int32, apart: Int) throws {
        let fixture = try FlowsFixture()
        let ends = #""id.orig_h":"10.0.1.4","id.orig_p":60839,"id.resp_h":"10.0.1.6","id.resp_p":80"#
        let record = #"{"_path":"conn","ts":1588206000,"uid":"C1",\#(ends),"proto":"tcp","conn_state":"\#(state)"}"#
        let path = try fixture.write(record + "\n", to: "conn.log")
        try #require(fixture.run(["flows", "import", path, "--data", fixture.data]).status == .fine)
        let result = simulate(fixture, "--format", "json")
        #expect(result.status.rawValue == status)
        let json = try result.json()
        #expect(json.number("policy", "dependsOnDirection", "edges") == apart)
        #expect(json.number("policy", "broken", "edges") == 0)
        let edges = json.objects("edges")
        #expect(edges.count == apart)
        #expect(edges.allSatisfy { $0.text("asRecorded") == "stillAllowed" && $0.text("direction") == "asRecorded" })
        #expect(edges.allSatisfy { $0["reversed"] as? [String: Int] == ["broken": 1] })
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

    /// A draft with the first rule, between two hosts that nothing governs yet.
    private func simulateFirstBoundary(_ fixture: FlowsFixture, _ rule: String, _ more: String...) throws
        -> FlowsFixture.Result
    {
        func hosts(_ agent: String) -> String {
            """
            bulkhead: 1
            owner: tests
            workloads:
              - {name: one, addresses: 10.0.1.4, labels: {role: a}\(agent)}
              - {name: two, addresses: 10.0.1.6, labels: {role: b}\(agent)}

            """
        }
        let rules = """
            enforcement:
              - {mode: full, members: role exists}
            rulesets:
              - name: first
                scope: role exists
                rules:
                  - {name: r, action: allow, \(rule), reason: case}

            """
        let none = try fixture.write(hosts(""), to: "none.yaml")
        let draft = try fixture.write(hosts(", agent: true") + rules, to: "draft.yaml")
        return fixture.run(
            ["policy", "simulate", "--policy", none, "--draft", draft, "--data", fixture.data] + more)
    }

    /// Where no rule is yet everything passes, and as if all were enforced nothing: what is cut as things are enforced counts.
    @Test func theFirstBoundaryBreaksWhatPassedWithoutARule() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let rule = "from: role exists, to: role exists, services: tcp/445"
        let result = try simulateFirstBoundary(fixture, rule)
        #expect(result.status == .found)
        #expect(result.output.contains("may break as things are enforced: `--as effective` lists them"))
        let json = try simulateFirstBoundary(fixture, rule, "--format", "json").json()
        #expect(json["breaksSomething"] as? Bool == true && json.number("policy", "broken", "edges") == 0)
    }

    /// The first boundary cuts it as it was recorded, and not the other way round.
    @Test func theFirstBoundaryMayBreakWhatIsUncertain() throws {
        let fixture = try FlowsFixture()
        let flow =
            #"{"source":"10.0.1.4","sourcePort":50000,"destination":"10.0.1.6","destinationPort":443,"protocol":"tcp","#
            + #""start":"2026-11-20T08:00:00Z","direction":"asRecorded","state":"unknown"}"# + "\n"
        let log = try fixture.write(flow, to: "flows.jsonl")
        try #require(fixture.run(["flows", "import", log, "--data", fixture.data]).status == .fine)
        let result = try simulateFirstBoundary(fixture, "from: role = b, to: role = a, services: tcp")
        #expect(result.status == .found, "\(result)")
        #expect(result.output.contains("1 edge may break as things are enforced"))
    }

    /// The boundary of the draft breaks four edges (`theBoundaryBreaksWhatTheIntruderDid`); without it nothing changes.
    @Test func aSavedDraftIsAnsweredAgain() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let copy = fixture.path("draft")
        try FileManager.default.copyItem(atPath: active, toPath: copy)
        let boundary = try String(contentsOfFile: draft + "/boundary.yaml", encoding: .utf8)
        func save(_ text: String?) {
            let file = URL(fileURLWithPath: copy + "/boundary.yaml")
            if let text { try? Data(text.utf8).write(to: file) } else { try? FileManager.default.removeItem(at: file) }
        }
        save(boundary)
        var waits = 0
        let result = fixture.run(
            ["policy", "simulate", "--policy", active, "--draft", copy, "--data", fixture.data, "--watch"]
        ) {
            waits += 1
            switch waits {
            case 1: save(nil)
            case 2: save("nonsense: [")
            case 3: save(boundary)
            default: return false
            }
            return true
        }
        let told = result.lines.filter { $0.hasPrefix("saved again") }
        #expect(
            told == [
                "saved again: 0 edges more would break, 4 no longer; 0 in all",
                "saved again: 4 edges more would break, 0 no longer; 4 in all",
            ])
        #expect(result.status == .found && result.errors.contains("bulkhead: error"))
    }

    // MARK: Who held the address then

    /// Web asks 10.0.0.5 on the database's port at eight, when the database had the address, and at ten, when web2 had it.
    private struct Moved {
        let fixture: FlowsFixture
        let active: String
        let draft: String

        init() throws {
            fixture = try FlowsFixture()
            func policy(_ database: String, _ web2: String?, _ rules: String, webRole: String = "web") -> String {
                let second = web2.map { "  - {name: web2, addresses: \($0), labels: {role: web}, agent: true}\n" } ?? ""
                return """
                    bulkhead: 1
                    owner: tests
                    workloads:
                      - {name: web, addresses: 10.0.0.1, labels: {role: \(webRole)}, agent: true}
                      - {name: db, addresses: \(database), labels: {role: db}, agent: true}
                    \(second)enforcement:
                      - {mode: full, members: all}
                    rulesets:
                      - name: shop
                        scope: all
                        rules:
                    \(rules)
                    """
            }
            let open =
                "      - {name: open, action: allow, from: \"role in (web, db)\", to: \"role in (web, db)\", services: tcp, reason: case}\n"
            let close =
                "      - {name: web, action: allow, from: role = web, to: role = web, services: tcp, reason: case}\n"
            active = try fixture.write(policy("10.0.0.6", "10.0.0.5", open), to: "active.yaml")
            draft = try fixture.write(policy("10.0.0.6", "10.0.0.5", close), to: "draft.yaml")
            let before = try fixture.write(policy("10.0.0.5", nil, open, webRole: "db"), to: "before.yaml")
            func flow(_ hour: Int, _ port: Int) -> String {
                #"{"source":"10.0.0.1","sourcePort":\#(port),"destination":"10.0.0.5","destinationPort":5432,"protocol":"tcp","#
                    + #""start":"2026-11-20T\#(hour == 8 ? "08" : "10"):00:00Z","direction":"firstSYN","state":"established"}"#
                    + "\n"
            }
            let log = try fixture.write(flow(8, 40000) + flow(10, 40001), to: "flows.jsonl")
            try #require(fixture.run(["flows", "import", log, "--data", fixture.data]).status == .fine)
            for (policy, time) in [(before, "2026-11-20T07:00:00Z"), (active, "2026-11-20T09:00:00Z")] {
                let result = fixture.run(
                    ["workloads", "record", "--policy", policy, "--data", fixture.data, "--at", time])
                try #require(result.status == .fine, "\(result.errors)")
            }
        }

        func simulate(_ more: String...) -> FlowsFixture.Result {
            fixture.run(["policy", "simulate", "--policy", active, "--draft", draft, "--data", fixture.data] + more)
        }
    }

    @Test func anAddressIsWhoseItWasThen() throws {
        let moved = try Moved()
        let result = moved.simulate("--format", "json")
        #expect(result.status == .found, "\(result.errors)")
        let json = try result.json()
        #expect(json.number("changedAddresses") == 2 && json.text("labels") == "now")
        // To the database at eight, which the draft closes; at ten it is web2, which stays open.
        let edges = json.objects("edges")
        #expect(edges.map { $0.text("effect") } == ["broken"])
        #expect(edges.map { $0.text("destination", "workload") } == ["db"])
        #expect(edges.map { $0.text("firstSeen")?.prefix(16) } == ["2026-11-20T08:00"])
        #expect(json.number("policy", "stillAllowed", "connections") == 1)
        #expect(moved.simulate().output.contains("2 addresses changed hands: judged for whom it was then"))
        #expect(
            try moved.simulate("--since", "2026-11-20T09:30:00Z", "--format", "json").json().objects("edges").isEmpty)
    }

    /// Others judge for whom addresses belong to now, and say so.
    @Test(arguments: [
        ["map", "--policy"], ["report", "audit", "--policy"], ["policy", "advise", "--policy"], ["policy", "review"],
    ])
    func whatIsJudgedForNowIsSaid(words: [String]) throws {
        let moved = try Moved()
        let result = moved.fixture.run(words + [moved.active, "--data", moved.fixture.data])
        #expect(result.status != .unusable)
        #expect(result.errors.contains("1 address changed hands, and is taken for whom it belongs to now"))
    }

    /// At eight web had the label role=db too: between databases the draft allows nothing.
    @Test func labelsMayBeThoseOfThen() throws {
        let moved = try Moved()
        let json = try moved.simulate("--labels", "then", "--format", "json").json()
        #expect(json.text("labels") == "then" && json.number("changedAddresses") == 3)
        #expect(json.objects("edges").map { $0.text("effect") } == ["broken"])
        #expect(json.number("policy", "broken", "connections") == 1)
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = simulate(fixture, "--labels", "then")
        #expect(result.status == .unusable && result.errors.contains("workloads record"))
    }

    @Test func whatSaysTheSameIsNotRecordedAgain() throws {
        let moved = try Moved()
        func record(_ time: String) throws -> [String: Any] {
            try moved.fixture.run([
                "workloads", "record", "--policy", moved.active, "--data", moved.fixture.data, "--at", time,
                "--format", "json",
            ]).json()
        }
        let again = try record("2026-11-20T12:00:00Z")
        #expect(again["isNew"] as? Bool == false && again.number("workloads") == 3)
        #expect(try record("2026-11-20T06:00:00Z")["isNew"] as? Bool == true)
    }
}
