import NetworkTypes
import PolicyEngine
import PolicyModel

/// Figures (a): changes one by one, of the published mix, and wider ones.
struct ChangeFigures {
    let world: World
    let changes: Int
    let checks: Int

    private enum Kind: String, CaseIterable {
        case join = "address joins"
        case label = "label changes"
        case rule = "rule changes"
    }

    func run(_ report: inout Report, _ engine: consuming PolicyEngine, isJudged: Bool) {
        var engine = engine
        var random = SplitMix64(seed: world.shape.seed &+ 200)
        let narrow = ruleChanges(&engine, touching: 1...100, among: 40)
        let wide = ruleChanges(&engine, touching: 101...Int.max, among: 10)
        guard !narrow.isEmpty else { return report.fail("no rule touches at most 100 identities") }
        var times: [Kind: [Double]] = [:]
        var affected = 0
        // Some caches of the engine are made by the first change and by the first removal of a rule.
        var opening = Clock.measure { engine.apply(.upsert(newcomer(-1, &random))) }
        opening += Clock.measure { for change in removal(narrow[0]) + narrow[0] { engine.apply(change) } }
        for number in 0..<changes {
            let draw = random.below(100)
            let kind: Kind = draw < 90 ? .join : draw < 99 ? .label : .rule
            let list: [PolicyChange] =
                switch kind {
                case .join: [.upsert(newcomer(number, &random))]
                case .label: [.upsert(relabelled(&random))]
                case .rule: []
                }
            if kind == .rule {
                let rule = random.pick(narrow)
                for list in [removal(rule), rule] { apply(list, kind) }
            } else {
                apply(list, kind)
            }
        }
        func apply(_ list: [PolicyChange], _ kind: Kind) {
            let start = Clock.cpu
            for change in list {
                let found = engine.apply(change)
                affected += found.identitiesAffected
                if found.wasFullCompile { report.fail("a change of the mix compiled everything anew") }
            }
            times[kind, default: []].append(Clock.cpu - start)
        }
        let all = Samples(times.values.flatMap { $0 })
        add("change of the mix", all, &report, isJudged)
        for kind in Kind.allCases { add("  " + kind.rawValue, Samples(times[kind] ?? []), &report, false) }
        report.add("first change, first removal of a rule", Samples([opening / 1e3]), "µs CPU")
        report.note("changes, identities that they touched", "\(all.sorted.count), \(affected)")
        widen(&engine, wide, &report)
        compare(engine, &report, &random)
        detach(&engine, &report, &random)
    }

    private func add(_ name: String, _ samples: Samples, _ report: inout Report, _ isJudged: Bool) {
        func one(_ share: Double) -> Samples { Samples([samples.quantile(share) / 1e3]) }
        report.add(
            name + ": p50", one(0.5), "µs CPU", isJudged ? .atMost(target: 20, floor: 200) : nil,
            nanoseconds: samples.median)
        report.add(name + ": p99", one(0.99), "µs CPU", isJudged ? .atMost(target: 1000, floor: nil) : nil)
        report.add(name + ": greatest", Samples([samples.greatest / 1e3]), "µs CPU")
    }

    /// A new workload that differs in nothing but its name and address from one that is there.
    private func newcomer(_ number: Int, _ random: inout SplitMix64) -> Workload {
        var workload = random.pick(world.workloads)
        workload.id = WorkloadID(rawValue: "newcomer-\(number)")
        workload.addresses = [IPAddress(ipv4: 172 << 24 | 16 << 16 | UInt32(truncatingIfNeeded: number &+ 1))]
        return workload
    }

    /// A workload that is there, in another environment or at another site.
    private func relabelled(_ random: inout SplitMix64) -> Workload {
        var workload = random.pick(world.workloads)
        let other = random.pick(world.workloads).labels
        let key = random.below(2) == 0 ? Inventory.env : Inventory.loc
        workload.labels[key] = other[key]
        return workload
    }

    /// The flat rules of some written rules, as changes that add them, whose two ends touch so many identities.
    func ruleChanges(
        _ engine: inout PolicyEngine, touching range: ClosedRange<Int>, among wanted: Int
    ) -> [[PolicyChange]] {
        let flat = world.policy.lowered()
        var byID: [RuleID: [PolicyChange]] = [:]
        var order: [RuleID] = []
        for tier in flat.layers[0].tiers where tier.id == "allow" {
            for rule in tier.rules {
                if byID[rule.id] == nil { order.append(rule.id) }
                byID[rule.id, default: []].append(.addRule(rule, layer: flat.layers[0].id, tier: tier.id))
            }
        }
        var random = SplitMix64(seed: 5)
        order.shuffle(using: &random)
        var result: [[PolicyChange]] = []
        for id in order {
            guard result.count < wanted, let adding = byID[id] else { break }
            var touched = 0
            for change in removal(adding) { touched += engine.apply(change).identitiesAffected }
            for change in adding { engine.apply(change) }
            if range.contains(touched) { result.append(adding) }
        }
        return result
    }

    /// The same rules taken out, the last first.
    func removal(_ adding: [PolicyChange]) -> [PolicyChange] {
        adding.reversed().compactMap {
            guard case .addRule(let rule, let layer, let tier) = $0 else { return nil }
            return .removeRule(rule, layer: layer, tier: tier)
        }
    }

    private func widen(_ engine: inout PolicyEngine, _ wide: [[PolicyChange]], _ report: inout Report) {
        var each: [Double] = []
        var most = 0
        for adding in wide {
            for list in [removal(adding), adding] {
                var touched = 0
                let time = Clock.measure { for change in list { touched += engine.apply(change).identitiesAffected } }
                most = max(most, touched)
                each.append(time / 1e3 / Double(max(1, touched)))
            }
        }
        guard !each.isEmpty else { return report.note("wider rule changes", "none: no rule touches more identities") }
        report.add("wider rule change, for each identity", Samples(each), "µs CPU")
        report.note("identities that the widest touched", most)
    }

    /// The engine after all changes answers as one that is told the state at once.
    private func compare(_ engine: PolicyEngine, _ report: inout Report, _ random: inout SplitMix64) {
        let fresh = compile(engine.workloads, engine.policy)
        let sizes = [engine.identityCount, engine.ruleCount, engine.rowEntryCount]
        if sizes != [fresh.identityCount, fresh.ruleCount, fresh.rowEntryCount] {
            report.fail("after the changes the engine is not the size of a fresh one")
        }
        if world.workloads.count <= 10_000, engine.canonicalForm != fresh.canonicalForm {
            report.fail("after the changes the engine is not equal to a fresh one")
        }
        let columns = FlowColumns(world, .uniform, count: checks, seed: 21)
        for index in 0..<columns.count {
            let flow = columns.flow(index)
            if engine.decide(flow, at: Moments.now) != fresh.decide(flow, at: Moments.now) {
                return report.fail("after the changes flow \(index) is judged differently by a fresh engine")
            }
        }
        report.note("answers after all changes equal to a fresh engine's", "\(checks) of \(checks)")
    }

    /// A snapshot shares the engine's storage; the first change after it pays for that.
    private func detach(_ engine: inout PolicyEngine, _ report: inout Report, _ random: inout SplitMix64) {
        var times: [Double] = []
        for number in 0..<3 {
            let held = engine
            times.append(Clock.measure { engine.apply(.upsert(newcomer(1_000_000 + number, &random))) } / 1e3)
            precondition(held.ruleCount == engine.ruleCount, "the copy is alive")
        }
        report.add("change while a snapshot is held", Samples(times), "µs CPU")
    }
}
