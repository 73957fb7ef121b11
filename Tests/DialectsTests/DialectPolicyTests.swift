import Dialects
import PolicyModel
import Testing

/// What a reading says of itself.
@Suite struct DialectPolicyTests {
    private static func policy(_ severity: Diagnostic.Severity, _ effect: DialectFinding.Effect) -> DialectPolicy {
        DialectPolicy(
            dialects: [.kubernetes],
            findings: [DialectFinding(Diagnostic(severity, code: "a-test", "a finding"), effect: effect)])
    }

    @Test func onlyWhatTouchesAnswersMakesAReadingPartial() {
        #expect(!Self.policy(.warning, .none).isPartial)
        #expect(Self.policy(.warning, .may).isPartial)
        #expect(Self.policy(.warning, .leftOut).isPartial)
    }

    @Test func aFileThatCannotBeReadIsAnError() {
        #expect(Self.policy(.error, .leftOut).hasErrors)
        #expect(!Self.policy(.warning, .leftOut).hasErrors)
    }
}
