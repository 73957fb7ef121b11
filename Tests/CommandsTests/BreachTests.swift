import Commands
import Foundation
import Testing

/// `bulkhead breach` and `bulkhead score` on a network that can be followed and counted by hand.
struct BreachTests {
    /// web → app → db, and a vault that nobody may connect to; all in mode full.
    private static let policy = """
        bulkhead: 1
        owner: shop team
        workloads:
          - {name: web-1, addresses: 10.0.1.1, labels: {app: shop, role: web}, agent: true}
          - {name: app-1, addresses: 10.0.2.1, labels: {app: shop, role: app}, agent: true}
          - {name: db-1, addresses: 10.0.3.1, labels: {app: shop, role: db, crown-jewel: customers}, agent: true}
          - {name: vault-1, addresses: 10.0.4.1, labels: {app: shop, role: vault, crown-jewel: keys}, agent: true}
        rulesets:
          - name: shop
            scope: app = shop
            rules:
              - {name: web-to-app, action: allow, from: role = web, to: role = app, services: tcp/8080, reason: pages}
              - {name: app-to-db, action: allow, from: role = app, to: role = db, services: tcp/5432, reason: orders}
        enforcement:
          - {mode: full, members: app = shop}

        """
    /// The application reaches the database only with a fact that nobody tells.
    private static let conditional = policy.replacing("reason: orders", with: "when: backup.window, reason: orders")
    /// The application no longer reaches the database.
    private static let closed = policy.split(separator: "\n").filter { !$0.contains("app-to-db") }
        .joined(separator: "\n")

    private func run(_ command: String, policy text: String = Self.policy, draft: String? = nil) throws -> Invocation {
        let policy = try PolicyFile(text)
        let draft = try draft.map { try PolicyFile($0) }
        let words = command.split(separator: " ").map(String.init)
        return try Invocation(
            Array(words.prefix(1)) + ["--policy", policy.path] + Array(words.dropFirst())
                + (draft.map { ["--draft", $0.path] } ?? []))
    }

    private func names(_ side: [String: Any]?) -> [String] {
        (side?.objects("reached") ?? []).map {
            "\($0.text("workload") ?? "") \($0["hops"] ?? "") \($0.text("previous") ?? "") \($0.text("group") ?? "")"
        }
    }

    @Test func anIntruderIsFollowedToACrownJewel() throws {
        let result = try run("breach web-1 --format json")
        #expect(result.status == .found && result.errors == "")
        let object = try result.object()
        #expect(object.text("workload") == "web-1" && object.text("jewels") == "crown-jewel exists")
        #expect(object["draft"] == nil)
        let now = object["now"] as? [String: Any]
        #expect(names(now) == ["app-1 1 web-1 app", "db-1 2 app-1 db"])
        #expect(now?["otherWorkloads"] as? Int == 3)
        let jewels = now?.objects("crownJewels") ?? []
        #expect(jewels.map { $0.text("workload") } == ["db-1", "vault-1"])
        #expect(jewels.map { $0["hops"] as? Int } == [2, nil])
        let path = jewels.first?.objects("path") ?? []
        #expect(path.map { $0.text("from") } == ["web-1", "app-1"] && path.map { $0.text("to") } == ["app-1", "db-1"])
        #expect(path.map { $0.text("certainty") } == ["must", "must"])
        #expect(path.map { $0.objects("allow").map { $0.text("ports") } } == [["8080"], ["5432"]])
        #expect(now?.objects("exits").isEmpty == true)
        #expect(now?["onlyEssential"] as? [String] == [])
    }

    @Test func theTextTellsThePathAndWhatIsNotReached() throws {
        let lines = try run("breach web-1").output.split(separator: "\n").map(String.init)
        #expect(lines.first == "An intruder on web-1 reaches, as enforced:")
        #expect(lines.contains("  now: 2 of 3 other workloads, 1 of 2 crown jewels"), "\(lines)")
        #expect(lines.contains("  db-1: reached in 2 hops"))
        #expect(lines.contains("      app-1 → db-1 : TCP 5432"))
        #expect(lines.contains("  vault-1: not reached"))
        #expect(lines.contains("No way out of web-1"))
    }

    @Test func aDraftIsShownBesideWhatIsEnforced() throws {
        let result = try run("breach web-1 --format json", draft: Self.closed)
        #expect(result.status == .fine, "the exit code is about the draft")
        let object = try result.object()
        #expect(names(object["now"] as? [String: Any]) == ["app-1 1 web-1 app", "db-1 2 app-1 db"])
        #expect(names(object["draft"] as? [String: Any]) == ["app-1 1 web-1 app"])
        let text = try run("breach web-1", draft: Self.closed).output
        #expect(text.contains("  with the draft: 1 of 3 other workloads, 0 of 2 crown jewels\n"), "\(text)")
        #expect(text.contains("  db-1 now: reached in 2 hops\n"))
        #expect(text.contains("  db-1 with the draft: not reached\n"))
    }

