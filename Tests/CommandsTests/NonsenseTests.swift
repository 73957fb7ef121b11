import Commands
import Foundation
import Testing

/// Whatever somebody types, one line says what was expected, and nothing goes to standard output.
struct NonsenseTests {
    static let lines: [String] = [
        "foo", "polcy check x", "check x", "--polcy", "-x", "--format json", "''", "policy", "policy chek x",
        "policy check", "policy check P extra", "policy check P --format xml", "policy check P --format",
        "policy check /no/such/place", "policy check /dev/null", "policy check P --labels=yes", "policy check ''",
        "policy --check P", "help nope", "help policy nope", "help policy check nope", "help help",
        "decide", "decide P", "decide --policy", "decide --policy /no/such/place", "decide --policy P --format text",
        "decide --policy P --format xml", "decide --policy P --flows /no/such/file", "decide --policy P --flows /",
        "decide --policy P --at tomorrow", "decide --policy P --at 2026-11-22",
        "decide --policy P --at 2026-02-30T00:00:00Z",
        "decide --policy BAD",
        "explain", "explain --policy P", "explain --policy P web-1", "explain --policy P web-1 db-1",
        "explain --policy P web-1 db-1:", "explain --policy P web-1 db-1:65536", "explain --policy P web-1 db-1:-1",
        "explain --policy P web-1 db-1:+5", "explain --policy P web-1 db-1:0x50", "explain --policy P web-1 db-1:80/",
        "explain --policy P web-1 db-1:080",
        "explain --policy P web-1 db-1:80/foo", "explain --policy P web-1 db-1:80/icmp",
        "explain --policy P web-1 db-1:icmp/256", "explain --policy P web-1 db-1:icmp/3.",
        "explain --policy P web-1 db-1:icmpv6/128", "explain --policy P web-1 db-1:80/tcp/x",
        "explain --policy P web-9 db-1:80", "explain --policy P web-1 db-9:80", "explain --policy P web-1 :80",
        "explain --policy P web-1 2001:db8::1:80", "explain --policy P web-1 [2001:db8::1]:80",
        "explain --policy P web-1 [2001:db8::1:80", "explain --policy P 10.0.0.256 db-1:80",
        "explain --policy P web-1 db-1:80 --source-port 65536", "explain --policy P web-1 db-1:gre --source-port 1",
        "explain --policy P web-1 db-1:80 --source-process bin",
        "explain --policy P web-1 db-1:80 --source-principal ''",
        "explain --policy P web-1 db-1:80 --condition =true", "explain --policy P web-1 db-1:80 --condition x=maybe",
        "explain --policy P web-1 db-1:80 --at now", "explain --policy P web-1 db-1:80 more",
        "explain --policy BAD web-1 db-1:80", "explain --policy P \u{1B}[31mred db-1:80",
        "render", "render iptables", "render nftables", "render nftables --policy P", "render nftables web-1",
        "render nftables --policy P web-9", "render nftables --policy P old-1", "render nftables --policy P web-1 db-1",
        "render nftables --policy P web-1 --generation -1", "render nftables --policy P web-1 --generation one",
        "render nftables --policy P web-1 --generation 18446744073709551616",
        "render nftables --policy P web-1 --log-group 65536", "render nftables --policy P web-1 --format yaml",
        "render nftables --policy P web-1 --at yesterday", "render nftables --policy /dev/null web-1",
    ]

    static func arguments(_ line: String, policy: String, bad: String) -> [String] {
        line.split(separator: " ").map {
            switch $0 {
            case "P": policy
            case "BAD": bad
            case "''": ""
            default: String($0)
            }
        }
    }

    @Test(arguments: lines) func nonsenseEndsWith2AndOneLine(_ line: String) throws {
        let policy = try PolicyFile(PolicyFile.small)
        let bad = try PolicyFile("bulkhead: 1\nworkload: 3\n")
        let invocation = try Invocation(Self.arguments(line, policy: policy.path, bad: bad.path))
        #expect(invocation.status == .unusable)
        #expect(invocation.output == "")
        #expect(invocation.errorLines.count == 1)
        #expect(invocation.errors.hasPrefix("bulkhead: error: "))
        let message = invocation.errors.dropFirst("bulkhead: error: ".count).dropLast()
        #expect(message.count > 10)
        #expect(!message.hasSuffix("."))
        #expect(message.first?.isUppercase == false)
        #expect(!message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
    }

    static let suggestions: [(line: String, meant: String)] = [
        ("help explian", "`explain`"), ("polcy check x", "`policy`"), ("policy chek x", "`check`"),
        ("explain --policy P web-2 db-1:80", "`web-1`"),
        ("render nftables --policy P db-2", "`db-1`"),
    ]

    @Test(arguments: suggestions) func whatWasMeantIsNamed(_ example: (line: String, meant: String)) throws {
        let policy = try PolicyFile(PolicyFile.small)
        let invocation = try Invocation(Self.arguments(example.line, policy: policy.path, bad: ""))
        #expect(invocation.errors.contains("did you mean \(example.meant)"))
    }
}
