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
