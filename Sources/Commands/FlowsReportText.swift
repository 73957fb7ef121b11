import FlowFormats
import FlowStore
import Foundation

/// The lines of a file report that both flow commands say in the same way.
enum FlowsReportText {
    /// One line per reason, most frequent first, with the place of the first line.
    static func refusals(of report: FileReport) -> [String] {
        var lines = reasons(of: report).map { reason, count -> String in
            let place = report.lines.firstPlaces[reason]
            let start = place.map { "\($0.line): " } ?? " "
            return count == 1
                ? "\(start)1 line refused as \(reason.rawValue)"
                : "\(start)\(count) lines refused as \(reason.rawValue), this is the first"
        }
        if let partial = report.lines.partialLine {
            lines.append("\(partial.line): the last line is not complete; import the file again when it has grown")
        }
        return lines
    }

    /// Refused lines by reason, most frequent first.
    static func reasons(of report: FileReport) -> [(RefusalReason, Int)] {
        report.lines.refused.sorted { $0.value == $1.value ? $0.key.rawValue < $1.key.rawValue : $0.value > $1.value }
            .map { ($0.key, $0.value) }
    }

    /// One line per kind of log that records no connections, and per status of a VPC flow log.
    static func streams(of report: FileReport) -> [String] {
        report.lines.otherStreams.sorted { $0.key < $1.key }.map { name, count in
            let lines = "\(count) \(count == 1 ? "line" : "lines")"
            return switch name {
            case "vpc-nodata": "\(lines) of status NODATA: nothing flowed"
            case "vpc-skipdata": "\(lines) of status SKIPDATA: AWS lost flows, any number of them"
            default: "\(lines) of a `\(TerminalText.line(name))` log, which records no connections"
            }
        }
    }

    /// What files are called in a table: their last component where that tells them apart, else the whole path.
    static func names(of reports: [FileReport]) -> [String] {
        let names = reports.map { URL(fileURLWithPath: $0.path).lastPathComponent }
        let isClear = Set(names).count == names.count
        return zip(reports, names).map { TerminalText.line(isClear ? $1 : $0.path) }
    }

    /// The exit code: a file that cannot be read outweighs refused lines.
    static func status(of reports: [FileReport]) -> ExitStatus {
        if reports.contains(where: { $0.failure != nil }) { return .unusable }
        return reports.contains { $0.lines.refusedLines > 0 } ? .found : .fine
    }
}
