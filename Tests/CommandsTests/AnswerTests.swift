import Commands
import Foundation
import Testing

/// What `check`, `explain` and `render` print, for policies whose answers are plain.
struct AnswerTests {
    private func run(_ line: String, policy text: String = PolicyFile.small, width: Int? = nil, colours: Bool = false)
        throws
        -> (Invocation, String)
    {
        let policy = try PolicyFile(text)
        let arguments = NonsenseTests.arguments(line, policy: policy.path, bad: "")
        let result = try Invocation(arguments, width: width, colours: colours)
        return (result, result.output.replacing(policy.path, with: "P"))
    }

    @Test func checkCountsAndPasses() throws {
        let (result, text) = try run("policy check P")
        #expect(result.status == .fine)
        #expect(result.errors == "")
        #expect(
            text.hasPrefix(
                "5 workloads (2 full, 1 selective, 1 visibility, 1 without agent), 3 rules in 2 rulesets, 1 guardrail, 1 quarantine, "
            ))
        #expect(text.hasSuffix("\n1 of 1 test passed, 0 warnings\n"))
    }

    @Test func aFailedTestNamesWhatDecidedAtBothEnds() throws {
        let policy = PolicyFile.small.replacing("expect: allowed", with: "expect: denied")
        let (result, text) = try run("policy check P", policy: policy)
        #expect(result.status == .found)
        let expected = """
            P:28: test `web stores` failed
              10.0.1.1 → 10.0.2.1 tcp/5432
              expected denied, got allowed (allowedByRule)
              decided at the source by shop/web-to-db
              decided at the destination by shop/web-to-db

            """
        #expect(text.hasPrefix(expected), "\(text)")
        let (json, _) = try run("policy check P --format json", policy: policy)
        #expect(json.status == .found)
        let object = try json.object()
        #expect(object["testsFailed"] as? Int == 1)
        #expect(object["testsPassed"] as? Int == 0)
        #expect((object["tests"] as? [[String: Any]])?.first?["passed"] as? Bool == false)
    }

    @Test func anErrorIsAFindingAndNothingIsLoaded() throws {
        let (result, text) = try run("policy check P", policy: "bulkhead: 1\nworkload: 3\n")
        #expect(result.status == .found)
        #expect(text.hasPrefix("P:2:1: error: "))
        #expect(text.hasSuffix("\n1 error: nothing is loaded\n"))
        let (json, _) = try run("policy check P --format jsonl", policy: "bulkhead: 1\nworkload: 3\n")
        #expect(json.output.split(separator: "\n").count == 1)
        let object = try json.object()
        #expect(object["errors"] as? Int == 1)
        #expect(object["summary"] == nil)
        let finding = try #require((object["findings"] as? [[String: Any]])?.first)
        #expect(finding["line"] as? Int == 2 && finding["column"] as? Int == 1)
        #expect(finding["severity"] as? String == "error" && finding["code"] is String)
    }

    @Test func labelsSayWhereTheyComeFrom() throws {
        let text = try Invocation(["policy", "check", "--labels", threeTier]).output
        let line = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("web-dev-1 ") && $0.contains("env=dev") })
        #expect(line.contains("label rule development-network"))
        #expect(line.contains("inventory.yaml:"))
        let own = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("dns-1 ") && $0.contains("role=resolver") })
        #expect(own.contains("the workload"))
        let object = try Invocation(["policy", "check", "--labels", "--format", "json", threeTier]).object()
        #expect((object["workloads"] as? [[String: Any]])?.count == 10)
        #expect(try Invocation(["policy", "check", "--format", "json", threeTier]).object()["workloads"] == nil)
    }

    @Test func explainNamesWhomToAsk() throws {
        let (result, text) = try run("explain --policy P web-1 db-1:80")
        #expect(result.status == .fine)
        let expected = """
            10.0.1.1 → 10.0.2.1 tcp/80
              policy     denied — by both ends
              effective  denied — by the source

            source 10.0.1.1, workload web-1
              app=shop, role=web, mode full
              denied because no rule matches (layer bulkhead, enforced in mode full)

            destination 10.0.2.1, workload db-1
              app=shop, role=db, mode selective
              denied because no rule matches (layer bulkhead, enforced in mode selective)

            What would change it
              - an allow in ruleset `shop`, whose scope covers both ends
              - an allow with `anywhere: true` in ruleset `database`, whose scope covers the destination but not the source

            What would enforce it
              - mode full on `db-1`, since mode selective does not enforce this denial

            """
        #expect(text == expected)
    }

    static let advice: [(ends: String, kinds: [String], names: [String])] = [
        ("web-1 db-1:5432", [], []),
        ("web-1 db-1:22", ["allowWinsOverDeny", "allowInRuleset", "allowInRuleset"], ["shop/no-login"]),
        ("web-1 db-1:23", ["guardrailException", "allowInRuleset", "allowInRuleset"], ["no-telnet"]),
        ("bad-1 db-1:5432", ["quarantineException"], ["broken-in"]),
        ("web-1 db-1:icmp/5", ["never"], ["icmp/redirects-never"]),
        ("192.0.2.1 old-1:80", ["allowInRuleset", "enforce"], ["shop"]),
        ("seen-1 192.0.2.1:80", ["allowInRuleset", "enforce"], ["shop"]),
        ("192.0.2.1 192.0.2.2:80", [], []),
    ]

    @Test(arguments: advice)
    func adviceFitsWhatDecided(_ example: (ends: String, kinds: [String], names: [String])) throws {
        let (result, _) = try run("explain --policy P \(example.ends) --format json")
        let items = try #require(try result.object()["wouldChange"] as? [[String: Any]])
        #expect(items.map { $0["kind"] as? String } == example.kinds)
        #expect((items.first?["names"] as? [String] ?? []) == example.names)
    }

    @Test func withoutARulesetAnAllowNeedsANewOne() throws {
        let policy = PolicyFile.small.replacing("scope: app = shop", with: "scope: role in (web, db)")
        let (result, _) = try run("explain --policy P web-1 seen-1:80 --format json", policy: policy)
        let items = try #require(try result.object()["wouldChange"] as? [[String: Any]])
        #expect(items.first?["kind"] as? String == "newRuleset")
    }

    @Test(arguments: [60, 80, 120]) func textKeepsToTheWidth(_ width: Int) throws {
        for line in ["explain --policy P web-1 db-1:22", "explain --policy P web-1 db-1:80", "policy check --labels P"]
        {
            let (result, _) = try run(line, width: width)
            #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= width }, "\(result.output)")
            let (free, _) = try run(line)
            // Wrapping moves words to other lines and loses none.
            let words = { (text: String) in text.filter { !$0.isWhitespace } }
            if !line.contains("--labels") { #expect(words(result.output).count == words(free.output).count) }
        }
    }

    @Test func coloursOnlyWhereTheyAreWelcome() throws {
        let (plain, text) = try run("explain --policy P web-1 db-1:80")
        let (painted, coloured) = try run("explain --policy P web-1 db-1:80", colours: true)
        #expect(!plain.output.contains("\u{1B}"))
        #expect(painted.output.contains("\u{1B}[31mdenied\u{1B}[0m"))
        #expect(coloured.replacing(#/\u{1B}\[[0-9]+m/#, with: "") == text)
        #expect(CommandContext.welcomesColours(isTerminal: true, ["TERM": "xterm"]))
        #expect(CommandContext.welcomesColours(isTerminal: true, ["NO_COLOR": ""]))
        #expect(!CommandContext.welcomesColours(isTerminal: true, ["NO_COLOR": "1"]))
        #expect(!CommandContext.welcomesColours(isTerminal: true, ["TERM": "dumb"]))
        #expect(!CommandContext.welcomesColours(isTerminal: false, [:]))
    }

    @Test func renderPrintsTheRulesetAndWhatItCannotSay() throws {
        let (full, text) = try run("render nftables --policy P web-1 --generation 7 --log-group 5")
        #expect(full.status == .fine && full.errors == "")
        #expect(text.hasPrefix("table inet bulkhead {\n"))
        #expect(text.contains("comment \"generation 7\"") && text.contains("log group 5") || text.contains("group 5"))
        let (seen, watching) = try run("render nftables --policy P seen-1")
        #expect(watching.contains("bulkhead would-deny 1 ") && seen.errors.contains("mode visibility"))
        #expect(!watching.contains(" drop\n") && !watching.contains("reject"))
        let (bad, _) = try run("render nftables --policy P bad-1 --format json")
        #expect(bad.errors.contains("quarantine"))
        #expect(try bad.object()["isQuarantined"] as? Bool == true)
        let process = PolicyFile.small.replacing("reason: it stores", with: "reason: it stores, fromProcess: /bin/x")
            .replacing("expect: allowed", with: "expect: denied, fromProcess: /bin/y")
        let (asks, _) = try run("render nftables --policy P web-1 --format json", policy: process)
        #expect(asks.errors.contains("`shop/web-to-db` asks for a process"))
        #expect(try asks.object()["matchesNothing"] as? [String] == ["shop/web-to-db"])
    }

    @Test func renderedJSONSaysTheSameAsText() throws {
        let (text, _) = try run("render nftables --policy P db-1")
        let (json, _) = try run("render nftables --policy P db-1 --format json")
        let object = try json.object()
        #expect(object["text"] as? String == text.output)
        #expect(object["mode"] as? String == "selective" && object["generation"] as? Int == 1)
        let references = try #require(object["references"] as? [String: String])
        #expect(references.values.contains("rule no-telnet"))
        #expect(references.keys.allSatisfy { text.output.contains("counter r_\($0)") })
    }

    @Test func aDenyThatAsksForAProcessCannotBeRendered() throws {
        let policy = PolicyFile.small.replacing("reason: no need", with: "reason: no need, fromProcess: /bin/x")
        let (result, _) = try run("render nftables --policy P web-1", policy: policy)
        #expect(result.status == .unusable)
        #expect(result.errors.contains("`shop/no-login`"))
    }

    /// A directory and a file called with ESC, with U+009B and with a direction override.
    @Test func namesOfPolicyFilesCannotCommandTheTerminal() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "check\u{1B}[2J-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "a\u{9B}2J\u{202E}\n.yaml")
        for text in [
            PolicyFile.small, PolicyFile.small.replacing("expect: allowed", with: "expect: denied"), "bulkhead: 2\n",
            "bulkhead: 1\nworkload: 3\n", "bulkhead: [",
        ] {
            try Data(text.utf8).write(to: file)
            for arguments in [
                ["policy", "check", "--labels", folder.path],
                ["explain", "--policy", folder.path, "web-1", "db-1:5432"], ["decide", "--policy", folder.path],
                ["policy", "check", folder.path + "/none\u{1B}[2J"],
            ] {
                let result = try Invocation(arguments)
                for scalar in (result.output + result.errors).unicodeScalars where scalar != "\n" {
                    let category = scalar.properties.generalCategory
                    #expect(category != .control && category != .format, "\(result.output)\(result.errors)")
                }
            }
        }
    }
}
