import PolicyEngine
import PolicyModel

/// Compiles; not inlined, so that a profile names it.
@inline(never)
func compile(_ workloads: [Workload], _ policy: FlatPolicy) -> PolicyEngine {
    PolicyEngine(workloads: workloads, policy: policy)
}

/// Figures (a): how long it takes to compile a world from nothing, and what that needs.
struct CompilerFigures {
    let world: World
    let repeats: Int
    let isQuick: Bool

    func run(_ report: inout Report, isJudged: Bool) -> PolicyEngine {
        let policy = world.policy.lowered()
        let lowering = Samples(repeats: repeats, prepare: {}) {
            precondition(!world.policy.lowered().layers.isEmpty, "something is lowered")
        }
        let compiling = Samples(repeats: repeats, prepare: {}) {
            precondition(compile(world.workloads, policy).ruleCount > 0, "something is compiled")
        }
        let whole = Samples(zip(lowering.sorted, compiling.sorted).map(+))
        report.add("lower the written rules", lowering.scaled { $0 / 1e6 }, "ms CPU", nanoseconds: lowering.median)
        report.add("compile the flat rules", compiling.scaled { $0 / 1e6 }, "ms CPU", nanoseconds: compiling.median)
        report.add(
            "full compile: both", whole.scaled { $0 / 1e6 }, "ms CPU",
            isJudged ? .atMost(target: 100, floor: 500) : nil, nanoseconds: whole.median)
        if let need = Memory.need(of: world.shape, quick: isQuick) {
            report.add(
                "memory kept above the input", Samples([Double(need.kept) / 1e6]), "MB",
                isJudged ? .atMost(target: 64, floor: nil) : nil)
            report.add("memory at its peak above the input", Samples([Double(need.peak) / 1e6]), "MB")
        } else {
            report.fail("memory was not measured: the child process did not answer")
        }
        return compile(world.workloads, policy)
    }
}
