import PacketFilter
import Testing

/// How many worlds a build can afford: a debug build is many times slower, and `make test` runs both.
func worlds(_ count: UInt64, from first: UInt64 = 0) -> Range<UInt64> {
    var isDebug = false
    assert(
        {
            isDebug = true
            return true
        }())
    return first..<first + (isDebug ? max(1, count / 100) : count)
}

/// The rendered ruleset decides every packet as the engine decides its flow, names the same rule, counts and logs it.
@Suite struct FilterDifferentialTests {
    @Test func theRulesetDecidesAsTheEngineOnLatticeWorlds() throws {
        var differential = FilterDifferential()
        let found = try differential.run(worlds(2000))
        #expect(found == nil, "\(found?.description ?? "")")
        #expect(
            differential.denied * 4 > differential.compared,
            "only \(differential.denied) of \(differential.compared) denied")
    }

    @Test func theRulesetDecidesAsTheEngineOnFlatWorlds() throws {
        var differential = FilterDifferential(world: FilterWorld.flat)
        let found = try differential.run(worlds(2000))
        #expect(found == nil, "\(found?.description ?? "")")
        #expect(
            differential.denied * 10 > differential.compared,
            "only \(differential.denied) of \(differential.compared) denied")
    }

    @Test func visibilityCountsAndLogsButNeverDrops() throws {
        var differential = FilterDifferential(isWatched: true)
        let found = try differential.run(worlds(500, from: 5000))
        #expect(found == nil, "\(found?.description ?? "")")
    }
}
