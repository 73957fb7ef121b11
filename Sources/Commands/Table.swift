/// Rows under headings, fitted to the width of the terminal; what does not fit is wrapped, never cut.
struct Table {
    /// On which side a column's cells stand.
    enum Alignment {
        case left
        case right
    }

    private let headings: [String]
    private let alignments: [Alignment]
    /// From which width of the terminal a column is shown.
    private let needs: [Int]
    private var rows: [[String]] = []

    /// Makes a table; `needs` tells from which width on columns are shown that narrow terminals have no room for.
    init(_ columns: [(heading: String, alignment: Alignment)], needs: [String: Int] = [:]) {
        headings = columns.map(\.heading)
        alignments = columns.map(\.alignment)
        self.needs = columns.map { needs[$0.heading] ?? 0 }
    }

    /// The headings of the columns that a width has no room for.
    func leftOut(width: Int?) -> [String] { headings.indices.filter { needs[$0] > width ?? .max }.map { headings[$0] } }

    /// Adds a row; it has a cell for each column.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == headings.count, "a row has a cell for each column")
        rows.append(cells)
    }

    /// The lines of the table; nil means that there is no width to keep.
    func lines(width: Int?) -> [String] {
        let shown = headings.indices.filter { needs[$0] <= width ?? .max }
        let all = ([headings] + rows).map { cells in shown.map { cells[$0] } }
        var widths = shown.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        if let width {
            let gaps = 2 * (widths.count - 1)
            let words = shown.indices.map { column in all.map { Self.longestWord($0[column]) }.max() ?? 0 }
            // The widest column gives way, whole words as long as it can be, down to a size that still reads.
            for least in [words.map { max($0, Self.narrowest) }, words.map { _ in Self.narrowest }] {
                while widths.reduce(gaps, +) > width,
                    let widest = widths.indices.filter({ widths[$0] > least[$0] }).max(by: { widths[$0] < widths[$1] })
                {
                    widths[widest] -= 1
                }
            }
        }
        let alignments = shown.map { self.alignments[$0] }
        return all.flatMap { layOut($0, widths, alignments) }
    }

    /// No column gets narrower than this to keep a width.
    private static let narrowest = 8

    private static func longestWord(_ text: String) -> Int {
        text.split(separator: " ").map(\.count).max() ?? 0
    }

    private func layOut(_ cells: [String], _ widths: [Int], _ alignments: [Alignment]) -> [String] {
        let wrapped = cells.enumerated().map { Self.wrap($1, to: widths[$0]) }
        let height = wrapped.map(\.count).max() ?? 0
        return (0..<height).map { line in
            let parts = wrapped.indices.map { column -> String in
                let text = line < wrapped[column].count ? wrapped[column][line] : ""
                let padding = String(repeating: " ", count: max(0, widths[column] - text.count))
                return alignments[column] == .right ? padding + text : text + padding
            }
            var joined = parts.joined(separator: "  ")
            while joined.hasSuffix(" ") { joined.removeLast() }
            return joined
        }
    }

    /// Breaks text at spaces where it can, else after `,` `/` `:` `-`, anywhere where it must.
    static func wrap(_ text: String, to width: Int) -> [String] {
        guard text.count > width, width > 0 else { return [text] }
        var lines: [String] = []
        var rest = Substring(text)
        while rest.count > width {
            let limit = rest.index(rest.startIndex, offsetBy: width)
            let head = rest[..<limit]
            var cut = limit
            if rest[limit] != " " {
                if let space = head.lastIndex(of: " "), space > head.startIndex {
                    cut = space
                } else if let mark = head.lastIndex(where: { ",/:-".contains($0) }) {
                    cut = head.index(after: mark)
                }
            }
            lines.append(String(rest[..<cut]))
            rest = rest[cut...].drop { $0 == " " }
        }
        if !rest.isEmpty { lines.append(String(rest)) }
        return lines
    }
}
