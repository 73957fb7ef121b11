import Commands
import Foundation
import Testing

/// Counts, failures, bytes and times are those of `python3 Examples/apt29/count.py apt29-day1/*_conn.log`.
@Suite struct MapCommandTests {
    private func name(_ edge: [String: Any]) -> String {
        "\(edge.text("source", "name") ?? "") > \(edge.text("destination", "name") ?? "")"
    }

    @Test func withoutPolicyTheMapIsBySubnet() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let map = try fixture.run(["map", "--data", fixture.data, "--format", "json"]).json()
        #expect(map.text("groupedBy") == "subnets")
        let edges = map.objects("edges")
        #expect(
            edges.map(name) == [
                "10.0.1.0/24 > 192.168.0.0/24", "10.0.1.0/24 > 10.0.0.0/24", "10.0.1.0/24 > 10.0.1.0/24",
            ])
        #expect(edges.map { $0.number("total", "connections") } == [395, 120, 54])
        #expect(edges.map { $0.number("total", "failed") } == [10, 0, 21])
        // 4,117,789 between the workstations and 2,300 to their broadcast address.
        #expect(edges.map { $0.number("total", "bytes") } == [39_389_698, 454_732, 4_120_089])
        #expect(map.number("total", "connections") == 569 && map.number("total", "failed") == 31)
        #expect(map.number("total", "bytes") == 43_964_519)
        #expect(map.text("total", "firstSeen")?.hasPrefix("2020-04-30T00:06:38.899710") == true)
        #expect(map.text("total", "lastSeen")?.hasPrefix("2020-04-30T00:46:59.96") == true)
        let outside = edges.first?.objects("services") ?? []
        #expect(
            outside.map { $0.text("service") } == ["tcp/8443", "tcp/80", "tcp/139", "tcp/445", "tcp/443", "tcp/1234"])
        #expect(outside.map { $0.number("count", "connections") } == [376, 6, 5, 5, 2, 1])
        let text = fixture.run(["map", "--data", fixture.data]).output
        #expect(text.hasPrefix("by subnet, since without --policy there are no labels\n"))
    }

    @Test func aSmallInventoryGivesItNames() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        // All that is known without reading a log twice: who answers port 88, and who the others are.
        let policy = try fixture.write(
            """
            bulkhead: 1
            owner: tests
            workloads:
              - {name: dc, addresses: 10.0.0.4, labels: {role: controller}}
              - {name: one, addresses: 10.0.1.4, labels: {role: workstation}, agent: true}
              - {name: two, addresses: 10.0.1.6, labels: {role: workstation}, agent: true}
            addressSets:
              outside: 192.168.0.0/16
            rulesets:
              - name: tickets
                scope: role = controller
                rules:
                  - name: kerberos
                    action: allow
                    anywhere: true
                    from: role = workstation
                    to: role = controller
                    services: tcp/88
                    reason: logins
            enforcement:
              - {mode: visibility, members: role = workstation}
            """, to: "policy.yaml")
        let result = fixture.run(
            ["map", "--data", fixture.data, "--policy", policy, "--by", "role", "--format", "json"])
        #expect(result.status == .fine, "\(result.errors)")
        let map = try result.json()
        #expect(map.text("groupedBy") == "labels" && map["dimensions"] as? [String] == ["role"])
        let edges = map.objects("edges")
        #expect(
            edges.map(name) == [
                "workstation > set outside", "workstation > controller", "workstation > workstation",
                "workstation > 10.0.1.0/24",
            ])
        #expect(edges.map { $0.number("total", "connections") } == [395, 120, 44, 10])
        #expect(edges.map { $0.number("total", "failed") } == [10, 0, 21, 0])
        // tcp/88: 16 from 10.0.1.4 and 9 from 10.0.1.6. The agents only watch, so nothing is denied in effect.
        #expect(edges.map { $0.number("total", "policy", "allowed") } == [0, 25, 0, 0])
        #expect(edges.map { $0.number("total", "policy", "denied") } == [395, 95, 44, 10])
        #expect(map.number("total", "effective", "allowed") == 569)
        let peers = edges[2].objects("services")
        #expect(peers.map { $0.text("service") } == ["tcp/55121", "tcp/445", "tcp/135", "tcp/5985", "tcp/80"])
        #expect(peers.map { $0.number("count", "connections") } == [18, 15, 4, 4, 3])
        #expect(peers.map { $0.number("count", "failed") } == [18, 0, 0, 0, 3])
        #expect(peers.map { $0.number("count", "bytes") } == [1560, 4_021_060, 5008, 89_901, 260])

        let unmet = fixture.run(["map", "--data", fixture.data, "--policy", policy, "--by", "app,env"])
        #expect(unmet.lines.first == "by subnet, since no address here is a workload with a label of app, env")
    }

    /// Counted in the logs by their `ts`, those of both observers once.
    @Test func aWindowTakesTheConnectionsThatBeganInIt() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        func connections(_ window: String...) throws -> Int? {
            try fixture.run(["map", "--data", fixture.data, "--format", "json"] + window).json()
                .number("total", "connections")
        }
        #expect(try connections("--since", "2020-04-30T00:00:00Z") == 569)
        #expect(try connections("--since", "2020-04-30T01:00:00Z") == nil)
        #expect(try connections("--until", "2020-04-30T00:00:00Z") == nil)
        #expect(try connections("--until", "2020-04-30T00:25:00Z") == 43)
        #expect(try connections("--since", "2020-04-30T00:25:00Z", "--until", "2020-04-30T00:39:00Z") == 114)
        #expect(try connections("--since", "2020-04-30T02:33:00+02:00", "--until", "2020-04-30T00:34:00Z") == 11)
        #expect(try connections("--since", "2020-04-30T00:39:00Z") == 412)
    }

    @Test func theTableSaysWhatItLeavesOut() throws {
        let fixture = try FlowsFixture()
        try fixture.importAPT29()
        let result = fixture.run(["map", "--data", fixture.data, "--top", "1"])
        #expect(result.lines.contains("and 2 edges more; `--top` or `--format json` shows them"))
        #expect(!result.output.contains("10.0.0.0/24"))
    }
}