    /// Semantics §7: unknown conditions count as met.
    @Test func aConditionThatIsNotKnownStopsNobody() throws {
        let result = try run("breach web-1", policy: Self.conditional)
        #expect(result.status == .found)
        #expect(result.output.contains("  db-1: reached in 2 hops, perhaps\n"), "\(result.output)")
        #expect(result.output.contains("      app-1 → db-1 : TCP 5432 (may)\n"))
        #expect(result.output.contains("2 of 3 other workloads (1 only perhaps), 1 of 2 crown jewels"))
    }

    @Test func whatOnlyWatchesStopsNobody() throws {
        let idle = Self.policy.replacing("mode: full", with: "mode: visibility")
        let now = try run("breach web-1 --by app,role --format json", policy: idle).object()["now"] as? [String: Any]
        #expect(
            names(now) == [
                "app-1 1 web-1 shop/app", "db-1 1 web-1 shop/db", "vault-1 1 web-1 shop/vault",
            ])
        let exits = now?.objects("exits") ?? []
        #expect(exits.map { $0.text("to") } == ["0.0.0.0/0"], "\(exits)")
    }

    @Test func jewelsAreWhatTheSelectorSays() throws {
        let none = try run("breach web-1 --jewels owner=x")
        #expect(none.status == .fine && none.output.contains("No other workload is a crown jewel"))
        #expect(try run("breach vault-1").status == .fine)
        // Who is on a crown jewel has it; the others count.
        let own = try run("breach db-1 --format json").object()["now"] as? [String: Any]
        #expect(own?.objects("crownJewels").map { $0.text("workload") } == ["vault-1"])
    }

    @Test func aDraftWithoutTheWorkloadIsTold() throws {
        let gone = Self.policy.replacing("name: web-1", with: "name: web-2")
        let result = try run("breach web-1", draft: gone)
        #expect(result.status == .unusable)
        #expect(result.errors == "bulkhead: error: expected the draft to have the workload `web-1`\n")
    }

    @Test(arguments: [
        ("breach", "the workload where the intruder is"), ("breach web-9", "did you mean `web-1`"),
        ("breach web-1 --by 1", "for --by"), ("breach web-1 --jewels (", "for --jewels"),
        ("breach web-1 --top 0", "for --top"), ("score --jewels (", "for --jewels"),
    ])
    func nonsenseIsTold(_ command: String, _ reason: String) throws {
        let result = try run(command)
        #expect(result.status == .unusable && result.output == "")
        #expect(result.errorLines.count == 1 && result.errors.contains(reason), "\(result.errors)")
    }

    /// Of 12 pairs web → app and app → db are connected; paths: web 2, app 1; web and app reach one of two jewels.
    @Test func aScoreCanBeCountedAgain() throws {
        let object = try run("score --format json").object()
        let parts = object.objects("parts")
        #expect(
            parts.map { "\($0.text("part") ?? "") \($0["numerator"] ?? "")/\($0["denominator"] ?? "")" } == [
                "separatedPairs 10/12", "meanBlastRadius 9/12", "largestBlastRadius 1/3", "crownJewels 4/6",
                "enforcement 4/4", "internet 4/4",
            ])
        #expect(parts.map { $0["weight"] as? Int } == [20, 20, 10, 20, 15, 15])
        // 16.67 + 15 + 3.33 + 13.33 + 15 + 15.
        #expect(abs((object["score"] as? Double ?? 0) - 78.333_333) < 0.001)
        #expect(object.text("worst") == "web-1" && object["openToInternet"] as? [String] == [])
        let text = try run("score").output
        #expect(text.hasPrefix("Segmentation score 78.3 of 100\n"))
        #expect(text.contains("\n78.3 points of 100, times 100 / 100 = 78.3\n"), "\(text)")
    }

    /// Without app → db one pair of 12 is left, and no jewel is reached: 18.33 + 18.33 + 6.67 + 20 + 15 + 15.
    @Test func aDraftIsScoredBesides() throws {
        let object = try run("score --format json", draft: Self.closed).object()
        #expect(abs((object["score"] as? Double ?? 0) - 78.333_333) < 0.001)
        let draft = object["draft"] as? [String: Any]
        #expect(
            (draft?.objects("parts") ?? []).map { "\($0["numerator"] ?? "")/\($0["denominator"] ?? "")" } == [
                "11/12", "11/12", "2/3", "6/6", "4/4", "4/4",
            ])
        #expect(abs((draft?["score"] as? Double ?? 0) - 93.333_333) < 0.001)
        let text = try run("score", draft: Self.closed).output
        #expect(text.hasPrefix("Segmentation score 78.3 of 100; with the draft 93.3\n"), "\(text)")
        #expect(
            text.contains("\n  13.3  20      4/6   20.0      6/6  pairs of a workload and a crown jewel"), "\(text)")
    }

    @Test func whatDoesNotExistIsNotCounted() throws {
        let text = try run("score --jewels role=nothing").output
        // 16.67 + 15 + 3.33 + 15 + 15 of 80 are 65 of 80, 81.25 %.
        #expect(text.hasPrefix("Segmentation score 81.2") || text.hasPrefix("Segmentation score 81.3"))
        #expect(text.contains("65.0 points of 80, times 100 / 80 = 81."), "\(text)")
        #expect(text.contains("not counted, since there is none: pairs of a workload and a crown jewel"))
    }
}
