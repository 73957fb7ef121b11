import ArgumentParser
import Dialects
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead policy ask`: a question about policy, answered exactly.
struct PolicyAskCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Answer a question about policy: yes, no with a flow that shows it, or unknown.",
        usage: "bulkhead policy ask (--policy <path> | --from <dialect> <path>) <question> ... [options]",
        discussion: """
            Questions: `only ENDS reach ENDS on SERVICES` (nobody else reaches them); `contained in PATH`, `equivalent to PATH`, \
            `newly allowed by PATH` (what changing to the other policy opens); `redundant RULE`, `shadowed RULE`, \
            `vacuous RULE`, `contradicted RULE`. ENDS is `any`, `anyWorkload`, a workload, an address or range, an \
            address set or a selector. Unknown names the rule that prevents an answer. Exit codes: 0 yes; 1 no or unknown.
            """)

    @OptionGroup var policy: PolicyOption
    @Argument(help: "The question, as one argument or in words.")
    var question: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The other policy's language; that of the first unless given.", valueName: "dialect"))
    var otherFrom: [String] = []
    @OptionGroup var verdicts: ViewOption
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        // One argument may hold the whole question; what stands behind a file of --from belongs to it.
        var words = try DialectWords(policy.dialects.from, policy: policy.policy)
        let asked = words.takeQuestion(before: question)
        let question = try PolicyQuestion(asked)
        let mine = try context.load(words, policy.dialects, orPolicy: true)
        var status = mine.status
        let report: AskReport
        switch question {
        case .only(let sources, let targets, let services):
            let reader = try EndTextReader(mine)
            let answer = connectivity(mine, instant).onlySources(
                try reader.end(sources), reach: try reader.end(targets), on: try reader.services(services))
            report = AskReport(answer, mine.index)
        case .contained(let path):
            let other = try self.other(path, words, context)
            status = max(status, other.status)
            let (here, there) = between(mine, other, instant)
            report = AskReport(here.isContained(in: there), mine.index.adding(other.index))
        case .equivalent(let path):
            let other = try self.other(path, words, context)
            status = max(status, other.status)
            let (here, there) = between(mine, other, instant)
            report = AskReport(here.isEquivalent(to: there), mine.index.adding(other.index))
        case .newlyAllowed(let path):
            let other = try self.other(path, words, context)
            status = max(status, other.status)
            let (here, there) = between(mine, other, instant)
            let difference = ConnectivityDifference(from: here, to: there)
            report = AskReport(opened: DiffReport(difference, mine, other))
        case .standing(let property, let name):
            report = try AskReport.standing(property, rule(name, mine), connectivity(mine, instant), mine.index)
        }
        switch output.format {
        case .text: try report.print(context)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return report.answer == "yes" ? status : .found
    }

    /// Both policies as they can be compared.
    private func between(
        _ mine: AskedPolicy, _ other: AskedPolicy, _ instant: Instant
    ) -> (Connectivity, Connectivity) {
        (connectivity(mine.compared(with: other), instant), connectivity(other.compared(with: mine), instant))
    }

    private func connectivity(_ policy: AskedPolicy, _ instant: Instant) -> Connectivity {
        Connectivity(policy.engine(), at: instant, view: verdicts.view)
    }

    private func other(_ path: String, _ words: DialectWords, _ context: CommandContext) throws -> AskedPolicy {
        let language = otherFrom.isEmpty ? [(words.groups.first?.dialect ?? .bulkhead).rawValue] : otherFrom
        return try context.load(DialectWords(language, policy: path), policy.dialects, orPolicy: false)
    }

    private func rule(_ name: String, _ asked: AskedPolicy) throws -> RuleID {
        let names = Set(asked.policy.layers.flatMap(\.tiers).flatMap(\.rules).map(\.id.rawValue))
        guard names.contains(name) else {
            throw CommandError(
                "expected the name of a rule, got `\(name)`" + Suggestion.hint(for: name, among: names.sorted()))
        }
        return RuleID(rawValue: name)
    }
}

/// What is asked.
enum PolicyQuestion {
    /// What a rule may be.
    enum Property: String, CaseIterable { case redundant, shadowed, vacuous, contradicted }

    case only(String, reach: String, on: String)
    case contained(String)
    case equivalent(String)
    case newlyAllowed(String)
    case standing(Property, String)

    /// Reads a question in words.
    init(_ words: [String]) throws {
        let text = words.joined(separator: " ")
        func rest(_ prefix: String) -> String? {
            guard text.hasPrefix(prefix + " ") else { return nil }
            let rest = text.dropFirst(prefix.count + 1).drop { $0 == " " }
            return rest.isEmpty ? nil : String(rest)
        }
        if let path = rest("contained in") {
            self = .contained(path)
        } else if let path = rest("equivalent to") {
            self = .equivalent(path)
        } else if let path = rest("newly allowed by") {
            self = .newlyAllowed(path)
        } else if let match = text.wholeMatch(of: #/only (.+?) (?:reach|reaches) (.+) on (.+)/#) {
            self = .only(String(match.1), reach: String(match.2), on: String(match.3))
        } else if let property = Property.allCases.first(where: { rest($0.rawValue) != nil }),
            let name = rest(property.rawValue)
        {
            self = .standing(property, name)
        } else {
            throw CommandError(
                "expected a question: `only ENDS reach ENDS on SERVICES`, `contained in PATH`, `equivalent to PATH`, "
                    + "`newly allowed by PATH`, or `redundant`, `shadowed`, `vacuous` or `contradicted` with a rule; got `\(text)`"
            )
        }
    }
}

/// An answer in the shape of its JSON; the names are documented in `docs/commands.md`.
struct AskReport: Encodable {
    /// `yes`, `no` or `unknown`.
    let answer: String
    private(set) var witness: WitnessJSON?
    /// The rule that prevents an answer.
    private(set) var because: String?
    /// The rules that the answer is about.
    private(set) var rules: [String]?
    /// What changing to the other policy opens.
    private(set) var newlyAllowed: [DiffReport.Change]?
    private(set) var message: String?

    init(_ answer: AnalysisAnswer, _ index: PolicyIndex) {
        switch answer {
        case .yes: self.answer = "yes"
        case .no(let found):
            self.answer = "no"
            witness = WitnessJSON(found, WitnessText(index: index))
        case .unknown(let rule):
            self.answer = "unknown"
            because = rule.rawValue
        }
    }

    /// The answer to "does the other policy newly allow anything": yes with what, no, or unknown where all of it is *may*.
    init(opened report: DiffReport) {
        let sure = report.newlyAllowed.contains { $0.certainty == "must" }
        answer = report.newlyAllowed.isEmpty ? "no" : sure ? "yes" : "unknown"
        newlyAllowed = report.newlyAllowed
    }

    /// The answer to what a rule is in its policy.
    static func standing(
        _ property: PolicyQuestion.Property, _ rule: RuleID, _ connectivity: Connectivity, _ index: PolicyIndex
    ) throws -> AskReport {
        if property == .redundant { return AskReport(connectivity.isRedundant(rule), index) }
        guard let standing = connectivity.standing(of: rule) else {
            throw CommandError("expected a rule that is in force, got `\(rule)`")
        }
        return AskReport(property, standing, index)
    }

    private init(_ property: PolicyQuestion.Property, _ standing: RuleStanding, _ index: PolicyIndex) {
        switch (property, standing.effect) {
        case (.shadowed, .shadowed(let by)):
            answer = "yes"
            rules = by.map(\.rawValue)
            message =
                by.isEmpty
                ? "the defaults of tiers before it take all that it covers" : "others take all that it covers"
        case (.shadowed, .unsure(let by)):
            answer = "unknown"
            because = by.rawValue
        case (.shadowed, .decides(let found)), (.vacuous, .decides(let found)):
            answer = "no"
            witness = found.map { WitnessJSON($0, WitnessText(index: index)) }
        case (.vacuous, .vacuous): answer = "yes"
        case (.shadowed, .vacuous), (.vacuous, .shadowed), (.vacuous, .unsure): answer = "no"
        case (.contradicted, _), (.redundant, _):
            answer = standing.contradictions.isEmpty ? "no" : "yes"
            rules = standing.contradictions.map(\.rule.rawValue)
            let all = standing.contradictions.contains { $0.extent == .all }
            message =
                standing.contradictions.isEmpty ? nil : "taken from it: \(all ? "all" : "a part") of what it covers"
        }
    }

    func print(_ context: CommandContext) throws {
        let colour: Colour = answer == "yes" ? .green : answer == "no" ? .red : .yellow
        try context.say(answer, painting: answer, colour)
        if let message { try context.say(message, indent: 2) }
        if let rules { for rule in rules { try context.say("by `\(TerminalText.line(rule))`", indent: 2) } }
        if let witness { try context.say("such as \(TerminalText.line(witness.text))", indent: 2) }
        if let because { try context.say("because of `\(TerminalText.line(because))`", indent: 2) }
        for change in newlyAllowed ?? [] {
            let mark = change.certainty == "may" ? " (may)" : ""
            try context.say(TerminalText.line("+ \(change.from) => \(change.to) : \(change.text)\(mark)"), indent: 2)
            if let witness = change.witness { try context.say("such as \(TerminalText.line(witness.text))", indent: 6) }
        }
    }
}
