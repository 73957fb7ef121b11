import Commands
import Foundation
import Testing

/// `policy diff`, `policy review` and `policy ask`, on policies whose answers can be worked out by hand.
struct QuestionTests {
    /// A web server, a database and a client; only the web server may reach the database, on one port.
    private static let shop = """
        bulkhead: 1
        owner: shop team
        workloads:
          - {name: web-1, addresses: 10.0.1.1, labels: {role: web}, agent: true}
          - {name: db-1, addresses: 10.0.2.1, labels: {role: db}, agent: true}
          - {name: client-1, addresses: 10.0.3.1, labels: {role: client}, agent: true}
        rulesets:
          - name: shop
            scope: role exists
            rules:
              - {name: web-to-db, action: allow, from: role = web, to: role = db, services: tcp/5432, reason: it stores}
              - {name: client-to-web, action: allow, from: role = client, to: role = web, services: tcp/443, reason: r}
        enforcement: [{mode: full, members: role exists}]

        """

    /// A rule of the ruleset; one letter for each role.
    private static func rule(
        _ name: String, _ action: String, _ from: String, _ to: String, _ services: String, _ more: String = ""
    ) -> String {
        "{name: \(name), action: \(action), from: role = \(from), to: role = \(to), "
            + "services: \(services), reason: x\(more)}"
    }

    private func with(_ rules: String..., tests: String = "") -> String {
        var text = Self.shop.replacing(
            "enforcement:", with: rules.map { "      - \($0)\n" }.joined() + "enforcement:")
        if !tests.isEmpty { text += "tests:\n  - \(tests)\n" }
        return text
    }

    private func ask(_ question: String, _ policy: String = Self.shop) throws -> Invocation {
        let file = try PolicyFile(policy)
        return try Invocation(["policy", "ask", "--policy", file.path, question])
    }

    // MARK: ask

    @Test func nobodyElseReachesTheDatabase() throws {
        let answer = try ask("only role = web reach role = db on tcp/5432")
        #expect(answer.status == .fine && answer.output == "yes\n", "\(answer.output)\(answer.errors)")
        #expect(try ask("only web-1 reaches db-1 on tcp/5432").output == "yes\n")
    }

    @Test func somebodyElseIsShownAsAWitness() throws {
        let open = with(Self.rule("backdoor", "allow", "client", "db", "tcp/5432"))
        let answer = try ask("only role = web reach role = db on tcp/5432", open)
        #expect(answer.status == .found)
        #expect(answer.output == "no\n  such as 10.0.3.1 → 10.0.2.1 tcp/5432 from port 40000\n")
        #expect(try ask("only role = web reach role = db on tcp/22", open).output == "yes\n")
    }

