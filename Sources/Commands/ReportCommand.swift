import ArgumentParser
import FlowAnalysis
import NetworkTypes
import PolicyModel

/// `bulkhead report`: what is handed to others.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write what others ask for: auditors, owners, the next review.",
        subcommands: [ReportAuditCommand.self])
}

/// `bulkhead report audit`: who has access to what and why, in one file.
struct ReportAuditCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Write who has access to what and why, as one HTML file.",
        discussion: """
            The map, every group of observed connections with the rules that decide it, what no rule explains, every \
            rule with its owner, reason and use, the segmentation score, and how far an intruder gets from each \
            group. With a draft also what it would break and open, and score and intruder under it. The page goes to \
            standard output unless --out names a file; it reads nothing from elsewhere, and prints.
            """)

    @OptionGroup var history: FlowsHistoryOptions
    @OptionGroup var policy: PolicyOption
    @OptionGroup var draft: DraftOption
    @OptionGroup var jewels: JewelOption
    @Option(help: "The label dimensions to group by, from outside to inside, separated by commas.")
    var by = "env,app,role"
    @Option(
        help: ArgumentHelp(
            "A Zeek dns log in JSON or a packet capture, whose answers name addresses.", valueName: "file"))
    var dns: [String] = []
    @Option(help: ArgumentHelp("Where the page goes; a file that is there is replaced.", valueName: "file"))
    var out: String?
    @OptionGroup var time: TimeOption
    @Option(help: "text for the page, json or jsonl for what it says.")
    var format: OutputFormat = .text

    func run(in context: CommandContext) throws -> ExitStatus {
        let dimensions = try LabelKey.list(by)
        let instant = try time.instant(in: context)
        let selector = try jewels.selector()
        let asked = try context.loadPolicy(policy)
        let new = try context.loadDraft(draft, beside: policy)
        try jewels.check(selector, asked, new, in: context)
        if !asked.workloads.contains(where: { workload in dimensions.contains { workload.labels[$0] != nil } }) {
            try context.note("no workload has a label of \(by), so that all stand in one group")
        }
        var reader = HostFactsReader(context)
        var refused = 0
        for path in dns { refused += try reader.readDNS(path) }
        let edges = try history.edges(in: context, withDirections: true, takenFor: asked.workloads)
        var audit = AuditReport(
            asked, edges, names: reader.facts.names, by: dimensions, jewels: selector, at: instant)
        try audit.addScoreAndBreach(asked, draft: new, jewels: selector, by: dimensions, at: instant, context)
        if let new { audit.add(draft: new, asked, edges, instant) }
        try context.progress(nil)
        let page = AuditPage(audit, asked, edges, names: reader.facts.names, by: dimensions, at: instant).text
        if let out { try context.replace(out, with: page) }
        switch format {
        case .json, .jsonl: try context.printJSON(audit, format)
        case .text:
            if let out {
                try context.say(TerminalText.line("written to \(out)"))
                for line in audit.summary { try context.say(line) }
            } else {
                try context.write(page.utf8)
            }
        }
        return max(asked.status, new?.status ?? .fine, refused > 0 ? .found : .fine)
    }
}
