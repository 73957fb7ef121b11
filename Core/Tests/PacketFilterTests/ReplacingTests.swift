import NetworkTypes
import PacketFilter
import PolicyModel
import Testing

/// The transaction from one rendering to the next.
@Suite struct ReplacingTests {
    private func names(_ table: FilterTable) -> Set<String> {
        Set(
            table.chains.map { "chain \($0.name)" } + table.sets.map { "set \($0.name)" }
                + table.counters.map { "counter \($0.name)" })
    }

    @Test func anUpdateLeavesExactlyTheNewTable() throws {
        let all = try StructureTests.tables(100..<110)
        for (old, new) in zip(all, all.dropFirst()) {
            let lines = try new.replacing(old).split(separator: "\n").map(String.init)
            var present = names(old.table)
            for line in lines {
                let words = line.split(separator: " ").map(String.init)
                if line.hasPrefix("    "), !line.hasPrefix("     "), words.last == "{" {
                    let (inserted, _) = present.insert("\(words[0]) \(words[1])")
                    #expect(inserted, "\(line) is there already")
                } else if words.first == "delete" {
                    #expect(present.remove("\(words[1]) \(words[4])") != nil, "\(line) removes nothing")
                }
            }
            #expect(present == names(new.table))
        }
    }

    @Test func baseChainsAreFlushedAndFilledAndNeverDeclaredOrDeleted() throws {
        let all = try StructureTests.tables(110..<115)
        for (old, new) in zip(all, all.dropFirst()) {
            let lines = try new.replacing(old).split(separator: "\n").map(String.init)
            for hook in FilterHook.allCases {
                #expect(!lines.contains { $0.contains("chain \(hook.rawValue) {") })
                #expect(!lines.contains("delete chain inet bulkhead \(hook.rawValue)"))
                #expect(lines.filter { $0 == "flush chain inet bulkhead \(hook.rawValue)" }.count == 1)
            }
            #expect(!lines.contains { $0.hasPrefix("delete table") || $0.hasPrefix("flush table") })
            // New things first, then the jumps, then the removals.
            let phases = lines.map { line in
                line.hasPrefix("flush") || line.hasPrefix("add rule") ? 1 : line.hasPrefix("delete") ? 2 : 0
            }
            #expect(phases == phases.sorted())
        }
    }

    @Test func callersAreRemovedBeforeCallees() throws {
        let old = try GoldenCase(name: "", program: GoldenWorld.program("db", .full)).rendered()
        let idle = try GoldenCase(name: "", program: GoldenWorld.program("db", .idle)).rendered()
        let removed = try idle.replacing(old).split(separator: "\n").filter { $0.hasPrefix("delete chain") }
            .compactMap { $0.split(separator: " ").last.map(String.init) }
        #expect(removed == old.table.chains.map(\.name).reversed())
    }

    @Test func countersThatStayKeepTheirCounts() throws {
        let old = try GoldenCase(name: "", program: GoldenWorld.program("db", .full)).rendered()
        let new = try GoldenCase(name: "", program: GoldenWorld.program("db", .full), generation: 2).rendered()
        let text = try new.replacing(old)
        #expect(!text.contains("counter r_") || !text.contains("delete counter"))
        #expect(!text.split(separator: "\n").contains { $0.hasPrefix("    counter") })
    }

    @Test func aNameWithTwoMeaningsIsRefused() throws {
        let new = try GoldenCase(name: "", program: GoldenWorld.program("db", .full)).rendered().table
        var chains = new
        chains.chains[0].rules.append(FilterRule(.accept))
        #expect(throws: RenderError.hashCollision(new.chains[0].name)) { try new.replacing(chains) }
        var sets = new
        let place = try #require(sets.sets.firstIndex { !$0.elements.isEmpty })
        sets.sets[place].elements.removeLast()
        #expect(throws: RenderError.hashCollision(new.sets[place].name)) { try new.replacing(sets) }
    }
}
