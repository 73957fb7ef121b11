import RulesetSimulator
import Testing

/// What nft prints, as text and as JSON, means what was written.
@Suite struct FormsAgreeTests {
    @Test(arguments: Listing.names) func textAndJSONOfAListingAreOneRuleset(_ name: String) throws {
        let listing = try Listing(name)
        let text = try Ruleset(text: listing.listed)
        let json = try Ruleset(json: listing.json)
        #expect(text == json)
        #expect(text.sets == json.sets)
        #expect(text.counters == json.counters)
    }

    /// Rules that nft spells anew keep their meaning, down to the path, logs, counters and set updates.
    @Test(arguments: Listing.names) func everyFormDecidesEveryPacketAlike(_ name: String) throws {
        let listing = try Listing(name)
        let written = try Ruleset(text: listing.written)
        let listed = try Ruleset(text: listing.listed)
        let json = try Ruleset(json: listing.json)
        var paths: Set<[RulePosition]> = []
        for packet in PacketGrid.packets() {
            for hook in Hook.allCases {
                for memory in [KernelMemory(), KernelMemory(isOverLimit: true, fullSets: ["seen"])] {
                    let first = written.evaluate(packet, hook: hook, memory: memory)
                    #expect(listed.evaluate(packet, hook: hook, memory: memory) == first, "\(packet) at \(hook)")
                    #expect(json.evaluate(packet, hook: hook, memory: memory) == first, "\(packet) at \(hook)")
                    paths.insert(first.path)
                }
            }
        }
        #expect(paths.count >= 5, "the grid tells too little about \(name)")
    }
}
