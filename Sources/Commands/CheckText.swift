import PolicyFiles
import PolicyModel

/// What a check found, for people: findings, failed tests, labels, counts.
struct CheckText {
    let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func print(_ report: CheckReport, _ diagnostics: [Diagnostic]) throws {
        // One line each and never wrapped, so that editors find the places.
        for finding in diagnostics {
            try context.print(
                context.paint(TerminalText.line(finding.text), finding.severity == .error ? .red : .yellow))
        }
        for test in report.tests where !test.passed { try self.test(test) }
        for boundary in report.boundaries { try boundary.print(context, onlyBroken: true) }
        guard let summary = report.summary else {
            try context.print(context.paint("\(Self.count(report.errors, "error")): nothing is loaded", .red))
            return
        }
        if let workloads = report.workloads { try labels(workloads) }
        let modes = summary.workloadsByMode.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        try context.say(
            "\(Self.count(summary.workloads, "workload")) (\(modes.joined(separator: ", "))), "
                + "\(Self.count(summary.rules, "rule")) in \(Self.count(summary.rulesets, "ruleset")), "
                + "\(Self.count(summary.guardrails, "guardrail")), \(Self.count(summary.quarantines, "quarantine")), "
                + (summary.identities == 1 ? "1 identity" : "\(summary.identities) identities"))
        let tests =
            "\(report.testsPassed) of \(Self.count(report.tests.count + report.boundaries.count, "test")) passed"
        try context.say(
            "\(tests), \(Self.count(report.warnings, "warning"))", painting: tests,
            report.testsFailed == 0 ? .green : .red)
    }

    private func test(_ test: CheckReport.Test) throws {
        let place = test.location.map { "\(TerminalText.line($0)): " } ?? ""
        try context.print(context.paint("\(place)test `\(test.name)` failed", .red))
        try context.say(test.flow, indent: 2)
        try context.say("expected \(test.expected), got \(test.got) (\(test.reason))", indent: 2)
        try context.say("decided at the source by \(test.decidedBy.source)", indent: 2)
        try context.say("decided at the destination by \(test.decidedBy.destination)", indent: 2)
    }

    private func labels(_ workloads: [CheckReport.LabelledWorkload]) throws {
        var table = Table([("workload", .left), ("label", .left), ("given by", .left), ("written at", .left)])
        for workload in workloads {
            if workload.labels.isEmpty { table.add([workload.workload, "(none)", "", ""]) }
            for label in workload.labels {
                let place = label.file.map { file in label.line.map { "\(file):\($0)" } ?? file }
                table.add([
                    workload.workload, "\(label.key)=\(label.value)",
                    label.labelRule.map { "label rule \($0)" } ?? "the workload",
                    TerminalText.line(place ?? ""),
                ])
            }
        }
        try context.print(table)
        try context.print()
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
