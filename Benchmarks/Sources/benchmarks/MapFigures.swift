import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel

/// Figure (c): the map of observed edges between the workloads of a world, each with its verdicts.
struct MapFigures {
    let world: World
    let edges: Int
    let repeats: Int
    let isQuick: Bool

    func run(_ report: inout Report, isJudged: Bool) {
        let before = Memory.inUse
        let observed = drawn()
        let held = Memory.inUse - before
        report.note("map: memory of the edges", "\(held / 1_000_000) MB for \(edges)")
        let engine = compile(world.workloads, world.policy.lowered())
        let keys = ["env", "app", "role"].compactMap { LabelKey($0) }
        let addressSets = world.policy.lowered().addressSets
        var map: FlowMap?
        let samples = Samples(repeats: repeats) {
        } _: {
            map = FlowMap(
                observed, workloads: world.workloads, addressSets: addressSets, by: keys, engine: engine,
                at: Moments.now)
        }
        report.add(
            "map: group, judge and add up", samples.scaled { $0 / 1e9 }, "s CPU",
            isJudged && !isQuick ? .atMost(target: 2, floor: nil) : nil, nanoseconds: samples.median / Double(edges))
        guard let map else { return report.fail("no map was made") }
        report.note("map: edges between groups", map.edges.count)
        let layout = Samples(repeats: repeats) {
        } _: {
            _ = MapLayout(map, workloads: world.workloads)
        }
        report.add("map: lay out a picture", layout.scaled { $0 / 1e6 }, "ms CPU")
        check(map, observed, engine, &report)
        simulate(observed, engine, &report, isJudged: isJudged)
    }

    /// A draft of which one rule is taken out, as `policy simulate --watch` asks when it is saved.
    private func simulate(
        _ observed: [ObservedEdge], _ engine: PolicyEngine, _ report: inout Report, isJudged: Bool
    ) {
        let changes = ChangeFigures(world: world, changes: 0, checks: 0)
        var scratch = engine
        let rules = changes.ruleChanges(&scratch, touching: 1...100, among: 20).map(changes.removal)
        let wide = changes.ruleChanges(&scratch, touching: 101...Int.max, among: 60).map(changes.removal)
        let part = Simulation.Part(edges: observed, active: engine, draft: engine)
        var made: DraftSimulation?
        let first = Clock.measure { made = DraftSimulation([part], at: Moments.now) }
        guard var draft = made else { return report.fail("no draft was simulated") }
        report.add("simulate: all edges", Samples([first / 1e9]), "s CPU")
        let preparing = Clock.measure { draft.prepare(at: Moments.now) }
        report.add("simulate: sort the flows for changes", Samples([preparing / 1e9]), "s CPU")
        var times: [Double] = []
        // The first change copies the engine, which the caller holds too, and makes some indexes.
        _ = draft.simulation(after: rules.first ?? [], at: Moments.now)
        for rule in rules {
            times.append(Clock.measure { _ = draft.simulation(after: rule, at: Moments.now) })
        }
        var listed = 0
        // Of one rule alone random edges seldom need anything.
        for rule in [Array(wide.joined()), rules.first ?? []] {
            let answer = draft.simulation(after: rule, at: Moments.now)
            listed += answer?.edges.count ?? 0
            var changed = engine
            for change in rule { changed.apply(change) }
            let anew = Simulation(observed, active: engine, draft: changed, at: Moments.now)
            if answer?.edges != anew.edges || answer?.policy != anew.policy || answer?.effective != anew.effective {
                report.fail("simulate: a changed rule says something else than judging all edges")
            }
        }
        let all = Samples(times)
        report.add(
            "simulate: one rule of the draft saved", all.scaled { $0 / 1e6 }, "ms CPU",
            isJudged && !isQuick ? .atMost(target: 20, floor: nil) : nil, nanoseconds: all.median)
        report.note("simulate: edges listed for \(wide.count) wide rules, judged anew", listed)
        if listed == 0 { report.fail("simulate: no rule changes anything, so that nothing was compared") }
    }

    /// Different pairs, so that no two edges are one.
    private func drawn() -> [ObservedEdge] {
        var random = SplitMix64(seed: 17)
        var seen: Set<EdgeKey> = []
        seen.reserveCapacity(edges)
        var result: [ObservedEdge] = []
        result.reserveCapacity(edges)
        while result.count < edges {
            let service = random.pick(world.services)
            guard
                let source = IPAddress(.ipv4, bits: UInt128(world.addresses[random.below(world.addresses.count)])),
                let destination = IPAddress(.ipv4, bits: UInt128(world.addresses[random.below(world.addresses.count)]))
            else { continue }
            let key = EdgeKey(
                source: source, destination: destination, proto: service.proto, service: .port(service.port))
            guard seen.insert(key).inserted else { continue }
            result.append(
                ObservedEdge(
                    key: key, connections: 1 + random.below(100), failed: 0, bytes: UInt64(random.below(100_000)),
                    firstSeen: Moments.now, lastSeen: Moments.now, direction: .firstSYN))
        }
        return result
    }

    private func check(_ map: FlowMap, _ observed: [ObservedEdge], _ engine: PolicyEngine, _ report: inout Report) {
        let connections = observed.reduce(0) { $0 + $1.connections }
        if map.total?.connections != connections {
            report.fail("map: \(map.total?.connections ?? 0) connections, expected \(connections)")
        }
        // A part is judged one by one; all of them would take longer than everything else.
        let sample = Array(observed.prefix(2_000))
        let keys = ["env", "app", "role"].compactMap { LabelKey($0) }
        let part = FlowMap(sample, workloads: world.workloads, by: keys, engine: engine, at: Moments.now)
        var allowed = 0
        for edge in sample {
            guard case .port(let port) = edge.key.service else { continue }
            var flow = Flow(
                source: FlowEnd(edge.key.source), destination: FlowEnd(edge.key.destination), proto: edge.key.proto)
            flow.destinationPort = port
            if engine.decide(flow, at: Moments.now).policy.outcome == .allowed { allowed += edge.connections }
        }
        if part.total?.policy?.allowed != allowed {
            report.fail("map: \(part.total?.policy?.allowed ?? 0) allowed, the engine says \(allowed)")
        }
    }
}
