import RulesetSimulator
import Testing

@Suite struct StructureTests {
    @Test func baseChainsRunByPriorityAndTheYoungerFirst() throws {
        // NF_IP_PRI_FILTER is 0; of equal priorities the kernel runs the later registered first (seen in `chains`).
        let ruleset = try Ruleset(text: Listing("priorities").written)
        #expect(ruleset.baseChains(at: .input).map(\.name) == ["first", "second_younger", "second_older", "third"])
        #expect(ruleset.baseChains(at: .input).map(\.priority) == [-5, 0, 0, 10])
        #expect(ruleset.baseChains(at: .forward).map(\.policy) == [.drop])
        #expect(ruleset.baseChains(at: .forward).map(\.priority) == [49])
        #expect(ruleset.baseChains(at: .postrouting).map(\.priority) == [100])
        #expect(ruleset.baseChains(at: .output).isEmpty)
    }

    @Test func setsShowTheirElements() throws {
        let ruleset = try Ruleset(text: Listing("dispatch").written)
        #expect(ruleset.name == "wall")
        #expect(ruleset.sets.map(\.name) == ["web4", "web6", "cidr4", "ports"])
        #expect(ruleset.sets[2].elements == ["10.2.0.0/16", "10.3.0.0-10.3.0.9", "10.4.0.1"])
        #expect(ruleset.sets[2].flags == ["interval"])
        #expect(ruleset.sets[3].isMap)
        #expect(ruleset.sets[3].elements == ["80", "443", "22"])
        #expect(ruleset.counters == ["denied"])
        #expect(ruleset.ruleCount(inChain: "tcp_in") == 3)
        #expect(ruleset.ruleCount(inChain: "absent") == nil)
        #expect(ruleset.comment(of: RulePosition("tcp_in", 2)) == "only the first")
        #expect(ruleset.comment(of: RulePosition("tcp_in", 3)) == nil)
    }

    @Test func aReplacingLoadIsReadAsItsTable() throws {
        let table = "table inet t {\n    chain a {\n        accept\n    }\n}\n"
        let text = "add table inet t\ndelete table inet t\n" + table
        #expect(try Ruleset(text: text) == Ruleset(text: table))
        #expect(throws: RulesetError.self) { try Ruleset(text: "delete table inet u\n" + table) }
        #expect(throws: RulesetError.self) { try Ruleset(text: table + table) }
    }
}
