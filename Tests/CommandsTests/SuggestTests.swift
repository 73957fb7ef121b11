import Commands
import Foundation
import Testing

/// An inventory from the captured network.
@Suite struct SuggestTests {
    private func suggest(_ fixture: FlowsFixture, _ more: String...) -> FlowsFixture.Result {
        fixture.run(["workloads", "suggest", "--data", fixture.data] + more)
    }

    private func labels(_ host: [String: Any]) -> [String] {
        host.objects("labels").map { "\($0.text("key") ?? "")=\($0.text("value") ?? "") \($0["confidence"] ?? "")" }
    }

    /// The domain controller gives tickets to both workstations; `192.168.0.…` are private addresses too, and were answered.
    @Test func hostsAreFoundByTheirTraffic() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = suggest(fixture, "--format", "json")
        #expect(result.status == .fine && result.errors.isEmpty)
        let hosts = try result.json().objects("hosts")
        #expect(
            hosts.map { ($0["addresses"] as? [String])?.first } == [
                "10.0.0.4", "10.0.1.4", "10.0.1.6", "192.168.0.4", "192.168.0.5",
            ])
        #expect(labels(hosts[0]) == ["net=10.0.0.0-24 50", "role=directory 90"])
        #expect(hosts[0].objects("labels").last?.text("reason") == "serves tcp/88 to 2 hosts")
    }

    @Test func listsAndNameServersNameHosts() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let list = try fixture.write(
            "address,name,app\n10.0.1.4,scranton,office\n\"10.0.1.9\",\"new, host\",\n", to: "hosts.csv")
        let names = try fixture.write(
            "{\"query\":\"newyork.dmevals.local\",\"rcode\":0,\"answers\":[\"10.0.0.4\"]}\nnonsense\n", to: "dns.log")
        let out = fixture.path("inventory.yaml")
        let result = suggest(fixture, "--csv", list, "--dns", names, "--out", out, "--format", "json")
        #expect(
            result.status == .found && result.errors.contains("dns.log:2: expected a record of Zeek's dns log in JSON"))
        let hosts = try result.json().objects("hosts")
        #expect(hosts.prefix(3).map { $0.text("name") } == ["newyork.dmevals.local", "scranton", "host-10-0-1-6"])
        #expect(labels(hosts[1]).first == "app=office 100")
        let text = try String(contentsOfFile: out, encoding: .utf8)
        #expect(text.contains("  # role: serves tcp/88 to 2 hosts (90 %)\n"))
        #expect(text.contains("  - name: new--host\n"))
        #expect(text.contains("  - name: newyork.dmevals.local\n    addresses: 10.0.0.4\n"))
        let check = fixture.run(["policy", "check", out])
        #expect(check.status == .fine, "\(check.output)")
        #expect(suggest(fixture, "--out", out).status.rawValue == 2, "what is there is not written over")
    }

    @Test func aKnownInventoryIsHeldAgainstTraffic() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = suggest(fixture, "--policy", FlowsFixture.example + "/active", "--format", "json")
        #expect(result.status == .found)
        let json = try result.json()
        #expect(json.objects("hosts").map { $0.text("name") } == ["host-192-168-0-4", "host-192-168-0-5"])
        let issues = json.objects("issues")
        #expect(issues.map { $0.text("kind") } == ["mislabel", "unseen"])
        #expect(issues.map { $0.text("workload") } == ["newyork", "wec"])
        #expect(
            issues[0].text("message")
                == "role is domain-controller, but directory is likelier: serves tcp/88 to 2 hosts")
    }

    @Test func withoutAnInventoryAdviceInfersOne() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let draft = fixture.path("draft")
        let result = fixture.run([
            "policy", "advise", "--data", fixture.data, "--until", "2020-04-30T00:31:38Z", "--out", draft,
        ])
        // The workstations and the name server; not the host that one of them reaches on 1234 and 443.
        #expect(result.status == .found && result.output.hasPrefix("inferred: 3 workloads by traffic alone"))
        #expect(fixture.run(["policy", "check", draft]).status == .fine)
        #expect(FileManager.default.fileExists(atPath: draft + "/inferred.yaml"))
    }

    @Test(arguments: [
        ("IP;name\nx\n", "expected a column `address`"), ("IP;name\nx\n", "got `IP;name`; commas stand between"),
        ("address,app,app\n", "expected each column once"), ("", "expected a header"),
        ("address\n\"10.0.0.1\n", ":2: expected a closing quote"),
    ])
    func brokenListsAreTold(text: String, reason: String) throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = suggest(fixture, "--csv", try fixture.write(text, to: "hosts.csv"))
        #expect(
            result.status.rawValue == 2 && result.output.isEmpty && result.errors.contains(reason), "\(result.errors)")
    }

    @Test(arguments: [
        ("10.0.0.1\n", ":2: expected 2 cells, got 1"), ("host,x\n", ":2: expected an address, got `host`"),
        ("10.0.0.1,\u{e4}\n", ":2: expected a value for `app`"),
    ])
    func aRowOfNoUseIsToldAndPassedOver(row: String, reason: String) throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let list = try fixture.write("address,app\n\(row)10.0.1.4,office\n", to: "hosts.csv")
        let result = suggest(fixture, "--csv", list)
        #expect(result.status == .found && result.errors.contains(reason))
        #expect(result.output.contains("app=office"))
        // Nothing of the row is taken over.
        #expect(!result.output.contains("10.0.0.1 ") && !result.errors.contains("more lines"))
        let many = try fixture.write("address,app\n" + String(repeating: row, count: 12), to: "many.csv")
        #expect(suggest(fixture, "--csv", many).errors.contains("many.csv: 2 more lines are of no use"))
    }
}
