/// A report as one HTML file that reads nothing from elsewhere and prints well.
public struct ReportPage {
    /// A number that stands at the top.
    public struct Number {
        /// How good it is to have it so.
        public enum Tone: String { case good, bad, plain }

        let value: String
        let meaning: String
        let tone: Tone

        /// Makes a number with what it means, in a few words.
        public init(_ value: String, _ meaning: String, _ tone: Tone = .plain) {
            self.value = value
            self.meaning = meaning
            self.tone = tone
        }
    }

    /// A table; all its cells are plain text.
    public struct Table {
        let columns: [(title: String, isNumber: Bool)]
        private(set) var rows: [(cells: [String], look: String)] = []

        /// Makes a table without rows; a title that begins with `#` is that of a column of numbers or times.
        public init(_ titles: [String]) {
            columns = titles.map { ($0.hasPrefix("#") ? String($0.dropFirst()) : $0, $0.hasPrefix("#")) }
        }

        /// Adds a row; `isBad` and `isOpen` mark it.
        public mutating func add(_ cells: [String], isBad: Bool = false, isOpen: Bool = false) {
            rows.append((cells, isBad ? "denied-row" : isOpen ? "undecided-row" : ""))
        }

        /// Whether it has no rows.
        public var isEmpty: Bool { rows.isEmpty }
    }

    private let title: String
    private var body = ""

    /// Makes a page with nothing but a title.
    public init(title: String) { self.title = title }

    /// Adds the numbers that stand at the top.
    public mutating func add(_ numbers: [Number]) {
        body += "<div class=\"numbers\">"
        for number in numbers {
            body += "<div><b class=\"\(number.tone.rawValue)\">\(Markup.escaped(number.value))</b>"
            body += "\(Markup.escaped(number.meaning))</div>"
        }
        body += "</div>\n"
    }

    /// Begins a section.
    public mutating func begin(_ title: String) { body += "<h2>\(Markup.escaped(title))</h2>\n" }

    /// Begins a part of a section.
    public mutating func beginPart(_ title: String) { body += "<h3>\(Markup.escaped(title))</h3>\n" }

    /// Adds a paragraph.
    public mutating func say(_ text: String) { body += "<p>\(Markup.escaped(text))</p>\n" }

    /// Adds a table of 5,000 rows at most, and says how many are left out; without rows, the sentence.
    public mutating func add(_ table: Table, orSay nothing: String) {
        guard !table.isEmpty else { return say(nothing) }
        body += "<table><thead><tr>"
        for column in table.columns {
            body += "<th\(column.isNumber ? " class=\"n\"" : "")>\(Markup.escaped(column.title))</th>"
        }
        body += "</tr></thead>\n<tbody>\n"
        for row in table.rows.prefix(Page.rows) {
            body += "<tr class=\"\(row.look)\">"
            for (cell, column) in zip(row.cells, table.columns) {
                body += column.isNumber ? "<td class=\"n\">\(Markup.escaped(cell))</td>" : Page.cell(cell)
            }
            body += "</tr>\n"
        }
        body += "</tbody></table>\(Page.rest(table.rows.count))\n"
    }

    /// Adds the picture of a map.
    public mutating func add(_ drawing: MapDrawing) { body += MapPage.picture(drawing) }

    /// The page.
    public var text: String { Page.text(title: title, body: body) }
}
