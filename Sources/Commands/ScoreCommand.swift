import ArgumentParser
import Dialects
import Flows
import Foundation
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel

/// `bulkhead score`: how well a network is divided, in numbers that anybody can count again.
struct ScoreCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Say how well a network is divided, with the parts of the score.",
        discussion: """
            Each part is a share; the score is the sum of weight × share over the sum of the weights, in percent. \
            Counted is what is enforced, as for `bulkhead breach`. With a draft both stand side by side.
            """)

    @OptionGroup var policy: PolicyOption
    @OptionGroup var draft: DraftOption
    @OptionGroup var jewels: JewelOption
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let selector = try jewels.selector()
        let asked = try context.loadPolicy(policy)
        let new = try context.loadDraft(draft, beside: policy)
        try jewels.check(selector, asked, new, in: context)
        func numbers(_ asked: AskedPolicy) throws -> ScoreNumbers {
            try context.progress("counting pairs of \(asked.workloads.count) workloads")
            let connectivity = Connectivity(asked.engine(withEssentials: false), at: instant, view: .effective)
            let score = SegmentationScore(
                connectivity, jewels: selector, on: ServiceSetText(asked.reading.protocols).universe)
            try context.progress(nil)
            return ScoreNumbers(score)
        }
        let report = ScoreReport(
            at: instant.utcText, jewels: selector.description, now: try numbers(asked), draft: try new.map(numbers))
        switch output.format {
        case .text: try report.print(context)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return max(asked.status, new?.status ?? .fine)
    }
}

/// A score in the shape of its JSON; the names are documented in `docs/commands.md`.
struct ScoreNumbers: Encodable {
    struct Part: Encodable {
        let part: String
        let numerator: Int
        let denominator: Int
        let weight: Int
        /// Weight × numerator / denominator.
        let points: Double
    }

    let workloads: Int
    let score: Double?
    let parts: [Part]
    let notCounted: [String]
    let worst: String?
    let openToInternet: [String]

    init(_ score: SegmentationScore) {
        workloads = score.workloads
        self.score = score.total
        parts = score.parts.map {
            Part(
                part: $0.measure.rawValue, numerator: $0.numerator, denominator: $0.denominator,
                weight: $0.measure.weight, points: $0.points)
        }
        let counted = score.parts.map(\.measure)
        notCounted = SegmentationScore.Measure.allCases.filter { !counted.contains($0) }.map(\.rawValue)
        worst = score.worst?.rawValue
        openToInternet = score.openToInternet.map(\.rawValue)
    }

    /// How the score comes from the parts, and what is worst; nothing where there is nothing to count.
    func print(_ context: CommandContext) throws {
        guard let score else { return }
        let points = ScoreReport.text(parts.map(\.points).reduce(0, +))
        let weights = parts.map(\.weight).reduce(0, +)
        try context.say("\(points) points of \(weights), times 100 / \(weights) = \(ScoreReport.text(score))")
        for name in notCounted {
            let what = SegmentationScore.Measure(rawValue: name)?.text ?? name
            try context.say("not counted, since there is none: \(what)")
        }
        if let worst { try context.say(TerminalText.line("the most others are reached from \(worst)")) }
        if !openToInternet.isEmpty {
            let names = openToInternet.prefix(5).joined(separator: ", ") + (openToInternet.count > 5 ? ", …" : "")
            try context.say(TerminalText.line("open to the internet: \(names)"))
        }
    }
}

/// The score of a policy, and of a draft beside it.
struct ScoreReport: Encodable {
    let at: String
    let jewels: String
    let now: ScoreNumbers
    let draft: ScoreNumbers?

    private enum CodingKeys: CodingKey { case at, jewels, draft }

    func encode(to encoder: any Encoder) throws {
        try now.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(at, forKey: .at)
        try container.encode(jewels, forKey: .jewels)
        try container.encodeIfPresent(draft, forKey: .draft)
    }

    func print(_ context: CommandContext) throws {
        let scores = [now, draft].compactMap(\.self).map(\.score)
        guard scores.contains(where: { $0 != nil }) else {
            return try context.say("Nothing to count: there is no workload")
        }
        let texts = scores.map { $0.map(Self.text) ?? "none" }
        let with = texts.count > 1 ? "; with the draft \(texts[1])" : ""
        try context.say("Segmentation score \(texts[0]) of 100\(with)", painting: texts[0], .bold)
        try context.print()
        try printTable(context)
        try context.print()
        try now.print(context)
        guard let draft else { return }
        try context.print()
        try context.say("With the draft")
        try draft.print(context)
    }

    /// For each part that is counted: what it is, its weight, what was counted and the points, the last two also of the draft.
    var rows: [[String]] {
        SegmentationScore.Measure.allCases.compactMap { measure in
            func cells(_ numbers: ScoreNumbers) -> [String] {
                guard let part = numbers.parts.first(where: { $0.part == measure.rawValue }) else { return ["-", "-"] }
                return ["\(part.numerator)/\(part.denominator)", Self.text(part.points)]
            }
            let counted = cells(now) + (draft.map(cells) ?? [])
            return counted.allSatisfy { $0 == "-" } ? nil : [measure.text, String(measure.weight)] + counted
        }
    }

    private func printTable(_ context: CommandContext) throws {
        var columns: [(heading: String, alignment: Table.Alignment)] = [
            ("POINTS", .right), ("OF", .right), ("COUNTED", .right),
        ]
        if draft != nil { columns += [("DRAFT", .right), ("COUNTED", .right)] }
        var table = Table(columns + [("WHAT", .left)])
        for row in rows {
            table.add([row[3], row[1], row[2]] + (draft == nil ? [] : [row[5], row[4]]) + [row[0]])
        }
        try context.print(table)
    }

    static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}

extension SegmentationScore.Measure {
    /// What is counted, in words.
    fileprivate var text: String {
        switch self {
        case .separatedPairs: "pairs of workloads without a connection"
        case .meanBlastRadius: "pairs without a path of any number of hops"
        case .largestBlastRadius: "other workloads out of reach from the worst one"
        case .crownJewels: "pairs of a workload and a crown jewel out of its reach"
        case .enforcement: "workloads in mode selective or full"
        case .internet: "workloads that the internet cannot connect to"
        }
    }
}
