import ArgumentParser
import PolicyFiles

/// The words of a command line that name a command.
enum CommandPath {
    /// Throws where a word should name a command and names none; what follows the command is the parser's to judge.
    static func check(_ arguments: [String]) throws {
        var command: any ParsableCommand.Type = BulkheadCommand.self
        var path = "bulkhead"
        let asksForHelp = arguments.first == "help"
        for argument in asksForHelp ? arguments.dropFirst() : arguments[...] {
            let names = names(below: command)
            if argument.hasPrefix("-") { return }
            if names.isEmpty {
                guard asksForHelp else { return }
                throw CommandError("expected nothing after the command `\(path)`, got `\(argument)`")
            }
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == argument }) else {
                let hint = Suggestion.hint(for: argument, among: names)
                throw CommandError("expected a command of `\(path)`: \(list(names)), got `\(argument)`\(hint)")
            }
            command = next
            path += " \(argument)"
        }
        let names = names(below: command)
        guard asksForHelp || names.isEmpty || command == BulkheadCommand.self else {
            throw CommandError("expected a command of `\(path)`: \(list(names)), got none")
        }
    }

    private static func names(below command: any ParsableCommand.Type) -> [String] {
        command.configuration.subcommands.map { $0._commandName }
    }

    private static func list(_ names: [String]) -> String {
        let quoted = names.map { "`\($0)`" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }
}
