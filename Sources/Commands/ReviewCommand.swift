import ArgumentParser
import Dialects
import FlowAnalysis
import Flows
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead policy review`: rules that do nothing, or not what they say, and boundaries that do not hold.
struct PolicyReviewCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Find rules that are in vain or contradict others, references to nothing, broken boundaries.",
        usage: "bulkhead policy review (<path> | --policy <path> | --from <dialect> <path>) [options]",
        discussion: """
            Only what is sure is reported, each with its reason. The tests of the policy that ask for a boundary \
            (`only`) are asked too. With `--data` also rules that no observed traffic asked for, or only in part, with \
            a narrower proposal. Exit codes: 0 nothing found; 1 something found.
            """)

    @OptionGroup var policy: PolicyOption
    @Argument(help: ArgumentHelp("A policy, or more files of the last language.", valueName: "path"))
    var paths: [String] = []
    @OptionGroup var verdicts: ViewOption
    @OptionGroup var evidence: FlowsEvidenceOptions
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let asked = try context.loadPolicy(policy, orAt: paths)
        try context.progress("reviewing \(asked.policy.layers.flatMap(\.tiers).flatMap(\.rules).count) rules")
        let engine = asked.engine()
        let connectivity = Connectivity(engine, at: instant, view: verdicts.view)
        let review = PolicyReview(connectivity)
        let boundaries = BoundaryOutcome.all(of: asked)
        try context.progress(nil)
        let guardrails = Set((asked.reading.loaded?.policy.guardrails ?? []).map(\.id))
        var report = ReviewReport(review, boundaries, asked.index, guardrails: guardrails)
        if let edges = try evidence.edges(in: context, takenFor: asked.workloads) {
            report.add(RuleUse.findings(edges, of: engine, at: instant), ObservedSpan(edges), asked.index)
        }
        switch output.format {
        case .text: try report.print(context)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return report.isFine ? asked.status : .found
    }
}

/// A review in the shape of its JSON; the names are documented in `docs/commands.md`.
struct ReviewReport: Encodable {
    struct Finding: Encodable {
        let kind: String
        let rule: String?
        let layer: String?
        let by: [String]
        let message: String
        let place: String?
    }

    private(set) var findings: [Finding]
    let boundaries: [BoundaryOutcome]
    /// The traffic that rules were held against; nil when no history was asked.
    private(set) var observed: ObservedSpan?

    var isFine: Bool { findings.isEmpty && boundaries.allSatisfy(\.holds) }

    /// Makes a report; a guardrail that changes nothing now is no finding, since it is there for rules to come.
    init(
        _ review: PolicyReview, _ boundaries: [BoundaryOutcome], _ index: PolicyIndex, guardrails: Set<RuleID>
    ) {
        self.boundaries = boundaries
        let told = review.findings.filter { finding in
            if case .rule(let id) = finding.place, finding.kind == .redundant { return !guardrails.contains(id) }
            return true
        }
        findings = told.map { finding in
            let (kind, by, message) = Self.text(finding.kind)
            switch finding.place {
            case .rule(let id):
                return Finding(
                    kind: kind, rule: id.rawValue, layer: nil, by: by, message: message, place: index.place(of: id))
            case .tier(let tier, let layer):
                return Finding(
                    kind: kind, rule: nil, layer: "\(layer)/\(tier)", by: by, message: message, place: nil)
            case .layer(let layer):
                return Finding(kind: kind, rule: nil, layer: layer.rawValue, by: by, message: message, place: nil)
            }
        }
    }

    /// Adds what observed traffic did not ask for.
    mutating func add(_ use: [RuleUse.Finding], _ span: ObservedSpan, _ index: PolicyIndex) {
        observed = span
        findings += use.map { finding in
            let (kind, message) = finding.excess.text
            return Finding(
                kind: kind, rule: finding.rule.rawValue, layer: nil, by: [], message: message,
                place: index.place(of: finding.rule))
        }
    }

    private static func text(_ kind: PolicyReview.Finding.Kind) -> (kind: String, by: [String], message: String) {
        switch kind {
        case .vacuous(let why): ("vacuous", [], "it matches nothing: \(text(why))")
        case .shadowed(let rules):
            (
                "shadowed", rules.map(\.rawValue),
                rules.isEmpty
                    ? "it never decides: the defaults of tiers before it take all that it covers"
                    : "it never decides: \(list(rules)) \(rules.count == 1 ? "takes" : "take") all that it covers"
            )
        case .redundant: ("redundant", [], "without it everything would be decided alike")
        case .contradicted(let rule, let extent):
            (
                "contradicted", [rule.rawValue],
                "`\(rule)`, which does the opposite, takes \(extent == .all ? "all" : "a part") of what it covers"
            )
        case .missing(let reference): ("missing-reference", [], "it names \(reference), which matches nothing")
        }
    }

    private static func text(_ why: RuleStanding.Vacuity) -> String {
        switch why {
        case .expired: "it is no longer in force"
        case .noTraffic: "no protocol and port is among its services"
        case .noSource: "nobody can be its source"
        case .noDestination: "nobody can be its destination"
        case .notEnforced: "nothing is enforced where it would hold"
        case .noPair: "there are sources and destinations, but no two that it holds between"
        }
    }

    private static func list(_ rules: [RuleID]) -> String { rules.map { "`\($0)`" }.joined(separator: ", ") }

    func print(_ context: CommandContext) throws {
        for finding in findings {
            let place = finding.place.map { "\($0): " } ?? ""
            let subject = finding.rule ?? finding.layer ?? ""
            try context.print(
                TerminalText.line("\(place)\(finding.kind): `\(subject)`: \(finding.message)"))
        }
        for boundary in boundaries { try boundary.print(context, onlyBroken: true) }
        let broken = boundaries.filter { !$0.holds }.count
        var parts = [findings.count == 1 ? "1 finding" : "\(findings.count) findings"]
        if !boundaries.isEmpty { parts.append("\(boundaries.count - broken) of \(boundaries.count) boundaries hold") }
        try context.say(parts.joined(separator: ", "))
        if let observed { try context.say(observed.text) }
    }
}
