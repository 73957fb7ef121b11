import PolicyModel
import PolicyReference
import TestWorlds
import Testing

/// The hand-written cases of `Conformance/`, asked of the references.
@Suite struct ConformanceTests {
    @Test func theReferencesConform() throws {
        let cases = try ConformanceCase.all()
        #expect(cases.count >= 200)
        for one in cases {
            let failures =
                switch one.world {
                case .flat(let world):
                    one.failures(FlatReference(workloads: world.workloads, policy: world.policy).decide)
                case .lattice(let world):
                    one.failures(LatticeReference(workloads: world.workloads, policy: world.policy).decide)
                }
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))\n\(one.source)")
        }
    }

    /// Every name that a case uses for what decides is one that an evaluator can say.
    @Test func casesSpeakOfEveryKindOfAnswer() throws {
        let answers = try ConformanceCase.all().flatMap(\.expectations)
        for kind in ["allowed", "denied", "indeterminate", "partly"] {
            #expect(answers.contains { $0.verdict.hasPrefix(kind) })
        }
        let deciders = answers.flatMap { $0.decidedBy + $0.policyDecidedBy }.compactMap(\.self)
        for kind in ["rule ", "default of tier ", "default of layer ", "selfTraffic", "nothing"] {
            #expect(deciders.contains { $0.hasPrefix(kind) })
        }
        for attribute in FlowAttribute.allCases {
            #expect(answers.contains { $0.verdict == "indeterminate \(attribute.rawValue)" })
        }
    }
}
