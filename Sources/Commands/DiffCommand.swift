import ArgumentParser
import Dialects
import FlowAnalysis
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import Reports

/// `bulkhead policy diff`: what another policy would newly allow and newly cut.
struct PolicyDiffCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show how two policies differ in what may flow.",
        usage: "bulkhead policy diff [--from <dialect>] <before> <after> [options]",
        discussion: """
            Compared is what is allowed, not what is written, and nothing is sampled. Each pair of ends that \
            changes stands with a flow that shows it. `--from DIALECT BEFORE --from DIALECT AFTER` compares policies of \
            two languages. With `--data` each stands with the observed traffic that it touches. Exit codes: 0 no \
            difference; 1 a difference.
            """)

    @OptionGroup var dialects: DialectOption
    @Argument(help: ArgumentHelp("The policy before, and the one after.", valueName: "before after"))
    var paths: [String] = []
    @Flag(help: "Also compare what pods without an address may do over IPv6.")
    var ipv6 = false
    @OptionGroup var verdicts: ViewOption
    @OptionGroup var evidence: FlowsEvidenceOptions
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let sides = try sides()
        let standIns: [AddressFamily] = ipv6 ? [.ipv4, .ipv6] : [.ipv4]
        let old = try context.load([sides.0], dialects, standIns: standIns)
        let new = try context.load([sides.1], dialects, standIns: standIns)
        let (before, after) = (old.compared(with: new), new.compared(with: old))
        try context.progress("comparing \(before.workloads.count) with \(after.workloads.count) workloads")
        let difference = ConnectivityDifference(
            from: Connectivity(before.engine(), at: instant, view: verdicts.view),
            to: Connectivity(after.engine(), at: instant, view: verdicts.view))
        try context.progress(nil)
        let observed = try evidence.edges(in: context, takenFor: before.workloads).map { edges in
            let simulation = Simulation(
                edges, active: before.engine(), draft: after.engine(), at: instant, view: verdicts.view)
            return TouchedEdges(simulation, SimulateNames(after, before))
        }
        let report = DiffReport(difference, before, after, observed)
        switch output.format {
        case .text: try report.print(context)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return difference.isEmpty ? max(before.status, after.status) : .found
    }

    /// The files of both sides; those after one language are both in it.
    private func sides() throws -> (DialectFiles, DialectFiles) {
        let words = try DialectWords(dialects.from)
        var sides = words.groups.flatMap { group in group.paths.map { DialectFiles(group.dialect, paths: [$0]) } }
        let dialect = words.groups.last?.dialect ?? .bulkhead
        sides += paths.map { DialectFiles(dialect, paths: [$0]) }
        guard sides.count == 2 else {
            throw CommandError("expected two policies to compare, the one before and the one after; got \(sides.count)")
        }
        return (sides[0], sides[1])
    }
}

/// A difference in the shape of its JSON; the names are documented in `docs/commands.md`.
struct DiffReport: Encodable {
    /// One pair of ends that changes.
    struct Change: Encodable {
        let from: String
        let to: String
        let traffic: [ServiceSetText.Entry]
        /// `must` where the change is sure.
        let certainty: String
        /// A flow that is decided otherwise after.
        let witness: WitnessJSON?
        /// The observed edges that are decided otherwise after; nil when no history was asked.
        let observed: [TouchedEdges.Edge]?
        let text: String

        private enum CodingKeys: CodingKey { case from, to, traffic, certainty, witness, observed }

        var wasObserved: Bool { observed?.isEmpty == false }
    }

    private(set) var newlyAllowed: [Change] = []
    private(set) var newlyCut: [Change] = []
    /// Workloads without an address that one side alone has.
    let notCompared: [String]
    /// How many edges have no certain direction, and are told in the one recorded; nil when no history was asked.
    let uncertainDirections: Int?

    init(
        _ difference: ConnectivityDifference, _ before: AskedPolicy, _ after: AskedPolicy,
        _ observed: TouchedEdges? = nil
    ) {
        var observed = observed
        uncertainDirections = observed?.uncertainDirections
        let names = WitnessText(index: after.index.adding(before.index))
        let services = ServiceSetText(
            before.reading.protocols.flatMap { mine in after.reading.protocols.map { mine + $0 } })
        notCompared = difference.unmatched.map(\.rawValue)
        for group in difference.groups {
            for (source, destination) in group.pairs {
                newlyAllowed += Self.changes(
                    source, destination, group.newlyAllowed, group.allowedWitness, names, services, &observed)
                newlyCut += Self.changes(
                    source, destination, group.newlyCut, group.cutWitness, names, services, &observed)
            }
        }
    }

    private static func changes(
        _ source: End, _ destination: End, _ change: Traffic, _ witness: Witness?, _ names: WitnessText,
        _ services: ServiceSetText, _ observed: inout TouchedEdges?
    ) -> [Change] {
        let sure = services.listed(change.must)
        let open = services.listed(change.may.subtracting(change.must))
        return [("must", sure), ("may", open)].filter { !$0.1.isEmpty }.map { certainty, set in
            // What holds for the first pair of a group holds for all: only the addresses are others.
            let point = witness.flatMap { set.contains($0.point) ? $0.point : nil } ?? set.witness
            return Change(
                from: names.name(source), to: names.name(destination), traffic: services.entries(set),
                certainty: certainty, witness: point.map { WitnessJSON(source, destination, $0, names) },
                observed: observed?.edges(from: source, to: destination, in: set),
                text: services.shortText(set))
        }
    }

    func print(_ context: CommandContext) throws {
        for (title, sign, changes, colour) in [
            ("Newly allowed", "+", newlyAllowed, Colour.red), ("Newly cut", "-", newlyCut, .yellow),
        ] where !changes.isEmpty {
            try context.say(title, painting: title, .bold)
            for change in changes {
                let mark = change.certainty == "may" ? " (may)" : ""
                let line = "\(sign) \(change.from) => \(change.to) : \(change.text)\(mark)"
                try context.say(TerminalText.line(line), indent: 2, painting: sign, colour)
                if let witness = change.witness {
                    try context.say("such as \(TerminalText.line(witness.text))", indent: 6, .faint)
                }
                if let observed = change.observed, let text = TouchedEdges.text(observed) {
                    try context.say(TerminalText.line(text), indent: 6)
                }
            }
            try context.print()
        }
        for name in notCompared {
            try context.note("note: workload `\(TerminalText.line(name))` has no address and is on one side only")
        }
        func pairs(_ count: Int) -> String { "\(count) pair\(count == 1 ? "" : "s")" }
        try context.say("\(pairs(newlyAllowed.count)) newly allowed, \(pairs(newlyCut.count)) newly cut")
        guard let uncertainDirections else { return }
        let (opened, cut) = (newlyAllowed.count(where: \.wasObserved), newlyCut.count(where: \.wasObserved))
        try context.say("observed traffic touches \(pairs(opened)) newly allowed, \(pairs(cut)) newly cut")
        if uncertainDirections > 0 {
            try context.note(
                "note: \(FlowsAmount.text(uncertainDirections, "edge")) without a certain direction; "
                    + "`policy simulate` judges both ways")
        }
    }
}
