import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel
import Reports

/// A simulation for people: the sums of both views, then what changes, edge by edge.
struct SimulateText {
    private let context: CommandContext
    private let names: SimulateNames
    private let top: Int

    init(_ context: CommandContext, _ names: SimulateNames, top: Int) {
        self.context = context
        self.names = names
        self.top = top
    }

    func print(_ simulation: Simulation) throws {
        var summary = Table([("edges (connections)", .left), ("policy", .right), ("effective", .right)])
        for effect in SimulatedEffect.allCases {
            summary.add([effect.title, count(simulation.policy[effect]), count(simulation.effective[effect])])
        }
        try context.print(summary)
        if simulation.uncertainDirections > 0 {
            let edges = FlowsAmount.text(simulation.uncertainDirections, "edge")
            let have = simulation.uncertainDirections == 1 ? "has" : "have"
            try context.printFitted("\(edges) \(have) a direction that only the log states: judged both ways")
        }
        if names.changedAddresses > 0 {
            let addresses = names.changedAddresses == 1 ? "1 address" : "\(names.changedAddresses) addresses"
            try context.printFitted(
                names.labels == .now
                    ? "\(addresses) changed hands: judged for whom it was then"
                    : "\(addresses) changed hands or labels: judged as it was then")
        }
        if simulation.view == .policy, simulation.brokenOnlyAsEnforced > 0 {
            let edges = FlowsAmount.text(simulation.brokenOnlyAsEnforced, "edge")
            try context.printFitted("\(edges) may break as things are enforced: `--as effective` lists them")
        }
        for effect in SimulatedEffect.allCases where !effect.isUnchanged {
            let edges = simulation.edges(effect)
            if !edges.isEmpty { try list(edges, effect, simulation.view) }
        }
        if simulation.edges.isEmpty { try context.printFitted("by \(simulation.view) verdicts nothing changes") }
    }

    private func count(_ count: EdgeCount) -> String { "\(count.edges) (\(count.connections))" }

    private func list(_ edges: [SimulatedEdge], _ effect: SimulatedEffect, _ view: VerdictView) throws {
        let colour: Colour =
            switch effect {
            case .broken: .red
            case .opened, .dependsOnDirection, .undecided: .yellow
            case .stillAllowed, .stillDenied: .faint
            }
        try context.print()
        try context.print(context.paint("\(effect.title), by \(view) verdicts", colour))
        let (draft, active) = Self.headings(effect)
        var table = Table(
            [
                ("from", .left), ("to", .left), ("service", .left), ("conns", .right), ("failed", .right),
                ("last seen", .left), (draft, .left), (active, .left),
            ], needs: ["failed": 72, "last seen": 72, active: 100])
        for item in edges.prefix(top) {
            let key = item.edge.key
            table.add([
                names.end(key.source, at: item.edge.firstSeen), names.end(key.destination, at: item.edge.firstSeen),
                key.serviceText, "\(item.edge.connections)", "\(item.edge.failed)",
                FlowsAmount.minute(item.edge.lastSeen),
                effect == .dependsOnDirection ? bothWays(item) : said(item.draft, effect), said(item.active, effect),
            ])
        }
        try context.print(table)
        if edges.count > top {
            try context.printFitted(
                "and \(FlowsAmount.text(edges.count - top, "edge")) more; `--top` or `--format json` shows them")
        }
    }

    private func bothWays(_ item: SimulatedEdge) -> String {
        let reversed = SimulatedEffect.allCases.filter { item.reversed[$0] != nil }.map(\.title)
        return "\(item.asRecorded.title) / \(reversed.joined(separator: ", "))"
    }

    /// What the columns of both policies are called.
    private static func headings(_ effect: SimulatedEffect) -> (draft: String, active: String) {
        switch effect {
        case .broken: ("denied by", "allowed until now by")
        case .opened: ("allowed by", "denied until now by")
        case .dependsOnDirection: ("as recorded / reversed", "active")
        case .undecided, .stillAllowed, .stillDenied: ("draft", "active")
        }
    }

    private func said(_ verdict: Verdict, _ effect: SimulatedEffect) -> String {
        if effect == .broken || effect == .opened { return verdict.decidedText }
        switch verdict.outcome {
        case .allowed: return "allowed by \(verdict.decidedText)"
        case .denied: return "denied by \(verdict.decidedText)"
        case .indeterminate(let attribute): return "needs \(attribute.rawValue)"
        case .partly(let denied): return "denied from ports \(denied.text)"
        }
    }
}

extension SimulatedEffect {
    /// The effect in words for people.
    var title: String {
        switch self {
        case .broken: "would break"
        case .opened: "would open"
        case .dependsOnDirection: "depends on direction"
        case .undecided: "cannot be told"
        case .stillAllowed: "still allowed"
        case .stillDenied: "still denied"
        }
    }
}
