import NetworkTypes
import PolicyEngine
import PolicyModel
import PolicyReference

/// Compares the engine with the reference on flows of a world.
struct ReferenceCheck {
    let world: World
    let engine: PolicyEngine
    let flows: Int

    /// The reference walks every workload and every rule; of the workloads it is told those that own the two ends,
    /// since no other has a say.
    func run(_ report: inout Report) {
        var owners: [IPAddress: Int] = [:]
        for (number, workload) in world.workloads.enumerated() {
            for address in workload.addresses { owners[address] = number }
        }
        var denied = 0
        let sample = sample()
        for (index, flow) in sample.enumerated() {
            let ends = Set([flow.source.address, flow.destination.address].compactMap { owners[$0] })
            let reference = LatticeReference(workloads: ends.map { world.workloads[$0] }, policy: world.policy)
            let expected = reference.decide(flow, at: Moments.now)
            if expected.policy.outcome == .denied { denied += 1 }
            if engine.decide(flow, at: Moments.now) != expected {
                return report.fail("flow \(index) is not judged as the reference judges it")
            }
        }
        report.note("answers equal to the reference's, of them denied", "\(sample.count) of \(flows), \(denied)")
        if sample.count < flows { report.fail("only \(sample.count) flows were compared") }
        if denied == 0 || denied == sample.count { report.fail("the sample has only one kind of verdict") }
    }

    /// Flows as they come, but a quarter of them chosen because the engine allows them: few flows drawn at random are.
    private func sample() -> [Flow] {
        var (allowed, others): ([Flow], [Flow]) = ([], [])
        let columns = FlowColumns(world, .uniform, count: flows * 40, seed: 31)
        for index in 0..<columns.count where allowed.count + others.count < flows {
            var flow = columns.flow(index)
            // One port stands for all where no rule asks for a source port that clients use.
            flow.sourcePort = flow.proto.hasPorts ? Flow.unrecordedSourcePorts.lowerBound : nil
            if others.count < flows - flows / 4 {
                others.append(flow)
            } else if engine.decide(flow, at: Moments.now).policy.outcome == .allowed {
                allowed.append(flow)
            }
        }
        return others + allowed
    }
}
