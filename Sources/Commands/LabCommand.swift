import ArgumentParser
import Lab

/// `bulkhead lab`: real hosts in network namespaces.
struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Try Bulkhead on real hosts in network namespaces.",
        subcommands: [LabRunCommand.self])
}

/// `bulkhead lab run`: one boundary from the first flow to the packet that no longer passes.
struct LabRunCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Show one boundary between three tiers, with real packets before and after.",
        discussion: """
            Everything happens in network namespaces that end with the command. Exit code 1: the kernel did something \
            else than the policy says.
            """)

    @Option(help: "Where captures, flow store and policy files stay; without it they are removed.")
    var directory: String?
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        try LabIsolation.enter()
        let isText = output.format == .text
        let run = LabRun(directory: directory) { event in
            guard isText else { return }
            for line in lines(event, context) { try context.print(line) }
            try context.flush()
        }
        let report = try run.run()
        if !isText { try context.printJSON(report, output.format) }
        return report.holds ? .fine : .found
    }

    private func lines(_ event: LabEvent, _ context: CommandContext) -> [String] {
        if case .step = event { event.lines.map { context.paint($0, .bold) } } else { event.lines }
    }
}
