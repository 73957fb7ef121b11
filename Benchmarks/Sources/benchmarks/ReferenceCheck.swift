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
        let columns = FlowColumns(world, .uniform, count: flows, seed: 31)
        var denied = 0
        for index in 0..<columns.count {
            var flow = columns.flow(index)
            // One port stands for all where no rule asks for a source port that clients use.
            flow.sourcePort = flow.proto.hasPorts ? Flow.unrecordedSourcePorts.lowerBound : nil
            let ends = Set([flow.source.address, flow.destination.address].compactMap { owners[$0] })
            let reference = LatticeReference(workloads: ends.map { world.workloads[$0] }, policy: world.policy)
            let expected = reference.decide(flow, at: Moments.now)
            if expected.policy.outcome == .denied { denied += 1 }
            if engine.decide(flow, at: Moments.now) != expected {
                return report.fail("flow \(index) is not judged as the reference judges it")
            }
        }
        report.note("answers equal to the reference's, of them denied", "\(flows) of \(flows), \(denied)")
        if denied == 0 || denied == flows { report.fail("the sample has only one kind of verdict") }
    }
}
