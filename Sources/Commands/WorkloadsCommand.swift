import ArgumentParser
import Dialects
import FlowAnalysis
import Flows
import Foundation
import NetworkTypes
import PolicyModel
import Reports

/// `bulkhead workloads`: the inventory.
struct WorkloadsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workloads", abstract: "Propose, check and record an inventory.",
        subcommands: [WorkloadsSuggestCommand.self, WorkloadsRecordCommand.self])
}

/// What is known of hosts besides their traffic.
struct HostFactsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A list of hosts: address, name, and a column for each label.", valueName: "file"))
    var csv: [String] = []
    @Option(
        help: ArgumentHelp(
            "A Zeek dns log in JSON or a packet capture, whose answers name addresses.", valueName: "file"))
    var dns: [String] = []

    /// Reads the files; tells how many lines were of no use.
    func facts(in context: CommandContext) throws -> (facts: HostFacts, refused: Int) {
        var reader = HostFactsReader(context)
        var refused = 0
        for path in dns { refused += try reader.readDNS(path) }
        // What a list states wins over what a name server said.
        for path in csv { refused += try reader.readCSV(path) }
        return (reader.facts, refused)
    }
}

/// `bulkhead workloads suggest`: hosts and labels from traffic, names and lists.
struct WorkloadsSuggestCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "suggest", abstract: "Propose workloads and labels from observed traffic, names and lists.",
        discussion: """
            Every label stands with its reason and how sure it is; people decide. With `--policy` only hosts that the \
            policy does not know are proposed, and its labels are held against traffic. With `--out` the proposal is \
            written as a policy file. Exit code 1: the inventory has faults, or a line of a file was of no use.
            """)

    @OptionGroup var history: FlowsHistoryOptions
    @OptionGroup var policy: PolicyOption
    @OptionGroup var facts: HostFactsOptions
    @Option(help: ArgumentHelp("Who answers for the inventory.", valueName: "name"))
    var owner = "advisor"
    @Option(help: ArgumentHelp("Where the proposal goes: a file that is not there.", valueName: "file"))
    var out: String?
    @Option(help: "How many lines a table shows; JSON has all.")
    var top = 40
    @OptionGroup var output: FormatOption

    func validate() throws {
        if top < 1 { throw ValidationError("expected a number from 1 for --top, got `\(top)`") }
    }

    func run(in context: CommandContext) throws -> ExitStatus {
        let hasPolicy = policy.policy != nil || !policy.dialects.from.isEmpty
        let asked = hasPolicy ? try context.loadPolicy(policy) : nil
        let (known, refused) = try facts.facts(in: context)
        let edges = try history.edges(in: context)
        let suggestion = InventorySuggestion(edges, facts: known, known: asked?.workloads ?? [])
        if let out {
            guard !FileManager.default.fileExists(atPath: out) else {
                throw CommandError("expected a file that is not there for --out, got `\(out)`")
            }
            do {
                try Data(suggestion.file(owner: owner).utf8).write(to: URL(fileURLWithPath: out))
            } catch {
                throw CommandError("cannot write `\(out)`: \(error.localizedDescription)")
            }
        }
        let report = SuggestReport(suggestion)
        switch output.format {
        case .text: try report.print(context, top: top, out: out)
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return suggestion.issues.isEmpty && refused == 0 ? .fine : .found
    }
}

extension InventorySuggestion {
    /// The hosts as a policy file, with the reasons.
    func file(owner: String) -> String {
        InventoryText.file(
            hosts.map { host in
                (
                    workload: host.workload,
                    reasons: host.labels.map { "\($0.key): \($0.reason.text) (\($0.confidence) %)" }
                )
            }, owner: owner,
            head: """
                Inferred by `bulkhead workloads suggest` from observed traffic; to be reviewed by people.
                Percentages say how sure a label is.
                """)
    }
}

