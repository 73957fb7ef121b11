import FlowFormats
import FlowStore
import Foundation
import Reports

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

    /// One line per kind of log that records no connections, per status of a VPC flow log, and what a capture held.
    static func streams(of report: FileReport) -> [String] {
        (report.capture.map(capture) ?? [])
            + report.lines.otherStreams.sorted { $0.key < $1.key }.map { name, count in
                let lines = "\(count) \(count == 1 ? "line" : "lines")"
                return switch name {
                case "vpc-nodata": "\(lines) of status NODATA: nothing flowed"
                case "vpc-skipdata": "\(lines) of status SKIPDATA: AWS lost flows, any number of them"
                default: "\(lines) of a `\(TerminalText.line(name))` log, which records no connections"
                }
            }
    }

    /// What became of a capture's packets.
    private static func capture(_ capture: CaptureSummary) -> [String] {
        var lines = ["\(packets(capture.read)) in flows"]
        if capture.others > 0 { lines.append("\(packets(capture.others)) of no flow: not IP") }
        if capture.fragments > 0 {
            lines.append("\(packets(capture.fragments)) counted by their first fragment alone")
        }
        if capture.cut > 0 {
            lines.append("\(packets(capture.cut)) left out: too little was captured of them; capture 128 bytes or more")
        }
        if capture.untimed > 0 { lines.append("\(packets(capture.untimed)) left out: without a time") }
        if capture.encapsulated > 0 {
            lines.append("\(packets(capture.encapsulated)) left out: inside an encapsulation that is not read")
        }
        if !capture.unknownLinks.isEmpty {
            let numbers = capture.unknownLinks.sorted().map(String.init).joined(separator: ", ")
            lines.append("packets of link type \(numbers) left out: it is not read")
        }
        if capture.overflows > 0 {
            lines.append(
                "the table of flows was full \(FlowsAmount.text(capture.overflows, "time")); flows may be split")
        }
        switch capture.fault {
        case .cut(let offset): lines.append("the capture is cut: the packet at byte \(offset) is not complete")
        case .damaged(let offset): lines.append("the capture is damaged at byte \(offset); the rest was not read")
        case nil: break
        }
        return lines
    }

    private static func packets(_ count: Int) -> String { FlowsAmount.text(count, "packet") }

    /// What files are called in a table: their last component where that tells them apart, else the whole path.
    static func names(of reports: [FileReport]) -> [String] {
        let names = reports.map { URL(fileURLWithPath: $0.path).lastPathComponent }
        let isClear = Set(names).count == names.count
        return zip(reports, names).map { TerminalText.line(isClear ? $1 : $0.path) }
    }

    /// The exit code: a file that cannot be read outweighs what was left out of others.
    static func status(of reports: [FileReport], allowsPartial: Bool) -> ExitStatus {
        if reports.contains(where: { $0.failure != nil }) { return .unusable }
        return !allowsPartial && reports.contains(where: \.isPartial) ? .found : .fine
    }
}
