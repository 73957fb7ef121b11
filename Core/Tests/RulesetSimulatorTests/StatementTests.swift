import NetworkTypes
import RulesetSimulator
import Testing

/// What statements do beside matching (nft(8), "Statements").
@Suite struct StatementTests {
    private static let web = Packet(
        IPAddress(ipv4: 0x0A01_0001), to: IPAddress(ipv4: 0x0A09_0001), .tcp, sourcePort: 4000, port: 80)

    private static func run(
        _ rules: String, _ packet: Packet = web, memory: KernelMemory = KernelMemory()
    ) throws -> Outcome {
        let text = """
            table inet t {
                set s {
                    type ipv4_addr
                    size 5
                    flags dynamic
                }
                chain other {
                    counter
                }
                chain c {
                    type filter hook input priority 0; policy accept;
            \(rules)
                }
            }

            """
        return try Ruleset(text: text).evaluate(packet, hook: .input, memory: memory)
    }

    @Test func aHookWithoutChainAccepts() throws {
        let ruleset = try Ruleset(text: "table inet t {\n}\n")
        #expect(ruleset.evaluate(Self.web, hook: .input).decidedBy == .noChain)
    }

    @Test func thePolicyDecidesAtTheEnd() throws {
        #expect(try Self.run("tcp dport 81 drop").decidedBy == .policy(chain: "c"))
        #expect(try Self.run("tcp dport 80 drop").decidedBy == .rule(RulePosition("c", 0), base: "c"))
    }

    @Test func countersBeforeAFailedMatchHaveCounted() throws {
        let outcome = try Self.run("counter tcp dport 81 counter drop")
        #expect(outcome.counters == [.anonymous(RulePosition("c", 0))])
        #expect(outcome.path.isEmpty)
    }

    @Test func aLimitHoldsUntilItIsUsedUp() throws {
        let spent = KernelMemory(isOverLimit: true)
        #expect(try Self.run("limit rate 1/second drop").verdict == .dropped)
        #expect(try Self.run("limit rate 1/second drop", memory: spent).verdict == .accepted)
        #expect(try Self.run("limit rate over 1/second drop").verdict == .accepted)
        #expect(try Self.run("limit rate over 1/second drop", memory: spent).verdict == .dropped)
    }

    @Test func aFullSetTakesNothingAndEndsTheRule() throws {
        let outcome = try Self.run("add @s { ip saddr } drop")
        #expect(outcome.verdict == .dropped)
        #expect(outcome.updates == [Outcome.SetUpdate(set: "s", operation: .add, key: "10.1.0.1")])
        let full = try Self.run("add @s { ip saddr } drop", memory: KernelMemory(fullSets: ["s"]))
        #expect(full.verdict == .accepted)
        #expect(full.updates.isEmpty)
    }

    /// The bounded sample of denials: the first of a tuple is logged, the rest is counted.
    @Test func anElementsLimitEndsTheRuleButTheElementStays() throws {
        let rule = "update @s { ip saddr limit rate 1/minute } log prefix \"d \" group 5"
        #expect(try Self.run(rule).logs == [Outcome.LogRecord(rule: RulePosition("c", 0), prefix: "d ", group: 5)])
        let again = try Self.run(rule, memory: KernelMemory(isOverLimit: true))
        #expect(again.logs.isEmpty)
        #expect(again.updates.count == 1)
    }

    @Test(arguments: [
        ("reject", false, RejectAnswer.icmp(code: 3)), ("reject", true, .icmpv6(code: 4)),
        ("reject with tcp reset", false, .tcpReset), ("reject with icmpx no-route", false, .icmp(code: 0)),
        ("reject with icmpx no-route", true, .icmpv6(code: 0)),
        ("reject with icmpx host-unreachable", false, .icmp(code: 1)),
        ("reject with icmpx host-unreachable", true, .icmpv6(code: 3)),
        ("reject with icmpx admin-prohibited", false, .icmp(code: 13)),
        ("reject with icmpx admin-prohibited", true, .icmpv6(code: 1)),
        ("reject with icmp type host-prohibited", false, .icmp(code: 10)),
    ])
    func rejectAnswersByVersion(_ rule: String, _ isIPv6: Bool, _ answer: RejectAnswer) throws {
        let wide = Packet(IPAddress(ipv6: 1 << 100), to: IPAddress(ipv6: 2 << 100), .tcp, port: 80)
        #expect(try Self.run(rule, isIPv6 ? wide : Self.web).verdict == .rejected(answer))
    }

    @Test func aResetIsForTCPOnly() throws {
        let packet = Packet(Self.web.source, to: Self.web.destination, .udp, port: 80)
        #expect(try Self.run("reject with tcp reset", packet).verdict == .accepted)
    }

    @Test func continueInAMapLetsTheRuleGoOn() throws {
        #expect(try Self.run("tcp dport vmap { 80 : continue } drop").verdict == .dropped)
        #expect(try Self.run("tcp dport vmap { 81 : continue } drop").verdict == .accepted)
        #expect(try Self.run("tcp dport vmap { 80 : accept }\ndrop").verdict == .accepted)
        #expect(try Self.run("tcp dport vmap { 81 : accept }\ndrop").verdict == .dropped)
    }

    @Test func thePathNamesEveryMatchedRuleInOrder() throws {
        let outcome = try Self.run("tcp dport 81 drop\njump other\ngoto other\ndrop")
        let path = [RulePosition("c", 1), RulePosition("other", 0), RulePosition("c", 2), RulePosition("other", 0)]
        #expect(outcome.path == path)
        #expect(outcome.verdict == .accepted)
    }
}
