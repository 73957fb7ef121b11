import ArgumentParser

/// What has to do with flow records.
struct FlowsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flows", abstract: "Read flow records, and keep them.",
        subcommands: [FlowsDecodeCommand.self, FlowsImportCommand.self])
}
