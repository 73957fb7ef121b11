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
            Counted is what is enforced, as for `bulkhead breach`.
            """)

    @OptionGroup var policy: PolicyOption
    @OptionGroup var jewels: JewelOption
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let selector = try jewels.selector()
        let asked = try context.loadPolicy(policy)
        try context.progress("counting pairs of \(asked.workloads.count) workloads")
        let connectivity = Connectivity(asked.engine(withEssentials: false), at: instant, view: .effective)
        let score = SegmentationScore(
            connectivity, jewels: selector, on: ServiceSetText(asked.reading.protocols).universe)
        try context.progress(nil)
        let report = ScoreReport(score, at: instant, jewels: selector)
        switch output.format {
        case .text: try report.print(context)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return asked.status
    }
}

/// A score in the shape of its JSON; the names are documented in `docs/commands.md`.
struct ScoreReport: Encodable {
    struct Part: Encodable {
        let part: String
        let numerator: Int
        let denominator: Int
        let weight: Int
        /// Weight × numerator / denominator.
        let points: Double
    }

    let at: String
    let jewels: String
    let workloads: Int
    let score: Double?
    let parts: [Part]
    let notCounted: [String]
    let worst: String?
    let openToInternet: [String]

    init(_ score: SegmentationScore, at instant: Instant, jewels: Selector) {
        at = instant.utcText
        self.jewels = jewels.description
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

    func print(_ context: CommandContext) throws {
        guard let score else { return try context.say("Nothing to count: there is no workload") }
        try context.say("Segmentation score \(Self.text(score)) of 100", painting: Self.text(score), .bold)
        try context.print()
        var table = Table([("POINTS", .right), ("OF", .right), ("COUNTED", .right), ("WHAT", .left)])
        for part in parts {
            let what = SegmentationScore.Measure(rawValue: part.part)?.text ?? part.part
            table.add([
                Self.text(part.points), String(part.weight), "\(part.numerator)/\(part.denominator)", what,
            ])
        }
        for line in table.lines(width: context.width) { try context.print(line) }
        let points = Self.text(parts.map(\.points).reduce(0, +))
        let weights = parts.map(\.weight).reduce(0, +)
        try context.print()
        try context.say("\(points) points of \(weights), times 100 / \(weights) = \(Self.text(score))")
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

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
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
