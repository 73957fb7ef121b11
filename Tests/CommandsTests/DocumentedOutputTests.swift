import Commands
import Foundation
import Testing

/// What README and tutorial show is what the commands print; the numbers in it were counted by other means, as
/// `Examples/apt29/count.py` does.
@Suite struct DocumentedOutputTests {
    /// A command of a page, with the lines that are shown below it.
    struct Example {
        let command: String
        var shown: [Substring]
    }

    /// The columns that the pages were written for.
    private static let width = 98

    @Test(arguments: [("README.md", 3), ("docs/tutorial-first-boundary.md", 8)])
    func pagesShowWhatIsPrinted(page: String, count: Int) throws {
        let fixture = try FlowsFixture()
        var status = ExitStatus.fine
        var compared = 0
        for example in try Self.examples(of: page) {
            if example.command == "echo $?" {
                #expect(example.shown == ["\(status.rawValue)"])
                compared += 1
                continue
            }
            guard example.command.hasPrefix("bulkhead "), !example.shown.isEmpty else { continue }
            var words = example.command.split(separator: " ").dropFirst().map(String.init)
            for place in words.indices {
                if place > 0, words[place - 1] == "--data" { words[place] = fixture.data }
                if ["$LOGS", "captures/"].contains(words[place]) { words[place] = FlowsFixture.apt29 }
                if words[place].hasPrefix("Examples/") { words[place] = root.path + "/" + words[place] }
            }
            let result = fixture.run(words, width: Self.width)
            #expect(result.errors == "", "\(example.command)")
            let printed = result.output.replacingOccurrences(of: root.path + "/", with: "").split(
                separator: "\n", omittingEmptySubsequences: false
            ).dropLast()
            #expect(Self.matches(example.shown[...], printed), "\(page): \(example.command)\n\(result.output)")
            status = result.status
            compared += 1
        }
        #expect(compared == count)
    }

    /// The page whose commands write files beside one another: the program runs in a folder of its own.
    @Test func theWayFromACaptureToADraftIsWhatIsPrinted() throws {
        let page = "docs/tutorial-from-capture-to-draft.md"
        let fixture = try FlowsFixture()
        var compared = 0
        for example in try Self.examples(of: page) {
            let (output, errors) = try Self.shell(example.command, in: fixture)
            #expect(errors == "", "\(example.command)")
            let printed = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(Self.matches(example.shown[...], printed), "\(page): \(example.command)\n\(output)")
            compared += 1
        }
        #expect(compared == 14)
        let audit = try String(contentsOfFile: fixture.path("audit.html"), encoding: .utf8)
        #expect(audit.contains("Segmentation audit"))
    }

    /// Runs a line of a page by the shell, where `bulkhead` is the program that was built with these tests.
    private static func shell(_ line: String, in fixture: FlowsFixture) throws -> (output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = fixture.root
        let built = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
        process.environment = [
            "PATH": "\(built):/usr/bin:/bin", "COLUMNS": "\(width)", "LOGS": FlowsFixture.apt29,
            "HOME": fixture.root.path,
        ]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let texts = [output, errors].map {
            String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        process.waitUntilExit()
        return (texts[0], texts[1])
    }

    @Test func anEllipsisStandsForAnyLinesAndNothingElseDoes() {
        #expect(Self.matches(["a", "…"], ["a", "b", "c"]))
        #expect(Self.matches(["…", "c"], ["a", "b", "c"]))
        #expect(!Self.matches(["a"], ["a", "b"]))
        #expect(!Self.matches(["a", "…", "b"], ["a", "c"]))
        #expect(!Self.matches(["a", "b"], ["a", "B"]))
    }

    /// The commands in the blocks of a page that begin with a prompt.
    private static func examples(of page: String) throws -> [Example] {
        let text = try String(contentsOf: root.appendingPathComponent(page), encoding: .utf8)
        var result: [Example] = []
        var isInside = false
        var isConsole = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside.toggle()
                isConsole = false
            } else if isInside, line.hasPrefix("$ ") {
                isConsole = true
                result.append(Example(command: String(line.dropFirst(2)), shown: []))
            } else if isConsole {
                result[result.count - 1].shown.append(line)
            }
        }
        return result
    }

    /// Whether lines were printed as shown, where a line `…` stands for any number of them.
    private static func matches(_ shown: ArraySlice<Substring>, _ printed: ArraySlice<Substring>) -> Bool {
        guard let first = shown.first else { return printed.isEmpty }
        if first == "…" {
            return printed.indices.contains { matches(shown.dropFirst(), printed[$0...]) }
                || matches(shown.dropFirst(), [])
        }
        return printed.first == first && matches(shown.dropFirst(), printed.dropFirst())
    }
}