    /// Whether a condition will hold is known to nobody: neither yes nor no is true.
    @Test func aConditionPreventsAnAnswer() throws {
        let open = with(
            Self.rule("maybe", "allow", "client", "db", "tcp/5432", ", when: posture.ok"))
        let answer = try ask("only role = web reach role = db on tcp/5432", open)
        #expect(answer.status == .found)
        #expect(
            answer.output.hasPrefix("no\n") || answer.output == "unknown\n  because of `shop/maybe`\n",
            "\(answer.output)")
    }

    @Test func policiesAreComparedByWhatTheyAllow() throws {
        // The same traffic in other words: a list of one, another name, another order.
        let same = Self.shop.replacing("name: web-to-db", with: "name: storing").replacing(
            "services: tcp/443", with: "services: [tcp/443]")
        let wider = with(Self.rule("more", "allow", "web", "db", "tcp/22"))
        let (file, other, more) = (try PolicyFile(Self.shop), try PolicyFile(same), try PolicyFile(wider))
        func answer(_ words: String...) throws -> Invocation {
            try Invocation(["policy", "ask", "--policy", file.path] + words)
        }
        #expect(try answer("equivalent", "to", other.path).output == "yes\n")
        #expect(try answer("contained in \(more.path)").output == "yes\n")
        let no = try answer("equivalent to \(more.path)")
        #expect(no.status == .found && no.output.contains("10.0.1.1 → 10.0.2.1 tcp/22"), "\(no.output)")
        let opened = try answer("newly allowed by \(more.path)")
        #expect(opened.output.contains("+ web-1 => db-1 : TCP 22"), "\(opened.output)")
        #expect(
            try Invocation(["policy", "ask", "--policy", more.path, "newly allowed by \(file.path)"]).output == "no\n")
    }

    static let standings: [(rule: String, question: String, answer: String)] = [
        (Self.rule("twin", "allow", "web", "db", "tcp/5432"), "redundant shop/twin", "yes"),
        (Self.rule("own", "allow", "web", "db", "tcp/22"), "redundant shop/own", "no"),
        (Self.rule("none", "allow", "nobody", "db", "tcp/22"), "vacuous shop/none", "yes"),
        (Self.rule("deny", "deny", "web", "db", "tcp/5432"), "shadowed shop/deny", "yes"),
        (Self.rule("deny", "deny", "web", "db", "tcp/5432"), "contradicted shop/deny", "yes"),
        (Self.rule("deny", "deny", "web", "db", "tcp/22"), "shadowed shop/deny", "no"),
    ]

    @Test(arguments: standings) func aRuleIsJudgedInItsPolicy(
        _ example: (rule: String, question: String, answer: String)
    ) throws {
        let result = try ask(example.question, with(example.rule))
        #expect(result.output.hasPrefix("\(example.answer)\n"), "\(result.output)\(result.errors)")
        #expect(result.status == (example.answer == "yes" ? .fine : .found))
    }

    static let nonsense = [
        "", "who", "only", "only web-1 reach db-1", "only web-1 reach nobody-1 on tcp/1",
        "only web-1 reach db-1 on tcp/99999",
        "contained in", "contained in /no/such/place", "redundant", "redundant shop/nothing",
    ]

    @Test(arguments: nonsense) func nonsenseIsRefusedInOneLine(_ question: String) throws {
        let result = try ask(question)
        #expect(result.status == .unusable && result.output == "")
        #expect(result.errorLines.count == 1 && result.errors.hasPrefix("bulkhead: error: "), "\(result.errors)")
    }

    // MARK: diff

    @Test func aDifferenceStandsWithAFlowThatShowsIt() throws {
        let before = try PolicyFile(Self.shop)
        let after = try PolicyFile(Self.shop.replacing("tcp/5432", with: "tcp/5433"))
        let result = try Invocation(["policy", "diff", before.path, after.path])
        #expect(result.status == .found)
        #expect(
            result.output == """
                Newly allowed
                  + web-1 => db-1 : TCP 5433
                      such as 10.0.1.1 → 10.0.2.1 tcp/5433 from port 40000

                Newly cut
                  - web-1 => db-1 : TCP 5432
                      such as 10.0.1.1 → 10.0.2.1 tcp/5432 from port 40000

                1 pair newly allowed, 1 pair newly cut

                """)
        let object = try Invocation(["policy", "diff", before.path, after.path, "--format", "json"]).object()
        let change = try #require((object["newlyAllowed"] as? [[String: Any]])?.first)
        let witness = try #require(change["witness"] as? [String: Any])
        #expect(witness["source"] as? String == "10.0.1.1" && witness["destinationPort"] as? Int == 5433)
        let equal = try Invocation(["policy", "diff", before.path, before.path])
        #expect(equal.status == .fine && equal.output == "0 pairs newly allowed, 0 pairs newly cut\n")
    }

    @Test func theWitnessOfADifferenceIsDecidedSo() throws {
        let before = try PolicyFile(Self.shop)
        let after = try PolicyFile(Self.shop.replacing("tcp/5432", with: "tcp/5433"))
        let object = try Invocation(["policy", "diff", before.path, after.path, "--format", "json"]).object()
        let change = try #require((object["newlyAllowed"] as? [[String: Any]])?.first)
        var flow = try #require(change["witness"] as? [String: Any])
        flow["text"] = nil
        let line = String(decoding: try JSONSerialization.data(withJSONObject: flow), as: UTF8.self) + "\n"
        for (policy, verdict) in [(before, "denied"), (after, "allowed")] {
            let decided = try Invocation(["decide", "--policy", policy.path], input: line)
            #expect(decided.output.contains("\"policyVerdict\":\"\(verdict)\""), "\(decided.output)\(decided.errors)")
        }
    }

    /// Two pods of one owner, none with an address, and a policy that opens a port.
    private func pods(_ port: Int, _ rest: String = "") throws -> PolicyFile {
        var text = ""
        for pod in ["web-1", "web-2"] {
            text +=
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: \(pod)\n  namespace: shop\n"
                + "  ownerReferences: [{kind: ReplicaSet, name: web, controller: true}]\n---\n"
        }
        return try PolicyFile(
            text + """
                apiVersion: v1
                kind: Pod
                metadata: {name: db, namespace: shop, labels: {app: db}}
                ---
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: db, namespace: shop}
                spec:
                  podSelector: {matchLabels: {app: db}}
                  ingress: [{from: [{podSelector: {}}], ports: [{port: \(port)}]}]

                """ + rest)
    }

    @Test func theWitnessOfPodsWithoutAddressesIsDecidedSo() throws {
        let (before, after) = (try pods(80), try pods(81))
        let object = try Invocation(
            ["policy", "diff", "--from", "kubernetes", before.path, after.path, "--format", "json"]
        ).object()
        let changes = try #require(object["newlyAllowed"] as? [[String: Any]])
        #expect(!changes.isEmpty)
        for change in changes {
            #expect((change["from"] as? String) == "shop/web[ReplicaSet]")
            var flow = try #require(change["witness"] as? [String: Any])
            flow["text"] = nil
            let line = String(decoding: try JSONSerialization.data(withJSONObject: flow), as: UTF8.self) + "\n"
            for (policy, verdict) in [(before, "denied"), (after, "allowed")] {
                let decided = try Invocation(["decide", "--from", "kubernetes", policy.path], input: line)
                #expect(decided.output.contains("\"policyVerdict\":\"\(verdict)\""), "\(line)\(decided.errors)")
            }
        }
    }

    /// A pod that one side alone has, without an address, is nobody's address on the other.
    @Test func aPodWithoutAnAddressThatOneSideAloneHasIsNotCompared() throws {
        let new = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: new, namespace: shop}\n"
        let (before, after) = (try pods(80), try pods(80, new))
        let object = try Invocation(
            ["policy", "diff", "--from", "kubernetes", before.path, after.path, "--format", "json"]
        ).object()
        for list in ["newlyAllowed", "newlyCut"] {
            #expect((object[list] as? [[String: Any]])?.isEmpty == true, "\(list): \(object)")
        }
        #expect(object["notCompared"] as? [String] == ["shop/new[Pod]"])
    }

    @Test func anAddressThatWasMadeUpIsNotShown() throws {
        let policy = try pods(80)
        let result = try Invocation(
            ["explain", "--from", "kubernetes", policy.path, "shop/web[ReplicaSet]/web-1", "shop/db[Pod]:80"])
        #expect(result.output.hasPrefix("shop/web[ReplicaSet]/web-1 → shop/db[Pod] tcp/80\n"), "\(result.output)")
        #expect(result.output.contains("\nsource, workload shop/web[ReplicaSet]/web-1\n"), "\(result.output)")
    }

    @Test func aNameThatSeveralShareIsRefusedWithOneOfThem() throws {
        let policy = try pods(80)
        let result = try Invocation(
            ["explain", "--from", "kubernetes", policy.path, "shop/web[ReplicaSet]", "shop/db[Pod]:80"])
        #expect(result.status == .unusable)
        let hint = "which several are called; one is `shop/web[ReplicaSet]/web-1`"
        #expect(result.errors.contains(hint), "\(result.errors)")
    }

    @Test func yesAboutAPolicyThatWasReadInPartIsNoSuccess() throws {
        let (whole, part) = (try pods(80), try pods(80, "---\nkind: [\n"))
        let question = ["policy", "ask", "--from", "kubernetes", whole.path]
        #expect(try Invocation(question + ["contained in \(whole.path)"]).status == .fine)
        let result = try Invocation(question + ["contained in \(part.path)"])
        #expect(result.output == "yes\n" && result.status == .found, "\(result.output)\(result.errors)")
        #expect(try Invocation(question + ["contained in /nowhere/at/all"]).status == .unusable)
    }

    // MARK: review and check

    @Test func aBoundaryInTheTestsFailsTheReviewAndTheCheck() throws {
        let boundary = "{name: only the web tier reads, only: role = web, reaches: role = db, services: tcp/5432}"
        let open = with(
            Self.rule("backdoor", "allow", "client", "db", "tcp/5432"),
            tests: boundary)
        for command in ["review", "check"] {
            let good = try PolicyFile(with(tests: boundary))
            #expect(try Invocation(["policy", command, good.path]).status == .fine)
            let bad = try PolicyFile(open)
            let result = try Invocation(["policy", command, bad.path])
            #expect(result.status == .found)
            #expect(result.output.contains("boundary `only the web tier reads` does not hold"), "\(result.output)")
            #expect(result.output.contains("10.0.3.1 → 10.0.2.1 tcp/5432"))
        }
    }

    @Test func aReviewNamesEachRuleWithItsReasonAndPlace() throws {
        let policy = try PolicyFile(
            with(
                Self.rule("none", "allow", "nobody", "db", "tcp/22"),
                Self.rule("deny", "deny", "web", "db", "tcp/5432")))
        let result = try Invocation(["policy", "review", policy.path])
        #expect(result.status == .found)
        let lines = result.output.split(separator: "\n").map { $0.replacing(policy.path, with: "P") }
        #expect(lines.contains("P:13: vacuous: `shop/none`: it matches nothing: nobody can be its source"), "\(lines)")
        #expect(
            lines.contains("P:14: shadowed: `shop/deny`: it never decides: `shop/web-to-db` takes all that it covers"),
            "\(lines)")
        #expect(
            lines.contains { $0.hasPrefix("P:13: missing-reference: `shop/none`: it names selector `role = nobody`") })
        let clean = try PolicyFile(Self.shop)
        let fine = try Invocation(["policy", "review", clean.path])
        #expect(fine.status == .fine && fine.output == "0 findings\n", "\(fine.output)")
    }
}
