/// How far an intruder gets, for people.
struct BreachText {
    private let context: CommandContext
    private let by: String
    private let top: Int

    init(_ context: CommandContext, by: String, top: Int) {
        self.context = context
        self.by = by
        self.top = top
    }

    func print(_ report: BreachReport) throws {
        let name = report.workload
        try say("An intruder on \(name) reaches, as enforced:")
        try say("now: \(Self.sum(report.now))", indent: 2)
        if let draft = report.draft { try say("with the draft: \(Self.sum(draft))", indent: 2) }
        try printGroups(report)
        try printJewels(report)
        try printExits(name, report.now, report.draft == nil ? "" : " now")
        if let draft = report.draft { try printExits(name, draft, " with the draft") }
        try printOnlyEssential(report)
    }

    private func say(
        _ text: String, indent: Int = 0, painting words: String? = nil, _ colour: Colour? = nil
    ) throws {
        try context.say(TerminalText.line(text), indent: indent, painting: words, colour)
    }

    private static func sum(_ side: BreachReport.Side) -> String {
        let jewels = side.crownJewels
        let perhaps = side.reached.filter { $0.sureHops == nil }.count
        return "\(side.reached.count) of \(count(side.otherWorkloads, "other workload"))"
            + (perhaps > 0 ? " (\(perhaps) only perhaps)" : "")
            + ", \(jewels.filter { $0.hops != nil }.count) of \(count(jewels.count, "crown jewel"))"
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// How many are reached in how many hops, by label.
    private func printGroups(_ report: BreachReport) throws {
        struct Row {
            let hops: Int
            let group: String
            var counts = ["", ""]
            var examples: [String] = []
        }
        var rows: [Row] = []
        for (column, side) in [report.now, report.draft].enumerated() {
            for group in side?.groups ?? [] {
                let jewels = group.crownJewels > 0 ? " (\(Self.count(group.crownJewels, "crown jewel")))" : ""
                let known = rows.firstIndex { $0.hops == group.hops && $0.group == group.group }
                if known == nil { rows.append(Row(hops: group.hops, group: group.group)) }
                let row = known ?? rows.count - 1
                rows[row].counts[column] = "\(group.workloads)\(jewels)"
                if rows[row].examples.isEmpty {
                    let more = group.workloads > group.examples.count ? ", …" : ""
                    rows[row].examples = [group.examples.joined(separator: ", ") + more]
                }
            }
        }
        guard !rows.isEmpty else { return }
        rows.sort { ($0.hops, $0.group) < ($1.hops, $1.group) }
        var columns: [(heading: String, alignment: Table.Alignment)] = [
            ("HOPS", .right), (by.uppercased(), .left), (report.draft == nil ? "WORKLOADS" : "NOW", .left),
        ]
        if report.draft != nil { columns.append(("DRAFT", .left)) }
        var table = Table(columns + [(heading: "SUCH AS", alignment: .left)])
        for row in rows.prefix(top) {
            let counts = report.draft == nil ? [row.counts[0]] : row.counts
            table.add(([String(row.hops), row.group] + counts + row.examples).map(TerminalText.line))
        }
        try context.print()
        try context.print(table)
        try sayRest(rows.count, "line")
    }

    private func printJewels(_ report: BreachReport) throws {
        let sides = [("now", report.now)] + (report.draft.map { [("with the draft", $0)] } ?? [])
        let names = Set(sides.flatMap { $0.1.crownJewels.map(\.workload) }).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        try context.print()
        if names.isEmpty { return try say("No other workload is a crown jewel (\(report.jewels)).") }
        try context.say("Crown jewels", painting: nil, .bold)
        for name in names.prefix(top) {
            for (title, side) in sides {
                let prefix = report.draft == nil ? name : "\(name) \(title)"
                guard let jewel = side.crownJewels.first(where: { $0.workload == name }) else {
                    try say("\(prefix): no crown jewel", indent: 2)
                    continue
                }
                guard let hops = jewel.hops else {
                    try say("\(prefix): not reached", indent: 2, painting: "not reached", .green)
                    continue
                }
                let reach = "reached in \(Self.count(hops, "hop"))"
                let sure = jewel.sureHops.map { $0 == hops ? "" : ", for sure in \($0)" } ?? ", perhaps"
                try say("\(prefix): \(reach)\(sure)", indent: 2, painting: reach, .red)
                for step in jewel.path { try say("\(step.from) → \(step.to) : \(step.text)", indent: 6) }
            }
        }
        try sayRest(names.count, "crown jewel")
    }

    private func printExits(_ name: String, _ side: BreachReport.Side, _ when: String) throws {
        try context.print()
        if side.exits.isEmpty { return try say("No way out of \(name)\(when)") }
        try say("Ways out of \(name)\(when)", .bold)
        for exit in side.exits.prefix(top) {
            let ranges = exit.to.split(separator: ",")
            let more = ranges.count > 5 ? " and \(Self.count(ranges.count - 5, "range")) more" : ""
            try say("\(ranges.prefix(5).joined(separator: ","))\(more) : \(exit.text)", indent: 2)
        }
        try sayRest(side.exits.count, "way")
    }

    private func printOnlyEssential(_ report: BreachReport) throws {
        let side = report.draft ?? report.now
        guard !side.onlyEssential.isEmpty else { return }
        let names = side.onlyEssential.prefix(3).joined(separator: ", ")
        let more = side.onlyEssential.count > 3 ? ", …" : ""
        try context.print()
        try say(
            "Reached by essential traffic alone, which is no hop\(report.draft == nil ? "" : ", with the draft"): "
                + "\(Self.count(side.onlyEssential.count, "workload")), such as \(names)\(more)")
    }

    private func sayRest(_ count: Int, _ noun: String) throws {
        guard count > top else { return }
        try say("and \(Self.count(count - top, noun)) more; `--top` or `--format json` shows them")
    }
}
