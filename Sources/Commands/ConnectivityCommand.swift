import ArgumentParser
import Dialects
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel

/// `bulkhead connectivity`: everything that may flow, exactly.
struct ConnectivityCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "connectivity", abstract: "List every connection that policy allows.",
        usage: "bulkhead connectivity --from <dialect> <path> ... [--format text|json|jsonl] [--ipv6] [--as <view>]",
        discussion: """
            A line a pair of ends, with protocols and destination ports. Nothing is sampled. What is allowed only if a \
            rule that is understood in part means it, or if a process, principal or condition is right, stands on \
            standard error behind `may:`; JSON marks it `may`. What a workload does with itself is left out.
            """)

    @OptionGroup var policy: PolicyOption
    @Argument(help: ArgumentHelp("More files of the last language.", valueName: "path"))
    var paths: [String] = []
    @Flag(help: "Also list IPv6 addresses outside.")
    var ipv6 = false
    @Flag(help: "Also list what every host of Bulkhead's needs: neighbour discovery, listener reports, finding DHCP.")
    var essential = false
    @OptionGroup var verdicts: ViewOption
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let words = try DialectWords(policy.dialects.from + paths, policy: policy.policy)
        let asked = try context.load(
            words, policy.dialects, orPolicy: true, standIns: ipv6 ? [.ipv4, .ipv6] : [.ipv4])
        let services = ServiceSetText(asked.reading.protocols)
        try context.progress("comparing \(asked.workloads.count) workloads")
        let connectivity = Connectivity(
            asked.engine(withEssentials: essential), at: instant, view: verdicts.view)
        let listing = ConnectivityListing(
            connectivity, asked, services, families: ipv6 ? [.ipv4, .ipv6] : [.ipv4])
        switch output.format {
        case .text: try print(listing, services, context)
        case .json:
            var lines: [ConnectionJSON] = []
            listing.forEach { lines += ConnectionJSON.lines($0, services) }
            try context.progress(nil)
            try context.printJSON(ConnectivityJSON(lines, asked.reading.findings), .json)
        case .jsonl:
            try listing.forEach { line in
                for entry in ConnectionJSON.lines(line, services) { try context.printJSON(entry, .jsonl) }
            }
        }
        try context.progress(nil)
        return asked.status
    }

    private func print(
        _ listing: ConnectivityListing, _ services: ServiceSetText, _ context: CommandContext
    ) throws {
        var uncertain: [String] = []
        try listing.forEach { line in
            if !line.traffic.must.isEmpty {
                try context.print(
                    TerminalText.line("\(line.from) => \(line.to) : \(services.text(line.traffic.must))"))
            }
            if !line.traffic.isExact {
                let open = line.traffic.may.subtracting(line.traffic.must)
                uncertain.append("may: \(line.from) => \(line.to) : \(services.text(open))")
            }
        }
        for line in uncertain { try context.note(TerminalText.line(line)) }
    }
}

/// A connection as JSON; the names are documented in `docs/commands.md`.
struct ConnectionJSON: Encodable {
    let from: String
    let to: String
    let allow: [ServiceSetText.Entry]
    let certainty: String

    /// One entry for what is allowed for sure, one for what may be.
    static func lines(_ line: ConnectivityListing.Line, _ services: ServiceSetText) -> [ConnectionJSON] {
        let open = line.traffic.may.subtracting(line.traffic.must)
        return [("must", line.traffic.must), ("may", open)].filter { !$0.1.isEmpty }.map { certainty, set in
            ConnectionJSON(from: line.from, to: line.to, allow: services.entries(set), certainty: certainty)
        }
    }
}

/// The whole answer as JSON.
private struct ConnectivityJSON: Encodable {
    let connections: [ConnectionJSON]
    let findings: [FindingJSON]

    init(_ connections: [ConnectionJSON], _ findings: [DialectFinding]) {
        self.connections = connections
        self.findings = findings.map(FindingJSON.init)
    }
}

/// A finding of a reader as JSON.
struct FindingJSON: Encodable {
    let severity: String
    let code: String
    let message: String
    let effect: String
    let rule: String?
    let file: String?
    let line: Int?
    let column: Int?

    init(_ finding: DialectFinding) {
        severity = finding.diagnostic.severity.rawValue
        code = finding.diagnostic.code
        message = finding.diagnostic.message
        effect = finding.effect.rawValue
        rule = finding.rule?.rawValue
        file = finding.diagnostic.location?.file
        line = finding.diagnostic.location?.line
        column = finding.diagnostic.location?.column
    }
}
