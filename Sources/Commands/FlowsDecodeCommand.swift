import ArgumentParser
import FlowFormats
import FlowStore
import Foundation

/// `bulkhead flows decode`: the records of files, in one form.
struct FlowsDecodeCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Print the records of flow logs as normalised JSON lines.",
        discussion: """
            Zeek conn logs (JSON or TSV), AWS VPC flow logs, conntrack text, packet captures (pcap, pcapng) and what \
            this command prints are told by content; gzip is unpacked. Exit codes: 1 when something was left out, 2 \
            when a file cannot be read.
            """)

    @Argument(help: "Files, or `-` for standard input.")
    var files: [String]
    @OptionGroup var partial: PartialOption
    @Option(help: "jsonl for lines as they are read, json for one array.")
    var format: OutputFormat = .jsonl

    func validate() throws {
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("expected `-` at most once") }
    }

    func run(in context: CommandContext) throws -> ExitStatus {
        guard format != .text else { throw CommandError("expected --format jsonl or json, since records are JSON") }
        var isFirst = true
        if format == .json { try context.write([0x5B]) }
        let reports = try FlowDecoding.decode(files) { line in
            if format == .json {
                try context.write(isFirst ? [0x0A] : [0x2C, 0x0A])
                try context.write(line.dropLast())
            } else {
                try context.write(line)
            }
            isFirst = false
        }
        if format == .json { try context.write([0x0A, 0x5D, 0x0A]) }
        for report in reports {
            for line in FlowsReportText.refusals(of: report) {
                try context.note("\(TerminalText.line(report.path)):\(line)")
            }
            for stream in FlowsReportText.streams(of: report) {
                try context.note("\(TerminalText.line(report.path)): \(stream)")
            }
            if let failure = report.failure {
                try context.note("bulkhead: error: \(TerminalText.line(failure.message))")
            }
        }
        return FlowsReportText.status(of: reports, allowsPartial: partial.allowPartial)
    }
}