extension LabelProposal.Reason {
    /// The reason in words.
    var text: String {
        switch self {
        case .stated: "stated in a list"
        case .name(let word): "`\(word)` in its name"
        case .serves(let service, let clients): "serves \(service) to \(FlowsAmount.text(clients, "host"))"
        case .onlyAsks: "asks others and serves nobody a known service"
        case .alike(let count): "\(FlowsAmount.text(count, "host")) of its role ask for the same"
        case .subnet(let prefix): "its address lies in \(prefix)"
        }
    }
}

/// A suggestion in the shape of its JSON; the names are documented in `docs/commands.md`.
struct SuggestReport: Encodable {
    struct Label: Encodable {
        let key: String
        let value: String
        let confidence: Int
        let reason: String

        init(_ proposal: LabelProposal) {
            key = proposal.key.description
            value = proposal.value.description
            confidence = proposal.confidence
            reason = proposal.reason.text
        }
    }

    struct Host: Encodable {
        let name: String
        let addresses: [String]
        let labels: [Label]
    }

    struct Fault: Encodable {
        let kind: String
        let workload: String?
        let message: String
        let proposal: Label?
    }

    let hosts: [Host]
    /// Addresses that may be a stranger's.
    let strangers: [String]
    let issues: [Fault]

    init(_ suggestion: InventorySuggestion) {
        hosts = suggestion.hosts.map {
            Host(name: $0.name, addresses: $0.addresses.map(\.description), labels: $0.labels.map(Label.init))
        }
        strangers = suggestion.strangers.map(\.description)
        issues = suggestion.issues.map { issue in
            switch issue {
            case .duplicateAddress(let address, let owners):
                Fault(
                    kind: "duplicate-address", workload: nil,
                    message: "\(address) is an address of \(owners.map(\.rawValue).joined(separator: " and "))",
                    proposal: nil)
            case .mislabel(let id, let key, let value, let proposal):
                Fault(
                    kind: "mislabel", workload: id.rawValue,
                    message: "\(key) is \(value), but \(proposal.value) is likelier: \(proposal.reason.text)",
                    proposal: Label(proposal))
            case .gap(let id, let key, let proposal):
                Fault(
                    kind: "gap", workload: id.rawValue,
                    message: "no \(key)" + (proposal.map { "; \($0.value) is likely: \($0.reason.text)" } ?? ""),
                    proposal: proposal.map(Label.init))
            case .unseen(let id):
                Fault(kind: "unseen", workload: id.rawValue, message: "nobody talked with it", proposal: nil)
            }
        }
    }

    func print(_ context: CommandContext, top: Int, out: String?) throws {
        if hosts.isEmpty {
            try context.say("no host is unknown")
        } else {
            var table = Table([
                ("host", .left), ("address", .left), ("label", .left), ("sure", .right), ("because", .left),
            ])
            for host in hosts.prefix(top) {
                var (name, address) = (host.name, host.addresses.joined(separator: ", "))
                for label in host.labels.isEmpty ? [nil] : host.labels.map(Optional.some) {
                    table.add([
                        name, address, label.map { "\($0.key)=\($0.value)" } ?? "-",
                        label.map { "\($0.confidence) %" } ?? "",
                        label?.reason ?? "nothing is known but its traffic",
                    ])
                    (name, address) = ("", "")
                }
            }
            try context.print(table)
            if hosts.count > top {
                try context.say(
                    "and \(FlowsAmount.text(hosts.count - top, "host")) more; `--top` or `--format json` shows them")
            }
        }
        for address in strangers.prefix(top) {
            try context.say(
                "not proposed: \(address), alone in its subnet, asks nobody and is asked by one host: it may be a stranger's"
            )
        }
        if strangers.count > top {
            try context.say("and \(strangers.count - top) more; `--top` or `--format json` shows them")
        }
        if !issues.isEmpty {
            try context.print()
            try context.say("To look at", painting: "To look at", .bold)
            for issue in issues.prefix(top) {
                try context.say(
                    TerminalText.line("\(issue.workload.map { "\($0): " } ?? "")\(issue.message)"), indent: 2)
            }
            if issues.count > top {
                try context.say("and \(issues.count - top) more; `--top` or `--format json` shows them", indent: 2)
            }
        }
        if let out { try context.say(TerminalText.line("written to \(out), for people to review")) }
    }
}
