import Commands
import Foundation
import Testing

/// Advice on the captured network: learnt before minute 25 of the capture, which begins at 00:06:38, judged by the rest, until
/// minute 39.
///
/// Counts are those of the logs, by `ts`, connections of both observers once, by a script that shares nothing with this package.
@Suite struct AdviseTests {
    private func advise(_ fixture: FlowsFixture, _ more: String...) throws -> FlowsFixture.Result {
        let inventory = try String(contentsOfFile: FlowsFixture.example + "/active/inventory.yaml", encoding: .utf8)
        _ = try fixture.write(inventory, to: "inventory.yaml")
        return fixture.run(
            ["policy", "advise", "--policy", fixture.path("inventory.yaml"), "--data", fixture.data] + more)
    }

    private let learnt = ["--until", "2020-04-30T00:31:38Z"]

    @Test func whatAnIntruderDidIsNotLearnt() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = try advise(fixture, "--until", "2020-04-30T00:31:38Z", "--format", "json")
        #expect(result.status == .found && result.errors.isEmpty)
        let json = try result.json()
        #expect(json["isProvisional"] as? Bool == true)
        #expect(json.number("all", "connections") == 52 && json.number("trusted", "connections") == 45)
        #expect(json.number("trusted", "allowedConnections") == 45)
        let leftOut = json.objects("leftOut")
        #expect(
            leftOut.map { $0.text("reason") } == ["external-peer", "external-peer", "unknown-host", "unknown-host"])
        #expect(leftOut.prefix(2).allSatisfy { $0.text("edge", "destination", "address") == "192.168.0.5" })
        let services = json.objects("rules").map { $0["services"] as? [String] ?? [] }
        #expect(
            services == [
                ["tcp/88", "tcp/135", "tcp/389", "tcp/445", "tcp/49152-65535", "udp/389"], ["udp/53"], ["udp/123"],
            ])
        #expect(json.objects("rules").allSatisfy { $0.text("to")?.contains("role = domain-controller") == true })
    }

    /// What tells of hosts helps to infer an inventory, and would be left unread where there is one.
    @Test(arguments: ["--csv", "--dns"]) func listsOfHostsGoWithNoPolicy(option: String) throws {
        let result = try advise(try FlowsFixture(), option, "hosts")
        #expect(result.status.rawValue == 2 && result.errors.contains("help to infer an inventory"))
    }

    /// The draft is good policy, allows what it was made of, and denies the steps of the intrusion that follow.
    @Test func theDraftIsPolicyThatHoldsTheIntruderUp() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let draft = fixture.path("draft")
        #expect(try advise(fixture, "--until", "2020-04-30T00:31:38Z", "--out", draft).status == .found)
        #expect(fixture.run(["policy", "check", draft]).status == .fine)
        func counts(_ window: String...) throws -> [String: Any] {
            try fixture.run(
                ["map", "--policy", draft, "--by", "role", "--data", fixture.data, "--format", "json"] + window
            ).json()
        }
        let before = try counts("--until", "2020-04-30T00:31:38Z")
        #expect(before.number("total", "policy", "allowed") == 45 && before.number("total", "policy", "denied") == 7)
        let after = try counts("--since", "2020-04-30T00:31:38Z")
        #expect(after.number("total", "connections") == 517)
        // Workstation to workstation 44, to the intruder's host 376 + 16, NetBIOS broadcasts 6, which nobody named.
        #expect(after.number("total", "policy", "allowed") == 75 && after.number("total", "policy", "denied") == 442)
        let refused = try advise(fixture, "--out", draft)
        #expect(refused.status.rawValue == 2 && refused.errors.contains("expected an empty directory for --out"))
    }

    @Test func servicesAndRulesOfThePolicyAreUsedAgain() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let known = fixture.run(
            [
                "policy", "advise", "--policy", FlowsFixture.example + "/active", "--data", fixture.data, "--format",
                "json",
            ]
                + learnt)
        let json = try known.json()
        #expect(json.objects("rules").isEmpty)
        #expect(json.objects("reused").map { $0.text("rule") } == ["directory/members", "office/announce"])
        #expect(json.objects("reused").map { $0.number("evidence", "connections") } == [45, 4])
        let services = "bulkhead: 1\nservices:\n  names: udp/53\n  clock: udp/123\n"
        let policy = fixture.path("policy")
        try FileManager.default.createDirectory(atPath: policy, withIntermediateDirectories: true)
        _ = try fixture.write(services, to: "policy/services.yaml")
        let inventory = try String(contentsOfFile: FlowsFixture.example + "/active/inventory.yaml", encoding: .utf8)
        _ = try fixture.write(inventory, to: "policy/inventory.yaml")
        let draft = fixture.path("draft")
        _ = fixture.run(["policy", "advise", "--policy", policy, "--data", fixture.data, "--out", draft] + learnt)
        let text = try String(contentsOfFile: draft + "/advised.yaml", encoding: .utf8)
        #expect(text.contains("services: names\n") && text.contains("services: clock\n"))
        #expect(try String(contentsOfFile: draft + "/services.yaml", encoding: .utf8) == services)
    }

    @Test(arguments: [
        ["--tightness", "loose"], ["--cycle", "0"], ["--owner", " "], ["--top", "0"], ["--by", "app,app"],
    ])
    func nonsenseIsTold(words: [String]) throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = fixture.run(
            ["policy", "advise", "--policy", FlowsFixture.example + "/active", "--data", fixture.data] + words)
        #expect(result.status.rawValue == 2 && result.output.isEmpty && result.errors.contains(words[0]))
    }
}
