import ArgumentParser
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead policy check`: findings of the files and the policy's own tests.
struct PolicyCheckCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read policy files, report what is wrong with them and run their tests.",
        discussion: "Exit codes: 0 nothing but warnings; 1 an error or a failed test; 2 nothing could be read.")

    @Argument(help: "A policy file, or a directory whose files are one policy.")
    var path: String

    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let result = PolicyDirectory.load(path, now: context.now)
        let unreadable = result.diagnostics.first { $0.severity == .error && $0.location == nil }
        if result.policy == nil, let unreadable, result.diagnostics.count == 1 {
            throw CommandError(unreadable.message)
        }
        let report = CheckReport(result)
        switch output.format {
        case .text: try printText(report, result, context)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return report.isFine ? .fine : .found
    }

    private func printText(_ report: CheckReport, _ result: PolicyLoadResult, _ context: CommandContext) throws {
        for finding in result.diagnostics {
            let colour: Colour = finding.severity == .error ? .red : .yellow
            try context.print(context.paint(finding.text, colour))
        }
        for test in report.tests where !test.passed {
            let place = test.location.map { "\($0): " } ?? ""
            try context.print(context.paint("\(place)test `\(test.name)` failed", .red))
            try context.print("  \(test.flow)")
            try context.print("  expected \(test.expected), got \(test.got) (\(test.reason))")
            try context.print("  source: \(test.decidedBy.source)   destination: \(test.decidedBy.destination)")
        }
        guard let summary = report.summary else {
            let word = report.errors == 1 ? "error" : "errors"
            try context.print(context.paint("\(report.errors) \(word): nothing is loaded", .red))
            return
        }
        let modes = summary.workloadsByMode.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        try context.print(
            "\(summary.workloads) workloads (\(modes.joined(separator: ", "))), \(summary.rules) rules in "
                + "\(summary.rulesets) rulesets, \(summary.guardrails) guardrails, \(summary.quarantines) quarantines, "
                + "\(summary.identities) identities")
        let failed = report.tests.filter { !$0.passed }.count
        let tests = "\(report.tests.count - failed) of \(report.tests.count) tests pass"
        try context.print(context.paint("\(tests), \(report.warnings) warnings", failed == 0 ? .green : .red))
    }
}

/// What a check found, in the shape of its JSON.
private struct CheckReport: Encodable {
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

    let errors: Int
    let warnings: Int
    let findings: [Finding]
    let tests: [Test]
    let summary: Summary?

    var isFine: Bool { errors == 0 && tests.allSatisfy(\.passed) }

    init(_ result: PolicyLoadResult) {
        findings = result.diagnostics.map {
            Finding(
                severity: $0.severity.rawValue, code: $0.code, message: $0.message, file: $0.location?.file,
                line: $0.location?.line, column: $0.location?.column)
        }
        errors = result.diagnostics.filter { $0.severity == .error }.count
        warnings = result.diagnostics.count - errors
        guard let loaded = result.policy else {
            tests = []
            summary = nil
            return
        }
        let engine = PolicyEngine(workloads: loaded.workloads, policy: loaded.policy.lowered())
        tests = loaded.tests.map { Self.run($0, engine) }
        var modes: [String: Int] = [:]
        for workload in loaded.workloads { modes[workload.mode?.rawValue ?? "without agent", default: 0] += 1 }
        summary = Summary(
            workloads: loaded.workloads.count, workloadsByMode: modes, rulesets: loaded.policy.rulesets.count,
            rules: loaded.policy.rulesets.reduce(0) { $0 + $1.rules.count },
            guardrails: loaded.policy.guardrails.count, quarantines: loaded.policy.quarantines.count,
            identities: engine.identityCount)
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
