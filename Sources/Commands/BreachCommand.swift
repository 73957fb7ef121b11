import ArgumentParser
import Dialects
import Flows
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead breach`: how far an intruder on a workload gets.
struct BreachCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "breach", abstract: "Show how far an intruder on a workload gets, now and with a draft.",
        usage: "bulkhead breach --policy <path> <workload> [--draft <path>] [options]",
        discussion: """
            A hop is a connection that a workload in the intruder's hands may open to another. Only what is enforced \
            stops them; a condition that is not known counts as met. What only essential traffic reaches (neighbour \
            discovery, listener reports, finding DHCP) is told apart and is no hop. Exit code 1: a crown jewel is \
            reached, with --draft: under the draft.
            """)

    @OptionGroup var policy: PolicyOption
    @Argument(help: ArgumentHelp("Where the intruder is.", valueName: "workload"))
    var workload: [String] = []
    @OptionGroup var draft: DraftOption
    @OptionGroup var jewels: JewelOption
    @Option(help: ArgumentHelp("Labels that workloads are counted by, separated by commas.", valueName: "dimensions"))
    var by = "role"
    @Flag(help: "Let what every host of Bulkhead's needs make hops: neighbour discovery, listener reports, DHCP.")
    var essential = false
    @Option(help: "How many lines of a kind the text shows; JSON has all.")
    var top = 40
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func validate() throws {
        if top < 1 { throw ValidationError("expected a number from 1 for --top, got `\(top)`") }
    }

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let selector = try jewels.selector()
        let dimensions = try by.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let key = LabelKey(word) else {
                throw CommandError("expected label dimensions such as `app,role` for --by, got `\(by)`")
            }
            return key
        }
        let (active, words) = try context.loadPolicy(policy, workload, count: 1)
        guard words.count == 1 else {
            throw CommandError("expected the workload where the intruder is, got \(words.count) words")
        }
        let new = try context.loadDraft(draft, beside: policy)
        try jewels.check(selector, active, new, in: context)
        let start = try Self.workload(words[0], in: active)
        let now = try side(active, start, selector, dimensions, instant, context)
        let after = try new.map { try side($0, start, selector, dimensions, instant, context) }
        try context.progress(nil)
        let report = BreachReport(
            workload: start.rawValue, at: instant.utcText, jewels: selector.description, now: now, draft: after)
        switch output.format {
        case .text: try BreachText(context, by: by, top: top).print(report)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return (after ?? now).reachesJewel ? .found : max(active.status, new?.status ?? .fine)
    }

    private func side(
        _ asked: AskedPolicy, _ start: WorkloadID, _ jewels: Selector, _ dimensions: [LabelKey], _ instant: Instant,
        _ context: CommandContext
    ) throws -> BreachReport.Side {
        try context.progress("following an intruder through \(asked.workloads.count) workloads")
        func connectivity(withEssentials: Bool) -> Connectivity {
            Connectivity(asked.engine(withEssentials: withEssentials), at: instant, view: .effective)
        }
        let services = ServiceSetText(asked.reading.protocols)
        let found = Breach(
            from: start, over: connectivity(withEssentials: essential),
            essential: essential ? nil : connectivity(withEssentials: true), on: services.universe)
        guard let found else { throw CommandError("expected the draft to have the workload `\(start)`") }
        return BreachReport.Side(found, asked, services, jewels: jewels, dimensions)
    }

    /// The workload of an identifier, or of another name that no other has.
    private static func workload(_ text: String, in asked: AskedPolicy) throws -> WorkloadID {
        if asked.workloads.contains(where: { $0.id.rawValue == text }) { return WorkloadID(rawValue: text) }
        let named = asked.workloads.map(\.id).filter { asked.names(of: $0).contains(text) }
        guard let only = named.first else {
            let names = asked.workloads.map(\.id.rawValue).sorted()
            throw CommandError("expected a workload, got `\(text)`" + Suggestion.hint(for: text, among: names))
        }
        guard named.count == 1 else {
            let first = named.sorted().prefix(3).map { "`\($0)`" }.joined(separator: ", ")
            throw CommandError("expected one workload, got `\(text)`, the name of \(named.count), such as \(first)")
        }
        return only
    }
}
