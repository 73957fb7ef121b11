import PolicyEngine
import PolicyModel

/// Figures (b): judging flows that are held as columns.
struct ReplayFigures {
    let world: World
    let engine: PolicyEngine
    let flows: Int
    let repeats: Int
    /// The flows of the sample that are also asked of the engine.
    let checks: Int

    func run(_ report: inout Report, _ table: inout DecisionTable, goal: Figure.Goal?) -> (
        flows: FlowColumns, nanoseconds: Double
    )? {
        var first: (FlowColumns, Double)?
        for popularity in FlowColumns.Popularity.allCases {
            let columns = FlowColumns(world, popularity, count: flows, seed: world.shape.seed &+ 100)
            var keys = [UInt32](repeating: 0, count: flows)
            let opening = Clock.measure { columns.replay(&table, into: &keys) }
            report.add(
                "replay, \(popularity): first time, with its rows", Samples([Double(flows) / opening * 1e3]), "Mflow/s",
                nanoseconds: opening / Double(flows))
            let rest = Samples(repeats: repeats, prepare: {}) { columns.replay(&table, into: &keys) }
            report.add(
                "replay, \(popularity)", rest.scaled { Double(flows) / $0 * 1e3 }, "Mflow/s", goal,
                nanoseconds: rest.median / Double(flows))
            describe(columns, keys, table, popularity, &report)
            check(columns, keys, table, popularity, &report)
            if first == nil { first = (columns, rest.median / Double(flows)) }
        }
        return first
    }

    private func describe(
        _ columns: FlowColumns, _ keys: [UInt32], _ table: DecisionTable, _ popularity: FlowColumns.Popularity,
        _ report: inout Report
    ) {
        let allowed = keys.count { DecisionTable.Key(rawValue: $0).isAllowedByPolicy }
        let effective = keys.count { DecisionTable.Key(rawValue: $0).isAllowedEffectively }
        let asked = (0..<columns.count).count {
            // Rules ask for the source port of DHCP (`EssentialRule.standard`), which columns do not hold.
            columns.protocols[$0] == 17 && [67, 68, 546, 547].contains(columns.ports[$0])
        }
        func share(_ count: Int) -> String { Report.short(Double(count) * 100 / Double(max(1, columns.count))) + " %" }
        report.note(
            "replay, \(popularity): allowed by policy, effectively, asked of the engine",
            "\(share(allowed)), \(share(effective)), \(share(asked))")
    }

    private func check(
        _ columns: FlowColumns, _ keys: [UInt32], _ table: DecisionTable, _ popularity: FlowColumns.Popularity,
        _ report: inout Report
    ) {
        var random = SplitMix64(seed: 7)
        for _ in 0..<checks {
            let index = random.below(columns.count)
            let expected = engine.decide(columns.flow(index), at: Moments.now)
            if table.decision(DecisionTable.Key(rawValue: keys[index])) != expected {
                return report.fail("replay of flow \(index) (\(popularity)) is not what the engine decides")
            }
        }
        report.note("replay, \(popularity): answers equal to the engine's", "\(checks) of \(checks)")
    }
}
