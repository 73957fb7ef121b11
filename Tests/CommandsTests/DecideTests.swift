import Commands
import Foundation
import Testing

/// `bulkhead decide`, by the policy that `PolicyFile.small` states.
struct DecideTests {
    static let https = #""source":"web-1","destination":"db-1","protocol":"tcp","destinationPort":5432"#

    private func decide(_ input: String) throws -> Invocation {
        let policy = try PolicyFile(PolicyFile.small)
        return try Invocation(["decide", "--policy", policy.path, "--flows", "-"], input: input)
    }

    private func answer(_ line: String) throws -> [String: Any] {
        let result = try decide(line)
        #expect(result.status == .fine, "\(result.errors)")
        return try result.object()
    }

    static let verdicts: [(flow: String, verdict: String, policy: String, reason: String)] = [
        (https, "allowed", "allowed", "allowedByRule"),
        // web-1 is in mode full: no rule, no connection.
        (https.replacing("5432", with: "80"), "denied", "denied", "deniedByDefault"),
        (https.replacing("5432", with: "22"), "denied", "denied", "deniedByRule"),
        // db-1 is selective and web-1 is not asked: only a guardrail is enforced.
        (
            https.replacing("web-1", with: "192.0.2.1").replacing("5432", with: "80"), "allowed", "denied",
            "allowedByDefault"
        ),
        (https.replacing("web-1", with: "192.0.2.1").replacing("5432", with: "23"), "denied", "denied", "deniedByRule"),
        // visibility evaluates and never drops.
        (
            https.replacing("db-1", with: "192.0.2.1").replacing("web-1", with: "seen-1"), "allowed", "denied",
            "notGoverned"
        ),
        // quarantine is enforced from any mode.
        (https.replacing("web-1", with: "bad-1"), "denied", "denied", "deniedByRule"),
        (https.replacing("db-1", with: "web-1"), "allowed", "allowed", "selfTraffic"),
        (
            https.replacing("web-1", with: "192.0.2.1").replacing("db-1", with: "192.0.2.2"), "allowed", "allowed",
            "notGoverned"
        ),
    ]

    @Test(arguments: verdicts)
    func theVerdictIsThatOfThePolicy(_ example: (flow: String, verdict: String, policy: String, reason: String)) throws
    {
        let answer = try answer("{\(example.flow)}\n")
        #expect(answer["verdict"] as? String == example.verdict)
        #expect(answer["policyVerdict"] as? String == example.policy)
        #expect(answer["reason"] as? String == example.reason)
        let ends = try #require(answer["decidedBy"] as? [String: String])
        #expect(Set(ends.keys) == ["source", "destination"])
    }

