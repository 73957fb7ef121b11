import FlowAnalysis
import FlowFormats
import FlowStore
import Foundation
import NetworkTypes
import PolicyModel

/// What files say about hosts: a list of hosts, and names that a name server gave.
struct HostFactsReader {
    private let context: CommandContext
    private(set) var facts = HostFacts()

    /// The most lines that are told one by one when they are of no use.
    private static let told = 10

    init(_ context: CommandContext) { self.context = context }

    /// Reads a CSV file (RFC 4180): `address` is required, `name` may be there, every other column is a label.
    ///
    /// A row of no use is told with its place and passed over; the result says how many were.
    mutating func readCSV(_ path: String) throws -> Int {
        let rows = try CSVText.rows(try text(path), path)
        guard let header = rows.first else { throw CommandError("expected a header in `\(path)`, got an empty file") }
        let names = header.cells.map { $0.lowercased() }
        guard let address = names.firstIndex(of: "address") else {
            throw CommandError(
                "expected a column `address` in the first line of `\(path)`, got "
                    + header.cells.map { "`\($0)`" }.joined(separator: ", ") + "; commas stand between columns")
        }
        guard Set(names).count == names.count else {
            throw CommandError("expected each column once in the first line of `\(path)`")
        }
        let keys = try names.enumerated().filter { !["address", "name"].contains($0.element) }.map { place, name in
            guard let key = LabelKey(name) else {
                throw CommandError("expected a label as the name of column \(place + 1) of `\(path)`, got `\(name)`")
            }
            return (place, key)
        }
        var refused = 0
        for row in rows.dropFirst() {
            guard row.cells.count == header.cells.count else {
                try refuse(path, row.line, "expected \(header.cells.count) cells, got \(row.cells.count)", &refused)
                continue
            }
            guard let found = IPAddress(row.cells[address]) else {
                try refuse(path, row.line, "expected an address, got `\(row.cells[address])`", &refused)
                continue
            }
            let stated = keys.filter { !row.cells[$0.0].isEmpty }
            if let (place, key) = stated.first(where: { LabelValue(row.cells[$0.0]) == nil }) {
                try refuse(path, row.line, "expected a value for `\(key)`, got `\(row.cells[place])`", &refused)
                continue
            }
            if let place = names.firstIndex(of: "name"), !row.cells[place].isEmpty {
                facts.names[found] = row.cells[place]
            }
            var labels = facts.labels[found] ?? [:]
            for (place, key) in stated { labels[key] = LabelValue(row.cells[place]) }
            facts.labels[found] = labels
        }
        try sayRest(path, refused)
        return refused
    }

    private func refuse(_ path: String, _ line: Int, _ reason: String, _ refused: inout Int) throws {
        refused += 1
        if refused <= Self.told { try context.note(TerminalText.line("\(path):\(line): \(reason)")) }
    }

    private func sayRest(_ path: String, _ refused: Int) throws {
        guard refused > Self.told else { return }
        try context.note(TerminalText.line("\(path): \(refused - Self.told) more lines are of no use"))
    }

    /// Reads a Zeek dns log in JSON, or a packet capture: the first name asked for whose answer an address was.
    ///
    /// A line that is no such record is told with its place and passed over; the result says how many were.
    mutating func readDNS(_ path: String) throws -> Int {
        let report = try FlowDecoding.decode([path]) { _ in }.first
        if let capture = report?.capture {
            for (address, name) in capture.names where !name.hasSuffix(".arpa") && facts.names[address] == nil {
                facts.names[address] = name
            }
            guard capture.isPartial else { return 0 }
            try context.note(
                TerminalText.line("\(path): a part of the capture was left out; `flows decode` says which"))
            return 1
        }
        var refused = 0
        for (number, line) in try text(path).split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard let object, let query = object["query"] as? String ?? (object["rcode"] == nil ? nil : "") else {
                try refuse(path, number + 1, "expected a record of Zeek's dns log in JSON", &refused)
                continue
            }
            // Answers that are no addresses are aliases on the way there.
            for case let answer as String in object["answers"] as? [Any] ?? []
            where query.count <= 253 && !query.isEmpty {
                if let address = IPAddress(answer), !query.hasSuffix(".arpa"), facts.names[address] == nil {
                    facts.names[address] = query
                }
            }
        }
        try sayRest(path, refused)
        return refused
    }

    private func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("expected a readable file at `\(path)`")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw CommandError("expected UTF-8 text in `\(path)`")
        }
        return text
    }
}

/// Comma-separated values (RFC 4180).
enum CSVText {
    struct Row {
        let line: Int
        let cells: [String]
    }

    static func rows(_ text: String, _ path: String) throws -> [Row] {
        var rows: [Row] = []
        var cells: [String] = []
        var cell = ""
        var isQuoted = false
        var wasQuoted = false
        var (line, start) = (1, 1)
        func finish() {
            cells.append(wasQuoted ? cell : cell.trimmingCharacters(in: .whitespaces))
            (cell, wasQuoted) = ("", false)
        }
        func endRow() {
            finish()
            if cells != [""] { rows.append(Row(line: start, cells: cells)) }
            cells = []
        }
        var rest = Substring(text.replacing("\r\n", with: "\n"))
        while let character = rest.popFirst() {
            if isQuoted {
                if character == "\"" {
                    if rest.first == "\"" { cell.append(rest.removeFirst()) } else { isQuoted = false }
                } else {
                    if character == "\n" { line += 1 }
                    cell.append(character)
                }
                continue
            }
            switch character {
            case "\"" where cell.allSatisfy(\.isWhitespace): (cell, isQuoted, wasQuoted) = ("", true, true)
            case ",": finish()
            case "\n":
                endRow()
                line += 1
                start = line
            default: cell.append(character)
            }
        }
        if isQuoted { throw CommandError("\(path):\(start): expected a closing quote") }
        if !cell.isEmpty || !cells.isEmpty { endRow() }
        return rows
    }
}
