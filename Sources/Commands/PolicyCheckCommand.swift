import ArgumentParser
import PolicyFiles
import PolicyModel

/// `bulkhead policy check`: findings of the files and the policy's own tests.
struct PolicyCheckCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read policy files, report what is wrong with them and run their tests.",
        discussion: "Exit codes: 0 nothing but warnings; 1 an error or a failed test; 2 nothing could be read.")

    @Argument(help: "A policy file, or a directory whose files are one policy.")
    var path: String

    @Flag(help: "Also print each workload's labels and where they come from.")
    var labels = false
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let result = PolicyDirectory.load(path, now: context.now)
        let unreadable = result.diagnostics.first { $0.severity == .error && $0.location == nil }
        if result.policy == nil, let unreadable, result.diagnostics.count == 1 {
            throw CommandError(unreadable.message)
        }
        let report = CheckReport(result, withLabels: labels)
        switch output.format {
        case .text: try CheckText(context).print(report, result.diagnostics)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return report.isFine ? .fine : .found
    }
}
