import ArgumentParser
import Commands
import Foundation
import Testing

/// `docs/commands.md` and `--help` speak of the same commands.
struct CommandDocumentationTests {
    /// The words of every command, groups included.
    static let commands: [[String]] = {
        func below(_ type: any ParsableCommand.Type, _ path: [String]) -> [[String]] {
            type.configuration.subcommands.flatMap { next -> [[String]] in
                let here = path + [next._commandName]
                return [here] + below(next, here)
            }
        }
        return below(BulkheadCommand.self, [])
    }()

    @Test func thereAreCommands() { #expect(Self.commands.count >= 6) }

    @Test(arguments: commands) func helpIsNoError(_ command: [String]) throws {
        for arguments in [command + ["--help"], command + ["-h"], ["help"] + command] {
            let help = try Invocation(arguments, width: 80)
            #expect(help.status == .fine)
            #expect(help.errors == "")
            #expect(help.output.contains("USAGE: bulkhead \(command.joined(separator: " "))"))
            #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        }
    }

    @Test(arguments: commands) func everyCommandAndOptionIsDocumented(_ command: [String]) throws {
        let page = try String(contentsOf: root.appendingPathComponent("docs/commands.md"), encoding: .utf8)
        let name = "bulkhead " + command.joined(separator: " ")
        let section = try #require(
            page.components(separatedBy: "\n## ").first { $0.hasPrefix("`\(name)`") },
            "expected a section `## \\`\(name)\\``")
        let help = try Invocation(command + ["--help"]).output
        for option in help.matches(of: #/--[a-z][a-z-]+/#).map({ String($0.output) })
        where !["--help", "--version"].contains(option) {
            #expect(section.contains("`\(option)"), "\(name) \(option)")
        }
    }

    @Test func bareCommandLineShowsHelp() throws {
        let help = try Invocation([])
        #expect(help.status == .fine)
        #expect(help.output.contains("SUBCOMMANDS:"))
        #expect(try Invocation(["--version"]).output.wholeMatch(of: #/\d+\.\d+\.\d+\n/#) != nil)
    }
}
