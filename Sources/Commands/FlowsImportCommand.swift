import ArgumentParser
import FlowFormats
import FlowStore
import Flows
import Foundation
import Reports

/// `bulkhead flows import`: records into the store, each line once.
struct FlowsImportCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Keep the records of flow logs in a data directory.",
        discussion: """
            Each line counts once, however often and under whatever name it comes. Exit codes: 1 when \
            something was left out, 2 when a file cannot be read; the other files are imported all the same.
            """)

    @Argument(help: "Files, or directories with files.")
    var files: [String]
    @Option(help: "The data directory; made when it is not there.")
    var data: String
    @Option(help: "Where the files were recorded, when their lines do not say it.")
    var observationPoint: String?
    @OptionGroup var partial: PartialOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        if files.contains("-") { throw CommandError("expected files, got `-`: an import reads its input twice") }
        if data.isEmpty { throw CommandError("expected the path of a directory for --data, got nothing") }
        let point = try observationPoint.map { name in
            guard let point = ObservationPoint(name) else {
                throw CommandError("expected a name for --observation-point, got nothing")
            }
            return point
        }
        let paths = try FlowsFileFinder.files(files)
        let obstacles = paths.compactMap(FlowStore.obstacle)
        if obstacles.count == paths.count {
            // Whoever mistypes a path finds no new directory.
            for obstacle in obstacles { try Self.note(obstacle, context) }
            return .unusable
        }
        let store = try FlowStore(directory: data)
        let report = try store.importFiles(paths, observationPoint: point) { progress in
            let percent =
                progress.totalBytes > 0 ? Int(Double(progress.bytes) / Double(progress.totalBytes) * 100) : 100
            try context.progress("\(TerminalText.line(progress.path)): \(percent) %, \(progress.records) records")
        }
        try context.progress(nil)
        let counts = try store.counts()
        switch output.format {
        case .text: try printText(report, counts, context)
        case .json, .jsonl: try context.printJSON(FlowsImportJSON(report, counts), output.format)
        }
        for file in report.files {
            if let failure = file.failure { try Self.note(failure, context) }
        }
        return FlowsReportText.status(of: report.files, allowsPartial: partial.allowPartial)
    }

    private static func note(_ failure: FlowStoreError, _ context: CommandContext) throws {
        try context.note("bulkhead: error: \(TerminalText.line(failure.message))")
    }

    private func printText(_ report: ImportReport, _ counts: StoreCounts, _ context: CommandContext) throws {
        let isNarrow = context.width.map { $0 < 80 } ?? false
        var columns: [(heading: String, alignment: Table.Alignment)] = [("file", .left)]
        if !isNarrow { columns += [("format", .left), ("lines", .right)] }
        columns += [("records", .right), ("new", .right), ("merged", .right), ("known", .right), ("refused", .right)]
        var table = Table(columns)
        let names = FlowsReportText.names(of: report.files)
        for (file, name) in zip(report.files, names) {
            var cells = [name]
            if !isNarrow {
                cells += [
                    file.failure == nil ? file.format?.rawValue ?? "-" : "unreadable",
                    file.capture == nil ? "\(file.lines.lines)" : "-",
                ]
            }
            cells += [file.lines.records, file.newConnections, file.merged, file.duplicates, file.lines.refusedLines]
                .map { "\($0)" }
            table.add(cells)
        }
        try context.print(table)
        for (file, name) in zip(report.files, names) {
            for line in FlowsReportText.refusals(of: file) { try context.printFitted("\(name):\(line)") }
            for line in FlowsReportText.streams(of: file) { try context.printFitted("\(name): \(line)") }
        }
        try context.printFitted(
            "\(FlowsAmount.text(report.newConnections, "new connection")); the store holds "
                + "\(FlowsAmount.text(counts.connections, "connection")) from "
                + FlowsAmount.text(counts.observations, "record"))
        try context.printFitted(
            "of \(FlowsAmount.text(counts.points, "observation point")), in \(FlowsAmount.text(counts.edges, "edge")); "
                + "\(counts.seenTwice) \(counts.seenTwice == 1 ? "was" : "were") seen by several")
    }
}

/// The report as JSON.
private struct FlowsImportJSON: Encodable {
    struct Refusal: Encodable {
        let reason: String
        let lines: Int
        let firstLine: Int?
        let firstOffset: Int?
    }

    struct Capture: Encodable {
        let packets: Int
        let others: Int
        let fragments: Int
        let cut: Int
        let untimed: Int
        let encapsulated: Int
        let unknownLinkTypes: [UInt16]
        let overflows: Int
        let fault: String?
        let faultOffset: Int?

        init(_ summary: CaptureSummary) {
            packets = summary.read
            others = summary.others
            fragments = summary.fragments
            cut = summary.cut
            untimed = summary.untimed
            encapsulated = summary.encapsulated
            unknownLinkTypes = summary.unknownLinks.sorted()
            overflows = summary.overflows
            switch summary.fault {
            case .cut(let offset): (fault, faultOffset) = ("cut", offset)
            case .damaged(let offset): (fault, faultOffset) = ("damaged", offset)
            case nil: (fault, faultOffset) = (nil, nil)
            }
        }
    }

    struct File: Encodable {
        let path: String
        let format: String?
        let capture: Capture?
        let lines: Int
        let records: Int
        let new: Int
        let merged: Int
        let known: Int
        let headersAndComments: Int
        let otherStreams: [String: Int]
        let refused: Int
        let refusals: [Refusal]
        let partialLine: Int?
        let error: String?

        init(_ report: FileReport) {
            path = report.path
            format = report.format?.rawValue
            capture = report.capture.map(Capture.init)
            lines = report.lines.lines
            records = report.lines.records
            new = report.newConnections
            merged = report.merged
            known = report.duplicates
            headersAndComments = report.lines.headersAndComments
            otherStreams = report.lines.otherStreams
            refused = report.lines.refusedLines
            refusals = FlowsReportText.reasons(of: report).map { reason, count in
                let place = report.lines.firstPlaces[reason]
                return Refusal(
                    reason: reason.rawValue, lines: count, firstLine: place?.line, firstOffset: place?.offset)
            }
            partialLine = report.lines.partialLine?.line
            error = report.failure?.message
        }
    }

    struct Store: Encodable {
        let connections: Int
        let records: Int
        let edges: Int
        let observationPoints: Int
        let seenBySeveral: Int
    }

    let files: [File]
    let newConnections: Int
    let refusedLines: Int
    let store: Store

    init(_ report: ImportReport, _ counts: StoreCounts) {
        files = report.files.map(File.init)
        newConnections = report.newConnections
        refusedLines = report.refusedLines
        store = Store(
            connections: counts.connections, records: counts.observations, edges: counts.edges,
            observationPoints: counts.points, seenBySeveral: counts.seenTwice)
    }
}
