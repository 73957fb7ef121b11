import NetworkTypes
import PolicyEngine
import PolicyModel
import PolicyReference

/// Figure (a) for Antrea's shape: from a validated, interned model to an engine that can answer.
struct NamespacedFigures {
    let namespaces: Int
    let repeats: Int
    let isQuick: Bool

    func run(_ report: inout Report) {
        let world = NamespacedWorld(namespaces: namespaces)
        let policies = namespaces * NamespacedWorld.policiesOfNamespace
        report.note("namespaces, pods, policies", "\(namespaces), \(world.workloads.count), \(policies)")
        let steps = CompilingSteps(world.workloads, world.policy, repeats: repeats)
        report.add(
            "intern workloads and flat rules", steps.interning.scaled { $0 / 1e6 }, "ms CPU",
            nanoseconds: steps.interning.median)
        report.add(
            "compile the interned model", steps.compiling.scaled { $0 / 1e6 }, "ms CPU",
            isQuick ? nil : .atMost(target: 60, floor: 300), nanoseconds: steps.compiling.median)
        report.add("both", steps.both.scaled { $0 / 1e6 }, "ms CPU", nanoseconds: steps.both.median)
        if let need = Memory.need(of: NamespacedWorld.name, quick: isQuick) {
            report.add("memory kept above the input", Samples([Double(need.kept) / 1e6]), "MB")
            report.add("memory at its peak above the input", Samples([Double(need.peak) / 1e6]), "MB")
        } else {
            report.fail("memory was not measured: the child process did not answer")
        }
        let engine = compile(world.workloads, world.policy)
        report.note("identities, flat rules", "\(engine.identityCount), \(engine.ruleCount)")
        check(world, engine, &report)
        decide(world, engine, &report)
    }

    /// Flows of pods: half inside a namespace, half to another.
    private func flows(_ count: Int, seed: UInt64) -> [(flow: Flow, namespaces: Set<Int>)] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { index in
            let from = random.below(namespaces)
            let to = index % 2 == 0 ? from : random.below(namespaces)
            let flow = Flow(
                source: FlowEnd(NamespacedWorld.address(from, random.below(NamespacedWorld.podsOfNamespace))),
                destination: FlowEnd(NamespacedWorld.address(to, random.below(NamespacedWorld.podsOfNamespace))),
                proto: .tcp, sourcePort: Flow.unrecordedSourcePorts.lowerBound, destinationPort: 443)
            return (flow, [from, to])
        }
    }

    /// The reference walks every workload, rule and selection, and a stack frame for each rule; it is told the pods of the
    /// ends' namespaces, and the policies of those and of twenty others.
    private func check(_ world: NamespacedWorld, _ engine: PolicyEngine, _ report: inout Report) {
        let (many, others) = (2_000, 20)
        var random = SplitMix64(seed: 47)
        var outcomes: Set<Outcome> = []
        for (index, sample) in flows(many, seed: 41).enumerated() {
            let ends = sample.namespaces.sorted()
            let pods = ends.flatMap { number in
                (0..<NamespacedWorld.podsOfNamespace).map {
                    world.workloads[number * NamespacedWorld.podsOfNamespace + $0]
                }
            }
            let policy = world.policy(
                of: sample.namespaces.union((0..<others).map { _ in random.below(namespaces) }).sorted())
            let expected = FlatReference(workloads: pods, policy: policy).decide(sample.flow, at: Moments.now)
            outcomes.insert(expected.policy.outcome)
            if engine.decide(sample.flow, at: Moments.now) != expected {
                return report.fail("flow \(index) is not judged as the reference judges it")
            }
        }
        report.note("answers equal to the reference's", "\(many) of \(many)")
        if outcomes.count < 2 { report.fail("the sample has only one kind of verdict") }
    }

    private func decide(_ world: NamespacedWorld, _ engine: PolicyEngine, _ report: inout Report) {
        let flows = flows(20_000, seed: 43).map(\.flow)
        var allowed = 0
        let times = Samples(repeats: repeats, prepare: {}) {
            for flow in flows where engine.decide(flow, at: Moments.now).policy.outcome == .allowed { allowed += 1 }
        }.scaled { $0 / Double(flows.count) }
        precondition(allowed > 0, "the answers are used")
        report.add("one decision by engine", times.scaled { $0 / 1e3 }, "µs CPU", nanoseconds: times.median)
    }
}