    @Test func bothEndsNameTheirRule() throws {
        let answer = try answer("{\(Self.https)}")
        #expect(
            answer["decidedBy"] as? [String: String] == ["source": "shop/web-to-db", "destination": "shop/web-to-db"])
    }

    static let repeated: [String] = [
        "{\(https)}", "{ \(https) }", "\t{\(https),\"note\":\"\\u00e4 \\ud83d\\ude00 \\/ ä\",\"n\":-1.50E+3}",
        "{\(https),\"deep\":[[],{},[{\"a\":[null,true,false]}]]}", "{\(https.replacing("tcp\"", with: "tcp\" "))}",
        "{\(https.replacing("source", with: "s\\u006furce"))}", "{\(https.replacing("\"tcp\"", with: "6"))}",
        "{\(https.replacing("web-1", with: "10.0.1.1")),\"sourcePort\":0}",
    ]

    @Test(arguments: repeated) func theLineIsRepeatedByteForByte(_ line: String) throws {
        let result = try decide(line + "\n")
        #expect(result.output.hasPrefix(line.dropLast() + ",\"decidedBy\":"))
        #expect(try result.object()["verdict"] as? String == "allowed")
    }

    static let refused: [(line: String, says: String)] = [
        ("{}", "`source`"), ("[]", "JSON object"), ("1", "JSON object"), ("{", "name in quotes"),
        ("{\(https)", "`,` or `}`"),
        ("{\(https)}x", "end of the line"), ("{\(https),}", "name in quotes"), ("{\(https),\"a\":01}", "leading zeros"),
        ("{\(https),\"a\":NaN}", "JSON value"), ("{\(https),\"a\":-Infinity}", "number"),
        ("{\(https),\"a\":1.}", "digit"),
        ("{\(https),\"a\":.5}", "JSON value"), ("{\(https),\"a\":1e}", "digit"), ("{\(https),\"a\":'x'}", "JSON value"),
        ("{\(https),\"a\":\"\\ud800\"}", "surrogate"), ("{\(https),\"a\":\"\\ud800\\u0041\"}", "surrogate"),
        ("{\(https),\"a\":\"\\udc00\"}", "surrogate"), ("{\(https),\"a\":\"\\x41\"}", "escape"),
        ("{\(https),\"a\":\"\\u12g4\"}", "hexadecimal"), ("{\(https),\"a\":\"\u{01}\"}", "end of the string"),
        ("{\(https),\"a\":1,\"a\":1}", "each name once"), ("{\(https),\"sourc\\u0065\":\"x\"}", "each name once"),
        ("{\(https),\"a\":{\"b\":1,\"b\":2}}", "each name once"), ("{\(https),\"a\":[1,]}", "JSON value"),
        ("{\(https),\"a\":\(String(repeating: "[", count: 64))\(String(repeating: "]", count: 64))}", "64 levels"),
        ("{\(https),\"a\":\(String(repeating: "[", count: 500_000))", "64 levels"),
        ("{\(https),\((0...256).map { "\"k\($0)\":0" }.joined(separator: ","))}", "256 members"),
        ("{\(https),\"a\":\"\(String(repeating: "x", count: 1 << 20))\"}", "1048576 bytes"),
        ("{\(https),\"verdict\":1}", "`verdict`"), ("{\(https),\"reason\":1}", "`reason`"),
        ("\u{FEFF}{\(https)}", "JSON value"),
        ("{\(https.replacing("5432", with: "65536"))}", "65535"), ("{\(https.replacing("5432", with: "-1"))}", "`-1`"),
        ("{\(https.replacing("5432", with: "80.0"))}", "`80.0`"),
        ("{\(https.replacing("5432", with: "\"80\""))}", "`\"80\"`"),
        ("{\(https.replacing(",\"destinationPort\":5432", with: ""))}", "`destinationPort`"),
        ("{\(https.replacing("tcp", with: "tpc"))}", "`protocol`"),
        ("{\(https.replacing("\"tcp\"", with: "256"))}", "`protocol`"),
        ("{\(https.replacing("web-1", with: "web-7"))}", "did you mean `web-1`"),
        ("{\(https.replacing("web-1", with: "::1"))}", "family"),
        ("{\(https.replacing("source", with: "src"))}", "got `src`"),
        ("{\(https),\"sourceProcess\":1}", "`sourceProcess`"),
        ("{\(https),\"sourcePrincipal\":{\"groups\":[]}}", "`sourcePrincipal`"),
        ("{\(https),\"conditions\":{\"x\":1}}", "`conditions`"),
    ]

    @Test(arguments: refused) func whatIsDoubtfulIsRefused(_ example: (line: String, says: String)) throws {
        let result = try decide("\n{\(Self.https)}\n\(example.line)\n{\(Self.https)}")
        #expect(result.status == .found)
        #expect(result.output.split(separator: "\n").count == 2)
        #expect(result.errorLines.count == 2)
        #expect(result.errorLines.first?.hasPrefix("standard input:3: refused: ") == true)
        #expect(result.errorLines.first?.contains(example.says) == true, "\(result.errors)")
        #expect(result.errorLines.last == "1 of 4 lines were refused")
    }

    @Test func bytesThatAreNoUTF8AreRefused() throws {
        let policy = try PolicyFile(PolicyFile.small)
        let file = try PolicyFile("")
        try (Data("{\(Self.https),\"a\":\"".utf8) + [0xC3, 0x28] + Data("\"}\n".utf8))
            .write(to: URL(fileURLWithPath: file.path))
        let result = try Invocation(["decide", "--policy", policy.path, "--flows", file.path])
        #expect(result.status == .found)
        #expect(result.errors.contains("expected UTF-8"))
    }

    @Test func jsonIsOneArrayOfTheSameAnswers() throws {
        let policy = try PolicyFile(PolicyFile.small)
        let lines = "{\(Self.https)}\n\nnonsense\n {\(Self.https.replacing("5432", with: "22"))} \r\n"
        for (input, status, count) in [(lines, ExitStatus.found, 2), ("", .fine, 0), ("nonsense\n", .found, 0)] {
            let answers = try ["json", "jsonl"].map {
                try Invocation(["decide", "--policy", policy.path, "--format", $0], input: input)
            }
            #expect(answers.map(\.status) == [status, status])
            let array = try #require(try JSONSerialization.jsonObject(with: Data(answers[0].output.utf8)) as? NSArray)
            let single = try answers[1].output.split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8))
            }
            #expect(array.count == count && array == single as NSArray)
        }
    }

    @Test func noLineIsNoFault() throws {
        let result = try decide("")
        #expect(result.status == .fine)
        #expect(result.output == "" && result.errors == "")
    }

    @Test func whoStopsReadingEndsItQuietly() throws {
        let policy = try PolicyFile(PolicyFile.small)
        let input = try PolicyFile(String(repeating: "{\(Self.https)}\n", count: 2_000))
        var errors: [UInt8] = []
        let context = CommandContext(
            now: Invocation.now, output: { _ in throw BrokenOutput(code: EPIPE) }, errors: { errors += $0 })
        #expect(BulkheadCommand.run(["decide", "--policy", policy.path, "--flows", input.path], in: context) == .fine)
        let full = CommandContext(
            now: Invocation.now, output: { _ in throw BrokenOutput(code: ENOSPC) }, errors: { errors += $0 })
        #expect(BulkheadCommand.run(["--help"], in: full) == .unusable)
        #expect(errors.isEmpty)
    }
}
