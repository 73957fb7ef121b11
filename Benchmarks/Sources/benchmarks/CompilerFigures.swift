import PolicyEngine
import PolicyModel

/// Compiles; not inlined, so that a profile names it.
@inline(never)
func compile(_ workloads: [Workload], _ policy: FlatPolicy) -> PolicyEngine {
    PolicyEngine(workloads: workloads, policy: policy)
}

/// Interns; not inlined, so that a profile names it.
@inline(never)
func intern(_ workloads: [Workload], _ policy: FlatPolicy) -> InternedModel {
    InternedModel(workloads: workloads, policy: policy)
}

/// Compiles what is interned; not inlined, so that a profile names it.
@inline(never)
func compile(_ model: InternedModel) -> PolicyEngine { PolicyEngine(model) }

/// The two steps from names to an engine that can answer, measured one by one.
struct CompilingSteps {
    let interning: Samples
    let compiling: Samples
    let both: Samples

    init(_ workloads: [Workload], _ policy: FlatPolicy, repeats: Int) {
        var (interning, compiling): ([Double], [Double]) = ([], [])
        for _ in 0..<repeats {
            let begin = Clock.cpu
            let model = intern(workloads, policy)
            let middle = Clock.cpu
            let engine = compile(model)
            let end = Clock.cpu
            precondition(engine.ruleCount == model.ruleCount, "model and engine live until here")
            interning.append(middle - begin)
            compiling.append(end - middle)
        }
        self.interning = Samples(interning)
        self.compiling = Samples(compiling)
        both = Samples(zip(interning, compiling).map(+))
    }
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
        let steps = CompilingSteps(world.workloads, policy, repeats: repeats)
        let whole = Samples(zip(lowering.sorted, steps.both.sorted).map(+))
        report.add("lower the written rules", lowering.scaled { $0 / 1e6 }, "ms CPU", nanoseconds: lowering.median)
        report.add(
            "intern workloads and flat rules", steps.interning.scaled { $0 / 1e6 }, "ms CPU",
            nanoseconds: steps.interning.median)
        report.add(
            "compile the interned model", steps.compiling.scaled { $0 / 1e6 }, "ms CPU",
            nanoseconds: steps.compiling.median)
        report.add(
            "full compile: all three", whole.scaled { $0 / 1e6 }, "ms CPU",
            isJudged ? .atMost(target: 100, floor: 500) : nil, nanoseconds: whole.median)
        if let need = Memory.need(of: world.shape.name, quick: isQuick) {
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
