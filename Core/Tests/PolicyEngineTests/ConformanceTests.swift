import NetworkTypes
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

    @Test func explanationsConform() throws {
        for one in try ConformanceCase.all() {
            let engine = Self.engine(one.world)
            let failures = one.failures { engine.explain($0, at: $1).decision }
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))\n\(one.source)")
        }
    }

    /// A table takes long to make in a debug build, so that build asks for a few cases only.
    @Test func tablesConform() throws {
        let cases = try ConformanceCase.all()
        let share = worlds(UInt64(cases.count))
        for (number, one) in cases.enumerated() where number % max(1, cases.count / share.count) == 0 {
            let engine = Self.engine(one.world)
            var tables: [Instant: DecisionTable] = [:]
            let failures = one.failures { flow, instant in
                guard var table = tables[instant] ?? DecisionTable(engine, at: instant) else {
                    Issue.record("a small world has too many classes")
                    return engine.decide(flow, at: instant)
                }
                let key = table.decide(flow)
                tables[instant] = table
                return table.decision(key)
            }
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))\n\(one.source)")
        }
    }
}
