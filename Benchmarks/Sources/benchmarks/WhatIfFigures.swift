import NetworkTypes
import PolicyEngine
import PolicyModel

/// Figure (b): what one changed rule would do to flows that are held as columns.
struct WhatIfFigures {
    let world: World
    let columns: FlowColumns
    /// The flows that are also asked of an engine with the change.
    let checks: Int

    func run(_ report: inout Report, isJudged: Bool) {
        let changes = ChangeFigures(world: world, changes: 0, checks: 0)
        var engine = compile(world.workloads, world.policy.lowered())
        let narrow = changes.ruleChanges(&engine, touching: 1...100, among: 40)
        let wide = changes.ruleChanges(&engine, touching: 101...Int.max, among: 10)
        guard !narrow.isEmpty else { return report.fail("no rule touches at most 100 identities") }
        let before = Memory.inUse
        var made: WhatIf<HeldFlows>?
        let making = Clock.measure { made = WhatIf(engine, at: Moments.now, flows: HeldFlows(columns: columns)) }
        guard var whatIf = made else { return report.fail("the world has too many classes for a table") }
        report.add("what-if: judge and sort the flows once", Samples([making / 1e6]), "ms CPU")
        report.note(
            "what-if: cells; memory besides the columns",
            "\(whatIf.cellCount); \((Memory.inUse - before) / 1_000_000) MB")
        // The first change copies the engine, which the caller holds too, and makes some indexes.
        let opening = Clock.measure { _ = whatIf.effect(of: changes.removal(narrow[0])) }
        report.add("what-if: first change", Samples([opening / 1e6]), "ms CPU")
        measure("one rule, at most 100 identities", narrow, &whatIf, &engine, &report, isJudged)
        measure("one wider rule", wide, &whatIf, &engine, &report, false)
    }

    private func measure(
        _ name: String, _ rules: [[PolicyChange]], _ whatIf: inout WhatIf<HeldFlows>, _ engine: inout PolicyEngine,
        _ report: inout Report, _ isJudged: Bool
    ) {
        var times: [Double] = []
        var (judged, changed) = (0, 0)
        for (number, adding) in rules.enumerated() {
            let changes = ChangeFigures(world: world, changes: 0, checks: 0)
            // The rule taken out, and the same rule once more over other ports.
            for list in [changes.removal(adding), adding.map(Self.moved)] {
                var effect: WhatIf<HeldFlows>.Effect?
                times.append(Clock.measure { effect = whatIf.effect(of: list) })
                guard let effect else { continue }
                if effect.wasFull { report.fail("what-if: one rule made all flows be judged again") }
                judged += effect.judged
                changed += effect.changed.count
                if number < 3 { check(effect, list, engine, &report) }
            }
        }
        let all = Samples(times)
        report.add(
            "what-if: \(name)", all.scaled { $0 / 1e6 }, "ms CPU",
            isJudged ? .atMost(target: 20, floor: nil) : nil, nanoseconds: all.median)
        report.note("what-if: \(name): decisions made, flows changed", "\(judged), \(changed) in \(times.count)")
    }

    /// The rule over ports that no rule of the world names.
    private static func moved(_ change: PolicyChange) -> PolicyChange {
        guard case .addRule(var rule, let layer, let tier) = change else { return change }
        rule.id = RuleID(rawValue: "\(rule.id)/moved")
        rule.services = [.ports(.tcp, destination: PortSet([40_000...40_999]), source: .all)]
        return .addRule(rule, layer: layer, tier: tier)
    }

    private func check(
        _ effect: WhatIf<HeldFlows>.Effect, _ changes: [PolicyChange], _ engine: PolicyEngine, _ report: inout Report
    ) {
        var after = engine
        for change in changes { after.apply(change) }
        let known = Dictionary(effect.changed.map { ($0.flow, $0.after) }) { a, _ in a }
        var random = SplitMix64(seed: 11)
        let sample =
            effect.changed.prefix(checks / 2).map(\.flow) + (0..<checks).map { _ in random.below(columns.count) }
        for flow in sample {
            let old = engine.decide(columns.flow(flow), at: Moments.now)
            if after.decide(columns.flow(flow), at: Moments.now) != known[flow] ?? old {
                return report.fail("what-if: flow \(flow) is not what the engine decides after the change")
            }
        }
    }
}

/// Flows of columns, one by one.
struct HeldFlows: RandomAccessCollection, Sendable {
    let columns: FlowColumns

    var startIndex: Int { 0 }
    var endIndex: Int { columns.count }

    subscript(position: Int) -> Flow { columns.flow(position) }
}
