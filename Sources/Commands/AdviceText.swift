import FlowAnalysis
import Flows
import NetworkTypes
import PolicyModel
import Reports

/// Advice for people: the rules with their evidence, what is covered, and what is left to review.
struct AdviceText {
    private let context: CommandContext
    private let names: AdviceNames
    private let top: Int

    init(_ context: CommandContext, _ names: AdviceNames, top: Int) {
        self.context = context
        self.names = names
        self.top = top
    }

    func print(_ advice: Advice, out: String?) throws {
        if advice.rules.isEmpty {
            try context.say("no new rule: nothing that is trusted lacks one")
        } else {
            try context.say("Proposed rules", painting: "Proposed rules", .bold)
            for ruleset in advice.rulesets {
                try context.print()
                let scopes = ruleset.scopes.map(\.description).joined(separator: "; ")
                try context.say(TerminalText.line("\(ruleset.id), scope \(scopes)"))
                for advised in advice.rules where advised.ruleset == ruleset.id { try print(advised) }
            }
        }
        try printReused(advice)
        try printDoubted(advice)
        try context.print()
        try printCoverage(advice)
        if let out {
            try context.say(TerminalText.line("written to \(out); `policy simulate --draft \(out)` tests it"))
        }
    }

    private func print(_ advised: AdvisedRule) throws {
        let match = advised.rule.match
        let services = match.services.map(\.adviceText).joined(separator: ", ")
        let name = advised.rule.id.rawValue.dropFirst(advised.ruleset.count + 1)
        try context.say(
            TerminalText.line("+ \(name): \(match.from.adviceText) → \(match.to.adviceText) on \(services)"), indent: 2,
            painting: "+", .green)
        let evidence = advised.evidence
        let examples = evidence.examples.map { edge in
            "\(names.end(edge.key.source)) → \(names.end(edge.key.destination)) \(edge.key.serviceText)"
        }
        let seen = [evidence.firstSeen, evidence.lastSeen].compactMap(\.self).map(FlowsAmount.minute)
        try context.say(
            TerminalText.line(
                "\(FlowsAmount.text(evidence.connections, "connection")) on \(FlowsAmount.text(evidence.edges, "edge")), "
                    + (advised.pairs.map { "\($0.seen) of \(FlowsAmount.text($0.all, "pair")) of workloads, " } ?? "")
                    + "\(seen.joined(separator: " to ")), such as \(examples.first ?? "")"),
            indent: 6, .faint)
        if let note = advised.note { try context.say(TerminalText.line("note: \(note)"), indent: 6) }
    }

    /// So many services of one finding are named.
    private static let namedServices = 3

    private func printReused(_ advice: Advice) throws {
        guard !advice.reused.isEmpty else { return }
        try context.print()
        try context.say("Allowed already", painting: "Allowed already", .bold)
        for (rule, evidence) in advice.reused.prefix(top) {
            let seen =
                "\(FlowsAmount.text(evidence.connections, "connection")) on \(FlowsAmount.text(evidence.edges, "edge"))"
            try context.say(TerminalText.line("\(rule): \(seen)"), indent: 2)
        }
        try more(advice.reused.count)
    }

    private func printDoubted(_ advice: Advice) throws {
        guard !advice.doubted.isEmpty else { return }
        try context.print()
        try context.say("Left out, for review", painting: "Left out, for review", .bold)
        var table = Table([
            ("reason", .left), ("from", .left), ("to", .left), ("service", .left), ("conns", .right),
            ("draft", .left), ("last seen", .left),
        ])
        let findings = DoubtFinding.list(advice.doubted)
        for finding in findings.prefix(top) {
            let (to, services) = (finding.destinations.sorted(), finding.services.sorted())
            table.add([
                (finding.doubt.isSuspicious ? "! " : "  ") + finding.doubt.text, names.end(finding.source),
                to.count == 1 ? names.end(to[0]) : "\(to.count) addresses",
                services.count <= Self.namedServices
                    ? services.map(\.description).joined(separator: ", ") : "\(services.count) services",
                "\(finding.connections)",
                finding.isAllowed ? "allows" : "denies", FlowsAmount.minute(finding.lastSeen),
            ])
        }
        try context.print(table)
        try more(findings.count)
        if advice.doubted.contains(where: \.isAllowed) {
            try context.say("the draft allows what a rule for other traffic covers as well", .faint)
        }
        if advice.doubted.contains(where: { $0.doubt.isSuspicious }) {
            try context.say("! looks like an intruder's; ask before you allow it", .faint)
        }
    }

