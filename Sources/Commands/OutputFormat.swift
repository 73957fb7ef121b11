import ArgumentParser
import Foundation

/// How a result is written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people.
    case text
    /// One JSON document.
    case json
    /// One JSON document a line, for streams.
    case jsonl
}

/// The option that every command has.
struct FormatOption: ParsableArguments {
    @Option(help: "How the result is written: text, json or jsonl.")
    var format: OutputFormat = .text
}

extension CommandContext {
    /// Prints a value as JSON with sorted keys: one line for `jsonl`, indented for `json`.
    func printJSON(_ value: some Encodable, _ format: OutputFormat = .json) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if format != .jsonl { encoder.outputFormatting.insert(.prettyPrinted) }
        try write(encoder.encode(value))
        try write([0x0A])
    }
}
