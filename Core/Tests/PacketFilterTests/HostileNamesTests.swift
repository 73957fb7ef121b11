import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyModel
import RulesetSimulator
import Testing

/// Names are users' text; none may become part of the ruleset's grammar.
@Suite struct HostileNamesTests {
    static let names = [
        "\"", "\\", "\"; } }", "a\nb", "a\r\nb", "a\0b", "x\" accept comment \"", "\" drop; flush ruleset; \"",
        "$(reboot)", "`id`", "include \"/etc/passwd\"", "define x = 1", "# remark", "{ }", "@h4", "a;b", "ü–漢字🚪", "",
        " ", "%22", "%", "'", "\u{2028}", "\u{202E}", "\t", "\u{1B}[2J", String(repeating: "x", count: 5000),
        String(repeating: "\"", count: 300), String(repeating: "ü", count: 119),
    ]

    private func program(_ name: String) throws -> WorkloadProgram {
        var program = try GoldenWorld.program("db", .full)
        program.workload = WorkloadID(rawValue: name)
        for tier in program.tiers.indices where program.tiers[tier].id != "essential" {
            let old = program.tiers[tier].id
            program.tiers[tier].id = TierID(rawValue: "\(old)\(name)")
            for rule in program.tiers[tier].rules.indices {
                let id = program.tiers[tier].rules[rule].id
                program.tiers[tier].rules[rule].id = RuleID(rawValue: "\(id)\(name)")
            }
        }
        program.tiers[program.tiers.count - 1].onNoMatch[.egress] = .deny
        return program
    }

    @Test(arguments: names) func aNameDoesNotChangeTheStructure(_ name: String) throws {
        let options = RenderOptions(instant: .golden)
        let plain = try PacketFilter.render(program("plain"), options: options)
        let hostile = try PacketFilter.render(program(name), options: options)
        let lines = hostile.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == plain.text.split(separator: "\n", omittingEmptySubsequences: false).count)
        for line in lines {
            #expect(line.utf8.allSatisfy { $0 >= 32 && $0 < 127 })
            #expect(line.utf8.filter { $0 == UInt8(ascii: "\"") }.count % 2 == 0)
            #expect(!line.contains("\\"))
        }
        let read = try RulesetSimulator.Ruleset(text: hostile.text)
        let before = try RulesetSimulator.Ruleset(text: plain.text)
        #expect(read.chainNames.count == before.chainNames.count)
        #expect(read.sets.count == before.sets.count)
        #expect(read.counters.count == before.counters.count)
        for chain in read.chainNames {
            for index in 0..<(read.ruleCount(inChain: chain) ?? 0) {
                #expect((read.comment(of: RulePosition(chain, index)) ?? "").utf8.count <= 127)
            }
        }
    }

    @Test func differentNamesHaveDifferentCommentsAndCounters() throws {
        var comments: [String: String] = [:]
        for name in Self.names {
            let rendered = try PacketFilter.render(program(name), options: RenderOptions(instant: .golden))
            let reference = DenialReference(.rule(RuleID(rawValue: "icmp/redirects-never\(name)")))
            #expect(rendered.references[reference] == .rule(RuleID(rawValue: "icmp/redirects-never\(name)")))
            let text = try #require(
                rendered.text.split(separator: "\n").first { $0.contains("\"rule icmp/redirects-never") })
            if let other = comments.updateValue(name, forKey: String(text)) { Issue.record("\(name) \(other)") }
        }
    }

    @Test func aLogPrefixFitsTheKernelsBuffer() {
        // NF_LOG_PREFIXLEN is 128 with the final zero (linux/netfilter/nf_log.h).
        for enforced in [true, false] {
            let prefix = DenialReference(.layerDefault).logPrefix(generation: .max, enforced: enforced)
            #expect(prefix.utf8.count <= 127)
        }
    }

    /// From the test vectors of the FNV reference code (RFC 9923).
    @Test(arguments: [
        ("", "cbf29ce484222325"), ("a", "af63dc4c8601ec8c"), ("foobar", "85944171f73967e8"),
    ]) func theHashIsFNV1a(_ text: String, _ digits: String) {
        #expect(ContentHash(text).digits == digits)
    }
}