    private func printCoverage(_ advice: Advice) throws {
        for (name, coverage) in [("trusted traffic", advice.trustedCoverage), ("all traffic", advice.coverage)]
        where coverage.edges.all > 0 {
            let (edges, connections) = (coverage.edges, coverage.connections)
            try context.say(
                "of \(name) the draft allows \(Self.percent(connections)) of connections "
                    + "(\(connections.allowed) of \(connections.all)), \(Self.percent(edges)) of edges "
                    + "(\(edges.allowed) of \(edges.all))")
        }
        if advice.uncertainDirections > 0 {
            let edges = FlowsAmount.text(advice.uncertainDirections, "edge")
            try context.say(
                "\(edges) \(advice.uncertainDirections == 1 ? "has" : "have") a direction that only the log states: taken as "
                    + "recorded, and judged both ways by `policy simulate`")
        }
        if advice.isProvisional {
            let span = advice.span.map { Self.length($0) } ?? "nothing"
            try context.say(
                "provisional: traffic of \(span), less than a business cycle; what is seldom is missing",
                painting: "provisional",
                .yellow)
        }
    }

    private func more(_ count: Int) throws {
        guard count > top else { return }
        try context.say("and \(count - top) more; `--top` or `--format json` shows them", indent: 2)
    }

    /// A share in percent, rounded down so that 100 % means all.
    static func percent(_ share: Coverage.Share) -> String {
        guard share.all > 0 else { return "100 %" }
        let tenths = Int(Double(share.allowed) * 1000 / Double(share.all))
        return share.allowed == share.all ? "100 %" : "\(tenths / 10).\(tenths % 10) %"
    }

    private static func length(_ span: Range<Instant>) -> String {
        let minutes = Int((span.upperBound.rawValue - span.lowerBound.rawValue) / 60_000_000_000)
        if minutes < 120 { return FlowsAmount.text(minutes, "minute") }
        if minutes < 2880 { return FlowsAmount.text(minutes / 60, "hour") }
        return FlowsAmount.text(minutes / 1440, "day")
    }
}

extension Doubt {
    /// The reason in a few words.
    var text: String {
        switch self {
        case .failed: "never answered"
        case .scan(let targets): "scan of \(targets) targets"
        case .fanOut(let destinations): "short visit to \(destinations) hosts"
        case .beacon(let seconds, let connections): "beacon: \(connections) times, every \(seconds) s"
        case .administration: "administration, once"
        case .oneOff: "once only"
        case .externalPeer: "unnamed, outside"
        case .unknownHost: "unnamed, inside"
        case .sharedAddress: "address of several groups"
        case .noHost: "no host: multicast or broadcast"
        }
    }
}

extension EndExpression {
    /// The ends that the advisor writes, as policy files say them.
    var adviceText: String {
        switch self {
        case .any: "any"
        case .anyWorkload: "anyWorkload"
        case .selector(let selector): selector.description
        case .workload(let id): id.rawValue
        case .addressSet(let id): "set \(id)"
        case .addresses(let set): set.ranges.map(\.description).joined(separator: ",")
        case .union(let parts), .intersection(let parts): parts.map(\.adviceText).joined(separator: ", ")
        case .difference(let whole, let hole): "\(whole.adviceText) except \(hole.adviceText)"
        }
    }
}

extension ServiceTerm {
    /// The term as policy files say it.
    var adviceText: String { texts.joined(separator: ", ") }
}
