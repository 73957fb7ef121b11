import ArgumentParser
import Dialects
import NetworkTypes
import PolicyFiles
import PolicyModel

/// `bulkhead import`: policy of another language as Bulkhead's own files.
struct ImportCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Write policy of another language as Bulkhead's own files.",
        usage: "bulkhead import --from <dialect> <path> ... --out <directory> [options]",
        discussion: """
            What is written is read back and decides the same for every pair of ends, or nothing is written. Rules \
            keep their names and say where they come from. Exit codes: 0 written; 1 written, but of policy that was \
            read in part; 2 not written.
            """)

    @OptionGroup var dialects: DialectOption
    @Argument(help: ArgumentHelp("More files of the last language.", valueName: "path"))
    var paths: [String] = []
    @Option(help: ArgumentHelp("Where the files go: a directory that is empty or not there.", valueName: "directory"))
    var out: String
    @Option(help: ArgumentHelp("Who answers for rules that name nobody.", valueName: "name"))
    var owner = "imported"
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        guard !owner.allSatisfy(\.isWhitespace), owner.count <= 200 else {
            throw CommandError("expected a name of at most 200 characters for --owner")
        }
        let words = try DialectWords(dialects.from + paths)
        let asked = try context.load(words, dialects, orPolicy: false)
        let source = words.groups.map { "\($0.dialect.rawValue) \($0.paths.joined(separator: " "))" }
            .joined(separator: ", ")
        let written: WrittenPolicy
        do throws(WriteRefusal) {
            written = try PolicyWriter.files(
                for: asked.reading, consent.options(at: context.now, owner: owner, source: source))
        } catch {
            throw try context.refuse(error, "the policy", consent)
        }
        try context.write(written.files, to: out)
        switch output.format {
        case .text:
            for file in written.files { try context.print(TerminalText.line("\(out)/\(file.path)")) }
            try context.tell(written)
        case .json, .jsonl: try context.printJSON(WrittenJSON(written, withText: false), output.format)
        }
        return asked.reading.isPartial || asked.reading.hasErrors ? .found : .fine
    }
}
