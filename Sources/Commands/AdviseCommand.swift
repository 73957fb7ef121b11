import ArgumentParser
import Dialects
import FlowAnalysis
import Flows
import Foundation
import NetworkTypes
import PolicyFiles
import PolicyModel
import Reports

/// `Tightness` as an argument.
enum TightnessName: String, ExpressibleByArgument, CaseIterable {
    case app, tier, port

    var tightness: Tightness {
        switch self {
        case .app: .app
        case .tier: .tier
        case .port: .port
        }
    }
}

/// `bulkhead policy advise`: a least-privilege draft from what was observed.
struct PolicyAdviseCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "advise", abstract: "Propose least-privilege rules from observed traffic.",
        discussion: """
            Only trusted traffic between ends that somebody named becomes rules: what failed, scans, short visits to many, \
            beacons, administration, one-off jobs and unnamed addresses are left out and listed for review. What rules \
            allow already needs none. Without `--policy` an inventory is inferred first, as `workloads suggest` does. With `--out` the policy's files and the new rules are written as a draft that \
            `policy simulate --draft` tests. Nothing is ever enforced by this command. Exit code 1: something \
            suspicious was left out, or less than a business cycle was seen.
            """)

    @Option(help: ArgumentHelp("The policy with the workloads: a file or a directory.", valueName: "path"))
    var policy: String?
    @OptionGroup var history: FlowsHistoryOptions
    @OptionGroup var facts: HostFactsOptions
    @Option(help: "app: applications apart; tier: tiers apart; port: also only the services that were seen.")
    var tightness = TightnessName.port
    @Option(help: "The label dimensions that tell groups apart, the tier last, separated by commas.")
    var by = "env,app,role"
    @Option(help: ArgumentHelp("Who answers for the rules.", valueName: "name"))
    var owner = "advisor"
    @Option(help: ArgumentHelp("How long a full business cycle takes.", valueName: "days"))
    var cycle = AdviceQuestion.usualCycle
    @Option(help: ArgumentHelp("Where the draft goes: a directory that is empty or not there.", valueName: "directory"))
    var out: String?
    @Option(help: "How many lines a table shows; JSON has all.")
    var top = 40
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    /// Days until somebody must look at advised rules again: network rules are reviewed at least every six months (PCI DSS
    /// v4.0, requirement 1.2.7).
    static let reviewDays: Int64 = 180

    func validate() throws {
        if top < 1 { throw ValidationError("expected a number from 1 for --top, got `\(top)`") }
        if !(1...3660).contains(cycle) { throw ValidationError("expected 1 to 3660 days for --cycle, got `\(cycle)`") }
        if policy != nil, !(facts.csv + facts.dns).isEmpty {
            throw ValidationError(
                "--csv and --dns help to infer an inventory; with --policy, `workloads suggest` takes them")
        }
        if owner.allSatisfy(\.isWhitespace) || owner.count > 200 {
            throw ValidationError("expected a name of at most 200 characters for --owner")
        }
    }

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let dimensions = try LabelKey.list(by)
        let asked = try policy.map {
            try context.load([DialectFiles(.bulkhead, paths: [$0])], try DialectOption.parse([]))
        }
        let edges = try history.history.timedEdges(in: context, takenFor: asked?.workloads ?? [])
        let (known, refused) = try facts.facts(in: context)
        let inferred = asked == nil ? InventorySuggestion(edges.map(\.edge), facts: known) : nil
        let workloads = asked?.workloads ?? inferred?.hosts.map(\.workload) ?? []
        let lattice = asked?.reading.loaded?.policy ?? Policy()
        try context.progress("advising on \(FlowsAmount.text(edges.count, "edge"))")
        let review = Instant(rawValue: instant.rawValue + Self.reviewDays * 86_400_000_000_000)
        let advice = Advice(
            edges, workloads: workloads, policy: lattice, at: instant,
            AdviceQuestion(
                tightness: tightness.tightness, dimensions: dimensions, tier: dimensions.last, owner: owner,
                review: review,
                cycle: cycle))
        try context.progress(nil)
        if let out {
            var files = base()
            if let inferred { files.append(WrittenFile(path: "inferred.yaml", text: inferred.file(owner: owner))) }
            let services = asked?.reading.loaded?.services ?? [:]
            if let file = rules(advice, lattice.addressSets, services, review, beside: files) { files.append(file) }
            try context.write(files, to: out)
        }
        let names = AdviceNames(workloads) { asked?.index.name(of: $0) ?? $0.rawValue }
        if inferred != nil, output.format == .text {
            try context.say(
                "inferred: \(FlowsAmount.text(workloads.count, "workload")) by traffic alone, for want of --policy; "
                    + "`workloads suggest` says why", painting: "inferred", .yellow)
            try context.print()
        }
        switch output.format {
        case .text: try AdviceText(context, names, top: top).print(advice, out: out)
        case .json, .jsonl:
            try context.printJSON(AdviceJSON(advice, names, at: instant, isInferred: inferred != nil), output.format)
        }
        let isSuspicious = advice.doubted.contains { $0.doubt.isSuspicious }
        return isSuspicious || advice.isProvisional || refused > 0 ? .found : asked?.status ?? .fine
    }

    /// The policy's own files as they are.
    private func base() -> [WrittenFile] {
        guard let policy else { return [] }
        var findings = Findings()
        let base = policy.hasSuffix("/") ? policy : policy + "/"
        return PolicyFileFinder.sources(at: policy, findings: &findings).map { source in
            let name =
                source.name.hasPrefix(base)
                ? String(source.name.dropFirst(base.count)) : URL(fileURLWithPath: source.name).lastPathComponent
            return WrittenFile(path: name, text: String(decoding: source.bytes, as: UTF8.self))
        }
    }

    /// The new rules as a file; nil where there are none.
    private func rules(
        _ advice: Advice, _ sets: [AddressSetID: AddressSet], _ services: [ServiceName: [ServiceTerm]],
        _ review: Instant,
        beside files: [WrittenFile]
    ) -> WrittenFile? {
        guard !advice.rulesets.isEmpty else { return nil }
        var policy = Policy(addressSets: sets)
        policy.rulesets = advice.rulesets
        var head = "Proposed by `bulkhead policy advise` from observed traffic; to be reviewed before it is enforced."
        if let span = advice.span { head += "\nSeen from \(span.lowerBound.utcText) to \(span.upperBound.utcText)." }
        if advice.isProvisional { head += "\nProvisional: less than a business cycle of \(cycle) days was seen." }
        var name = "advised.yaml"
        var number = 2
        while files.contains(where: { $0.path == name }) {
            name = "advised-\(number).yaml"
            number += 1
        }
        let text = RulesetText.file(
            policy, services: services, owner: owner, review: String(review.utcText.prefix(10)), head: head)
        return WrittenFile(path: name, text: text)
    }
}

/// What addresses are called in advice.
struct AdviceNames {
    private var workloads: [IPAddress: String] = [:]

    init(_ list: [Workload], _ name: (WorkloadID) -> String) {
        for workload in list {
            for address in workload.addresses {
                let name = name(workload.id)
                workloads[address] = workloads[address].map { $0 + "+" + name } ?? name
            }
        }
    }

    func workload(_ address: IPAddress) -> String? { workloads[address] }
    func end(_ address: IPAddress) -> String { workloads[address] ?? address.description }
}
