/// Rows under headings, as a step of the lab shows them; the same rows go into JSON.
public struct LabTable: Codable, Hashable, Sendable {
    /// The headings.
    public var columns: [String]
    /// The cells, as many a row as there are headings.
    public var rows: [[String]]
    /// A line below the rows, for people.
    public var note: String?

    /// Makes a table.
    public init(columns: [String], rows: [[String]], note: String? = nil) {
        self.columns = columns
        self.rows = rows
        self.note = note
    }

    /// Lines with the columns aligned; numbers to the right.
    public var lines: [String] {
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        let isNumber = columns.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { $0.indices.contains(column) && Int($0[column]) != nil }
        }
        let text = ([columns] + rows).map { row in
            var line = ""
            for (column, width) in widths.enumerated() {
                let text = row.indices.contains(column) ? row[column] : ""
                let padding = String(repeating: " ", count: width - text.count)
                line += (column == 0 ? "" : "  ") + (isNumber[column] ? padding + text : text + padding)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
        return text + (note.map { [$0] } ?? [])
    }
}
