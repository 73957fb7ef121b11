import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import PolicyReference

/// Figure (a) for exact connectivity: everything that may flow between the pods of a cluster, after reading.
struct ConnectivityFigures {
    let repeats: Int
    let isQuick: Bool

    func run(_ report: inout Report) {
        let scale = isQuick ? 4 : 1
        let world = ClusterWorld(
            pods: ClusterWorld.podCount / scale, policies: ClusterWorld.policyCount / scale, seed: 1)
        report.note(
            "seed, pods, policies, flat rules",
            "1, \(world.workloads.count), \(ClusterWorld.policyCount / scale), \(world.policy.layers[0].tiers[0].rules.count)"
        )
        let interning = Samples(repeats: 3 * repeats, prepare: {}) {
            precondition(intern(world.workloads, world.policy).workloadCount > 0, "it is used")
        }
        report.add(
            "intern workloads and flat rules, as readers do", interning.scaled { $0 / 1e6 }, "ms CPU",
            nanoseconds: interning.median)
        let model = intern(world.workloads, world.policy)
        var pairs = 0
        let whole = Samples(repeats: 3 * repeats, prepare: {}) { pairs = connections(of: compile(model)) }
        report.add(
            "compile the interned model, and all connections", whole.scaled { $0 / 1e6 }, "ms CPU",
            isQuick ? nil : .atMost(target: 5, floor: nil), nanoseconds: whole.median)
        let engine = compile(world.workloads, world.policy)
        let alone = Samples(repeats: 3 * repeats, prepare: {}) { pairs = connections(of: engine) }
        report.add(
            "all connections of a compiled engine", alone.scaled { $0 / 1e6 }, "ms CPU", nanoseconds: alone.median)
        report.note("pairs of ends that something may flow between", pairs)
        check(world, engine, &report)
    }

    /// Walks every pair of ends, outside addresses included, as `bulkhead connectivity` does.
    private func connections(of engine: PolicyEngine) -> Int {
        var count = 0
        _ = Connectivity(engine, at: Moments.now).visitPairs { _, _, _ in count += 1 }
        return count
    }

    /// Random pairs and ports against the reference.
    private func check(_ world: ClusterWorld, _ engine: PolicyEngine, _ report: inout Report) {
        let connectivity = Connectivity(engine, at: Moments.now)
        let reference = FlatReference(workloads: world.workloads, policy: world.policy)
        var random = SplitMix64(seed: 7)
        let many = isQuick ? 100 : 500
        var allowed = 0
        for _ in 0..<many {
            let from = IPAddress(ipv4: 10 << 24 | UInt32(random.below(world.workloads.count)))
            let to =
                random.below(4) == 0
                ? IPAddress(ipv4: 192 << 24 | UInt32(random.below(200)) << 16 | 9)
                : IPAddress(ipv4: 10 << 24 | UInt32(random.below(world.workloads.count)))
            let port = UInt16(7_999 + random.below(22))
            guard from != to, let source = connectivity.end(of: from), let destination = connectivity.end(of: to) else {
                continue
            }
            let flow = Flow(
                source: FlowEnd(from), destination: FlowEnd(to), proto: .tcp, sourcePort: 40_000, destinationPort: port)
            let expected = reference.decide(flow, at: Moments.now).policy.outcome == .allowed
            let traffic = connectivity.traffic(from: source, to: destination)
            let point = ServicePoint(.tcp, port, source: 40_000)
            if traffic.must.contains(point) != expected || traffic.may.contains(point) != expected {
                return report.fail("\(from) to \(to) port \(port) is not what the reference says")
            }
            if expected { allowed += 1 }
        }
        report.note("answers equal to the reference's", "\(many) of \(many), \(allowed) of them allowed")
        if allowed == 0 || allowed == many { report.fail("the sample has only one kind of verdict") }
    }
}
