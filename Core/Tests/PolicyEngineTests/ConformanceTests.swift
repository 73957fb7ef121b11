import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// The hand-written cases of `Conformance/`, asked of the engine and of its table.
@Suite struct ConformanceTests {
    private static func engine(_ world: ConformanceCase.World) -> PolicyEngine {
        switch world {
        case .flat(let world): PolicyEngine(workloads: world.workloads, policy: world.policy)
        case .lattice(let world): PolicyEngine(workloads: world.workloads, policy: world.policy.lowered())
        }
    }

    @Test func theEngineConforms() throws {
        let cases = try ConformanceCase.all()
        #expect(cases.count >= 200)
        for one in cases {
            let failures = one.failures(Self.engine(one.world).decide)
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))\n\(one.source)")
        }
    }

    /// Explanations and tables are other ways to the same answer.
    @Test func tablesAndExplanationsConform() throws {
        for one in try ConformanceCase.all() {
            let engine = Self.engine(one.world)
            let failures =
                one.failures { flow, instant in
                    guard var table = DecisionTable(engine, at: instant) else {
                        return engine.decide(flow, at: instant)
                    }
                    let key = table.decide(flow)
                    return table.decision(key)
                } + one.failures { engine.explain($0, at: $1).decision }
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))\n\(one.source)")
        }
    }
}
