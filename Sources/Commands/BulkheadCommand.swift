public import ArgumentParser
import FlowStore
import Foundation

/// A command of `bulkhead` that can run in process.
protocol ContextCommand: ParsableCommand {
    /// Does the work; errors that are no `CommandError` are reported by their description.
    func run(in context: CommandContext) throws -> ExitStatus
}

extension ContextCommand {
    func run() throws { throw CleanExit.helpRequest(self) }
}

/// The root of all commands.
public struct BulkheadCommand: ParsableCommand {
    /// Name, summary and commands.
    public static let configuration = CommandConfiguration(
        commandName: "bulkhead",
        abstract: "Map, test and enforce who may talk to whom inside a network.",
        discussion: "Exit codes: 0 fine; 1 something was found; 2 wrong usage or unusable input.",
        version: "0.1.0",
        subcommands: subcommands)

    /// Makes the command without arguments.
    public init() {}

    static var subcommands: [any ParsableCommand.Type] {
        [
            FlowsCommand.self, MapCommand.self, WorkloadsCommand.self, PolicyCommand.self, ConnectivityCommand.self,
            BreachCommand.self,
            ScoreCommand.self, DecideCommand.self, ExplainCommand.self, RenderCommand.self, ImportCommand.self,
            ReportCommand.self,
            LabCommand.self,
        ]
    }

    /// Runs a command line in process and returns its exit code.
    public static func run(_ arguments: [String], in context: CommandContext) -> ExitStatus {
        do {
            let status = try execute(arguments, in: context)
            try context.flush()
            return status
        } catch let broken as BrokenOutput {
            // Whoever read the output has seen enough; that is no fault (as `head` does).
            return broken.code == EPIPE ? .fine : .unusable
        } catch let error as CommandError {
            return report(error.message, in: context)
        } catch let error as CocoaError {
            return report(error.reason, in: context)
        } catch {
            return report(String(describing: error), in: context)
        }
    }

    private static func report(_ message: String, in context: CommandContext) -> ExitStatus {
        do {
            try context.progress(nil)
            try context.note("bulkhead: error: \(TerminalText.line(message))")
        } catch {
            // Standard error is gone too: the exit code is all that is left to say it.
            return .unusable
        }
        return .unusable
    }

    private static func execute(_ arguments: [String], in context: CommandContext) throws -> ExitStatus {
        try CommandPath.check(arguments)
        var command: any ParsableCommand
        do {
            command = try parseAsRoot(arguments)
            if !(command is any ContextCommand) { try command.run() }
        } catch {
            guard exitCode(for: error) != .success else {
                // The parser wraps everything but the line of usage.
                for line in fullMessage(for: error, columns: context.width).components(separatedBy: "\n") {
                    if line.hasPrefix("USAGE:") { try context.say(line) } else { try context.print(line) }
                }
                return .fine
            }
            throw CommandError(Self.oneLine(message(for: error)))
        }
        guard let runnable = command as? any ContextCommand else { return .fine }
        return try runnable.run(in: context)
    }

    /// The parser's message without its prefix and in the manner of ours.
    private static func oneLine(_ message: String) -> String {
        let line = message.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .joined(separator: " ")
        guard let first = line.first else { return "unusable arguments" }
        let lowered = (first.lowercased() + line.dropFirst()).replacingOccurrences(of: "'", with: "`")
            .replacingOccurrences(of: ". Please provide", with: ", expected")
        return lowered.hasSuffix(".") ? String(lowered.dropLast()) : lowered
    }
}

/// What has to do with policy files.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check policy, and see what a change of it would do.", subcommands: subcommands
    )

    static var subcommands: [any ParsableCommand.Type] {
        [
            PolicyCheckCommand.self, PolicyAdviseCommand.self, PolicySimulateCommand.self, PolicyDiffCommand.self,
            PolicyReviewCommand.self,
            PolicyAskCommand.self,
        ]
    }
}
