import ArgumentParser
import Dialects
import Flows
import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyFiles
import PolicyModel

/// What has to do with the text of packet filters.
struct RenderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Write policy as what enforces it reads it.",
        subcommands: [RenderNftablesCommand.self, RenderKubernetesCommand.self])
}

/// `bulkhead render nftables`: the ruleset of one workload.
struct RenderNftablesCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "nftables", abstract: "Print the nftables ruleset of a workload, as it is first installed.",
        usage: "bulkhead render nftables (--policy <path> | --from <dialect> <path>) <workload> [options]",
        discussion: """
            `nft -c -f -` checks the text, `nft -f -` installs it where there is no table `inet bulkhead` yet. What a \
            packet filter cannot tell is said on standard error.
            """)

    @OptionGroup var policy: PolicyOption
    @Argument(help: ArgumentHelp("The name of the workload.", valueName: "workload"))
    var names: [String] = []
    @Option(help: ArgumentHelp("The number that log prefixes and the jumps' comments carry.", valueName: "number"))
    var generation: UInt64 = 1
    @Option(help: ArgumentHelp("The group of NFLOG that denied packets are sampled to.", valueName: "number"))
    var logGroup: UInt16 = 66
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let (asked, words) = try context.loadPolicy(policy, names, count: 1)
        guard words.count == 1 else {
            throw CommandError("expected the name of one workload, got \(words.count)")
        }
        let program = try program(of: words[0], asked)
        let rendered: RenderedRuleset
        do {
            rendered = try PacketFilter.render(
                program, options: RenderOptions(instant: instant, generation: generation, logGroup: logGroup))
        } catch {
            throw CommandError("cannot render `\(program.workload)`: \(error)")
        }
        switch output.format {
        case .text: try context.write(rendered.text.utf8)
        case .json, .jsonl:
            try context.printJSON(RenderJSON(program, rendered, generation, instant), output.format)
        }
        try tell(program, rendered, asked.index, context)
        return asked.status
    }

    private func program(of workload: String, _ asked: AskedPolicy) throws -> WorkloadProgram {
        guard asked.reading.loaded != nil else {
            throw CommandError(
                "expected Bulkhead's own policy among the languages, since its agents enforce nothing else; "
                    + "`bulkhead import` makes it of others")
        }
        var builder = ProgramBuilder(asked.engine())
        guard let program = builder.program(for: WorkloadID(rawValue: workload)) else {
            let hint = Suggestion.hint(for: workload, among: asked.workloads.map(\.id.rawValue))
            throw CommandError("expected the name of a workload, got `\(workload)`\(hint)")
        }
        guard program.mode != nil else {
            throw CommandError("expected a workload with an agent, but `\(workload)` has none that could enforce")
        }
        return program
    }

    /// What the text alone does not say.
    private func tell(
        _ program: WorkloadProgram, _ rendered: RenderedRuleset, _ index: PolicyIndex, _ context: CommandContext
    ) throws {
        switch program.mode {
        case .idle: try context.note("note: `\(program.workload)` is in mode idle: its chains are empty")
        case .visibility:
            try context.note(
                "note: `\(program.workload)` is in mode visibility: what full mode would deny is counted and logged, nothing is dropped"
            )
        case .selective, .full, nil: break
        }
        if program.isQuarantined {
            try context.note("note: `\(program.workload)` is in quarantine and therefore in mode full")
        }
        for rule in rendered.matchesNothing {
            let place = index.place(of: rule).map { TerminalText.line("\($0): ") } ?? ""
            try context.note(
                "\(place)warning: `\(rule)` asks for a process or a principal, which a packet filter cannot tell: "
                    + "here it matches nothing")
        }
        if let change = rendered.holdsUntil {
            try context.note("note: a rule begins or ends at \(change.utcText): render again then")
        }
    }
}

/// A rendering as JSON; the names are documented in `docs/commands.md`.
private struct RenderJSON: Encodable {
    let workload: String
    let mode: String?
    let isQuarantined: Bool
    let generation: UInt64
    let at: String
    let holdsUntil: String?
    let text: String
    let references: [String: String]
    let matchesNothing: [String]

    init(_ program: WorkloadProgram, _ rendered: RenderedRuleset, _ generation: UInt64, _ instant: Instant) {
        workload = program.workload.rawValue
        mode = program.mode?.rawValue
        isQuarantined = program.isQuarantined
        self.generation = generation
        at = instant.utcText
        holdsUntil = rendered.holdsUntil?.utcText
        text = rendered.text
        references = Dictionary(uniqueKeysWithValues: rendered.references.map { ($0.key.description, $0.value.name) })
        matchesNothing = rendered.matchesNothing.map(\.rawValue)
    }
}
