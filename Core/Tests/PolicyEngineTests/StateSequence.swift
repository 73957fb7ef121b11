import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// A named world: what the engine is told, and what it then must let pass.
struct NamedState: Sendable {
    let name: String
    let workloads: [Workload]
    let policy: Policy
    /// The connections that pass, as `from>to:port` where `*` stands for anything; every other probe is denied.
    let passes: [String]

    /// Nobody, under the policy without any rule.
    static let empty = NamedState(name: "empty", workloads: [], policy: Policy(), passes: ["*>*:*"])
}

/// A path through named worlds, run in every way in which history could leak into the answers.
struct StateSequence {
    /// When the output is read and compared while a path is walked.
    enum Flush: CaseIterable {
        case afterEachChange, afterEachChangeTwice, perState, atTheEnd
    }

    /// In which steps one world becomes the next.
    enum Steps: CaseIterable {
        case workloadsFirst, policyFirst, ruleByRule
    }

    let states: [NamedState]
    /// What is asked: the places with their addresses, and the ports.
    let places: [(name: String, address: IPAddress)]
    let ports: [UInt16]

    func run() {
        var variants: [(String, [NamedState])] = [
            ("as written", states), ("reversed", states.reversed()), ("twice", states + states),
            ("with empty between", states.flatMap { [$0, .empty] }),
        ]
        for state in states { variants.append(("alone", [.empty, state])) }
        for (number, (name, path)) in variants.enumerated() {
            for (place, flush) in Flush.allCases.enumerated() {
                // Each variant and each flush meets each kind of step somewhere; all products would take minutes.
                let steps = Steps.allCases[(number + place) % Steps.allCases.count]
                walk(path, steps, flush, "\(name), \(steps), \(flush)")
            }
        }
        for state in states { expect(fresh(state), state, "at once") }
        squashed()
    }

    private func fresh(_ state: NamedState) -> PolicyEngine {
        PolicyEngine(workloads: state.workloads, policy: state.policy.lowered())
    }

    private func walk(_ path: [NamedState], _ steps: Steps, _ flush: Flush, _ how: String) {
        guard let last = path.last else { return }
        var told = ToldState([], Policy().lowered())
        var engine = told.fresh
        for state in path {
            for change in Self.changes(from: told, to: state, steps) {
                told.apply(change)
                engine.apply(change)
                switch flush {
                case .afterEachChange: expectFresh(engine, told, how)
                case .afterEachChangeTwice:
                    expectFresh(engine, told, how)
                    expectFresh(engine, told, how)
                case .perState, .atTheEnd: break
                }
            }
            if flush == .perState { expect(engine, state, how) }
        }
        expect(engine, last, how)
        expectFresh(engine, told, how)
    }

    /// The whole path in one breath: of all changes to one thing only the last is told.
    private func squashed() {
        guard let last = states.last else { return }
        var told = ToldState([], Policy().lowered())
        var squashed: [(thing: WorkloadID?, change: PolicyChange)] = []
        for state in states {
            for change in Self.changes(from: told, to: state, .workloadsFirst) {
                told.apply(change)
                let thing: WorkloadID? =
                    switch change {
                    case .upsert(let workload): workload.id
                    case .remove(let id): id
                    case .addRule, .removeRule, .replace: nil
                    }
                squashed.removeAll { $0.thing == thing }
                squashed.append((thing, change))
            }
        }
        for order in [squashed, squashed.reversed()] {
            var engine = PolicyEngine(workloads: [], policy: Policy().lowered())
            for (_, change) in order { engine.apply(change) }
            expect(engine, last, "squashed")
            expectFresh(engine, told, "squashed")
        }
    }

    /// What has to be told to come from one world to the next.
    private static func changes(from told: ToldState, to state: NamedState, _ steps: Steps) -> [PolicyChange] {
        let names = Set(state.workloads.map(\.id))
        let gone = told.workloads.filter { !names.contains($0.id) }.map { PolicyChange.remove($0.id) }
        let workloads = gone + state.workloads.filter { told.byName[$0.id] != $0 }.map { PolicyChange.upsert($0) }
        let policy = state.policy.lowered()
        switch steps {
        case .workloadsFirst: return workloads + [.replace(policy)]
        case .policyFirst: return [.replace(policy)] + workloads
        case .ruleByRule:
            // The frame of tiers comes with the old rules of the tiers that remain; then single rules are told.
            var frame = policy
            for layer in frame.layers.indices {
                for tier in frame.layers[layer].tiers.indices {
                    let (layerID, tierID) = (frame.layers[layer].id, frame.layers[layer].tiers[tier].id)
                    frame.layers[layer].tiers[tier].rules =
                        told.rules.filter { $0.layer == layerID && $0.tier == tierID }.map(\.rule)
                }
            }
            let (old, new) = (ToldState([], frame).rules, ToldState([], policy).rules)
            let removed = old.filter { rule in !new.contains { $0 == rule } }
            let added = new.filter { rule in !old.contains { $0 == rule } }
            return [.replace(frame)] + removed.map { .removeRule($0.rule, layer: $0.layer, tier: $0.tier) } + workloads
                + added.map { .addRule($0.rule, layer: $0.layer, tier: $0.tier) }
        }
    }

    private func expectFresh(_ engine: PolicyEngine, _ told: ToldState, _ how: String) {
        #expect(engine.canonicalForm == told.fresh.canonicalForm, "\(states.map(\.name)) \(how)")
    }

    private func expect(_ engine: PolicyEngine, _ state: NamedState, _ how: String) {
        for source in places {
            for destination in places where destination.name != source.name {
                for port in ports {
                    let flow = Flow(
                        source: FlowEnd(source.address), destination: FlowEnd(destination.address), proto: .tcp,
                        sourcePort: 50_000, destinationPort: port)
                    let verdict = engine.decide(flow, at: Instant(rawValue: 0)).effective
                    let probe = (source.name, destination.name, "\(port)")
                    let passes = state.passes.contains { Self.fits($0, probe) }
                    #expect(
                        (verdict.outcome == .allowed) == passes,
                        "\(state.name) (\(states.map(\.name)) \(how)): \(probe) got \(verdict)")
                }
            }
        }
    }

    private static func fits(_ pattern: String, _ probe: (String, String, String)) -> Bool {
        let parts = pattern.split { $0 == ">" || $0 == ":" }.map(String.init)
        return parts.count == 3 && zip(parts, [probe.0, probe.1, probe.2]).allSatisfy { $0 == "*" || $0 == $1 }
    }
}
