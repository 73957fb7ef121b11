import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// What a check found, in the shape of its JSON; the names are documented in `docs/commands.md`.
struct CheckReport: Encodable {
    struct Finding: Encodable {
        let severity: String
        let code: String
        let message: String
        let file: String?
        let line: Int?
        let column: Int?
    }

    struct Test: Encodable {
        let name: String
        let location: String?
        let flow: String
        let expected: String
        let got: String
        let reason: String
        let decidedBy: DecisionJSON.Ends
        let passed: Bool
    }

    struct Summary: Encodable {
        let workloads: Int
        let workloadsByMode: [String: Int]
        let rulesets: Int
        let rules: Int
        let guardrails: Int
        let quarantines: Int
        let identities: Int
    }

    struct Label: Encodable {
        let key: String
        let value: String
        /// The label rule that gives it; nil where the workload states it itself.
        let labelRule: String?
        let file: String?
        let line: Int?
    }

    struct LabelledWorkload: Encodable {
        let workload: String
        let labels: [Label]
    }

    let errors: Int
    let warnings: Int
    let testsPassed: Int
    let testsFailed: Int
    let findings: [Finding]
    let tests: [Test]
    let boundaries: [BoundaryOutcome]
    let summary: Summary?
    /// Only where labels were asked for.
    let workloads: [LabelledWorkload]?

    var isFine: Bool { errors == 0 && testsFailed == 0 }

    init(_ result: PolicyLoadResult, withLabels: Bool) {
        findings = result.diagnostics.map {
            Finding(
                severity: $0.severity.rawValue, code: $0.code, message: $0.message, file: $0.location?.file,
                line: $0.location?.line, column: $0.location?.column)
        }
        errors = result.diagnostics.filter { $0.severity == .error }.count
        warnings = result.diagnostics.count - errors
        guard let loaded = result.policy else {
            tests = []
            boundaries = []
            (testsPassed, testsFailed) = (0, 0)
            summary = nil
            workloads = nil
            return
        }
        let engine = PolicyEngine(workloads: loaded.workloads, policy: loaded.policy.lowered())
        tests = loaded.tests.map { Self.run($0, engine) }
        boundaries = BoundaryOutcome.all(of: AskedPolicy(DialectPolicy(result)))
        testsPassed = tests.filter(\.passed).count + boundaries.filter(\.holds).count
        testsFailed = tests.count + boundaries.count - testsPassed
        workloads = withLabels ? loaded.workloads.map { Self.labels($0, loaded) } : nil
        var modes: [String: Int] = [:]
        for workload in loaded.workloads { modes[workload.mode?.rawValue ?? "without agent", default: 0] += 1 }
        summary = Summary(
            workloads: loaded.workloads.count, workloadsByMode: modes, rulesets: loaded.policy.rulesets.count,
            rules: loaded.policy.rulesets.reduce(0) { $0 + $1.rules.count },
            guardrails: loaded.policy.guardrails.count, quarantines: loaded.policy.quarantines.count,
            identities: engine.identityCount)
    }

    private static func labels(_ workload: Workload, _ loaded: LoadedPolicy) -> LabelledWorkload {
        let sources = loaded.labelProvenance[workload.id] ?? [:]
        let labels = workload.labels.sorted { $0.key < $1.key }.map { key, value -> Label in
            var rule: String?
            var place: Diagnostic.Location?
            switch sources[key] {
            case .labelRule(let name, let location): (rule, place) = (name, location)
            case .workload(let location): place = location
            case nil: break
            }
            return Label(
                key: key.description, value: value.description, labelRule: rule, file: place?.file, line: place?.line)
        }
        return LabelledWorkload(workload: workload.id.rawValue, labels: labels)
    }

    private static func run(_ loaded: LoadedTest, _ engine: PolicyEngine) -> Test {
        let flow = loaded.test.flow
        let verdict = engine.decide(flow, at: loaded.at).policy
        return Test(
            name: loaded.test.id, location: loaded.test.location.map { "\($0.file):\($0.line)" }, flow: flow.text,
            expected: loaded.test.expected.word, got: verdict.outcome.word, reason: verdict.reason,
            decidedBy: DecisionJSON.Ends(verdict), passed: verdict.outcome == loaded.test.expected)
    }
}
