import Commands
import Foundation
import Testing

/// A shop whose web may reach its database for a reason that tries to be markup; what was seen is below.
@Suite struct AuditTests {
    private static let policy = """
        bulkhead: 1
        owner: shop-team
        workloads:
          - {name: web-1, addresses: 10.0.0.1, agent: true, labels: {app: shop, env: prod, role: web}}
          - {name: db-1, addresses: 10.0.0.2, agent: true, labels: {app: shop, env: prod, role: db, crown-jewel: "yes"}}
          - {name: job-1, addresses: 10.0.0.3, agent: true, labels: {app: batch, env: prod, role: job}}
        enforcement:
          - {members: env = prod, mode: full}
        rulesets:
          - name: shop
            scope: app = shop
            rules:
              - {name: web-db, action: allow, from: role = web, to: role = db, services: tcp/5432, reason: "orders <script>alert(1)</script>", ticket: NET-7}
              - {name: idle, action: allow, from: role = web, to: role = db, services: tcp/6432, reason: nobody uses it}
        """

    private static func flow(_ from: Int, _ to: String, _ port: Int) -> String {
        #"{"source":"10.0.0.\#(from)","sourcePort":40000,"destination":"\#(to)","destinationPort":\#(port),"#
            + #""protocol":"tcp","start":"2026-11-20T10:0\#(from):00Z","state":"established","direction":"firstSYN"}"#
            + "\n"
    }

    private func fixture(direction: String = "firstSYN", state: String = "established") throws -> (
        FlowsFixture, policy: String
    ) {
        let fixture = try FlowsFixture()
        let first = Self.flow(1, "10.0.0.2", 5432).replacing("firstSYN", with: direction)
        let flows =
            first.replacing("established", with: state) + Self.flow(3, "10.0.0.2", 5432)
            + Self.flow(3, "10.0.0.2", 5432)
            .replacing("40000", with: "40001")
        let path = try fixture.write(flows, to: "flows.jsonl")
        #expect(fixture.run(["flows", "import", path, "--data", fixture.data]).status == .fine)
        return (fixture, try fixture.write(Self.policy, to: "policy.yaml"))
    }

    private func audit(_ more: [String] = []) throws -> [String: Any] {
        let (fixture, policy) = try fixture()
        let result = fixture.run(
            ["report", "audit", "--data", fixture.data, "--policy", policy, "--format", "json"] + more)
        #expect(result.status == .fine && result.errors.isEmpty)
        return try result.json()
    }

    @Test func everyConnectionIsAccountedFor() throws {
        let report = try audit()
        #expect(
            report["connections"] as? [String: Int] == ["explained": 1, "denied": 2, "unexplained": 0, "undecided": 0])
        let access = report.objects("access")
        #expect(access.map { $0.text("standing") } == ["denied", "explained"])
        #expect(
            access.map { "\($0.text("from") ?? "") > \($0.text("to") ?? "")" } == [
                "prod/batch/job > prod/shop/db", "prod/shop/web > prod/shop/db",
            ])
        #expect(access.last?.text("reason") == "orders <script>alert(1)</script>")
        #expect(access.last?.text("decidedBy") == "shop/web-db")
    }

    @Test func rulesStandWithOwnerReasonAndUse() throws {
        let rules = try audit().objects("rules")
        let used = try #require(rules.first { $0.text("rule") == "shop/web-db" })
        #expect(used.text("owner") == "shop-team" && used.text("ticket") == "NET-7" && used.number("connections") == 1)
        #expect(used["findings"] as? [String] == [])
        let idle = try #require(rules.first { $0.text("rule") == "shop/idle" })
        #expect(idle.number("connections") == 0 && (idle["findings"] as? [String])?.count == 1)
        #expect(!rules.contains { ($0.text("rule") ?? "").hasPrefix("icmp/") })
    }

    /// Web reaches the database, the only crown jewel; nobody else reaches anybody: by hand from the policy.
    @Test func anIntruderIsFollowedFromEachGroup() throws {
        let intruders = try audit().objects("intruders")
        let reached = Dictionary(
            uniqueKeysWithValues: intruders.map { ($0.text("workload") ?? "", $0.number("now", "workloads") ?? -1) })
        #expect(reached == ["web-1": 1, "db-1": 0, "job-1": 0])
        #expect(intruders.first?.number("now", "crownJewels") == 1)
    }

    @Test func aDraftIsHeldAgainstWhatWasSeen() throws {
        let (fixture, policy) = try fixture()
        let draft = try fixture.write(Self.policy.replacing("tcp/5432", with: "tcp/5433"), to: "draft.yaml")
        let report = try fixture.run(
            ["report", "audit", "--data", fixture.data, "--policy", policy, "--draft", draft, "--format", "json"]
        ).json()
        #expect(report.number("wouldBreak") == 1 && report.number("mayBreak") == 0)
        let effect = try #require(report.objects("draftEffects").first)
        #expect(effect.text("from") == "web-1" && effect.text("to") == "db-1" && effect.text("effect") == "would break")
    }

    /// What breaks as it was recorded would break, although the other way round it was denied before as well.
    @Test func whatBreaksAsRecordedWouldBreak() throws {
        let (fixture, policy) = try fixture(direction: "asRecorded", state: "unknown")
        let draft = try fixture.write(Self.policy.replacing("tcp/5432", with: "tcp/5433"), to: "draft.yaml")
        let words = ["report", "audit", "--data", fixture.data, "--policy", policy, "--draft", draft]
        let report = try fixture.run(words + ["--format", "json"]).json()
        #expect(report.number("wouldBreak") == 1 && report.number("mayBreak") == 0)
        #expect(report.objects("draftEffects").first?.text("effect") == "depends on direction")
    }

    @Test func thePageStandsByItselfAndTakesNoMarkup() throws {
        let (fixture, policy) = try fixture()
        let page = fixture.run(["report", "audit", "--data", fixture.data, "--policy", policy]).output
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("<svg"))
        #expect(page.contains("orders &lt;script&gt;") && !page.contains("<script>alert"))
        let links = page.replacing("http://www.w3.org/2000/svg", with: "")
        #expect(
            !links.contains("http:") && !links.contains("https:") && !links.contains("src=") && !links.contains("href=")
        )
        let out = fixture.path("audit.html")
        let told = fixture.run(["report", "audit", "--data", fixture.data, "--policy", policy, "--out", out])
        #expect(told.status == .fine && told.output.contains("segmentation score"))
        #expect(try String(contentsOfFile: out, encoding: .utf8).contains("Segmentation audit"))
    }
}
