import Dialects
import FlowAnalysis
import Flows
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import Reports

/// What an audit says, in the shape of its JSON; the names are documented in `docs/commands.md`.
struct AuditReport: Encodable {
    /// Traffic from one group to another that the same rules decide.
    struct Access: Encodable {
        let from: String
        let to: String
        /// Most connections first.
        let services: [Service]
        let connections: Int
        let failed: Int
        let firstSeen: String
        let lastSeen: String
        /// `explained`, `unexplained`, `denied` or `undecided`.
        let standing: String
        let verdict: String
        let decidedBy: String
        /// Why the rules exist that decide.
        let reason: String?
    }

    struct Service: Encodable {
        let service: String
        let connections: Int
    }

    struct Rule: Encodable {
        let rule: String
        let action: String
        let from: String
        let to: String
        let services: String
        let owner: String?
        let reason: String?
        let ticket: String?
        let review: String?
        let place: String?
        /// Connections that were seen and that it decides.
        let connections: Int
        /// What it could do without, by observed traffic.
        let findings: [String]
    }

    /// How far an intruder gets from a group.
    struct Intruder: Encodable {
        let group: String
        /// The workload where the intruder is.
        let workload: String
        let otherWorkloads: Int
        let now: Reach
        let draft: Reach?
    }

    struct Reach: Encodable {
        let workloads: Int
        /// By hops: the first number is that of one hop.
        let byHops: [Int]
        let crownJewels: Int
    }

    struct Effect: Encodable {
        let effect: String
        /// `as enforced`, or `if all were enforced`.
        let view: String
        let from: String
        let to: String
        let service: String
        let connections: Int
        let lastSeen: String
        let draft: String
        let active: String
    }

    let at: String
    let window: ObservedSpan
    let workloads: Int
    let jewels: String
    let dimensions: [String]
    /// Connections by standing.
    let connections: [String: Int]
    /// Connections by what happens to them as things are enforced now.
    let enforced: MapJSON.Verdicts
    let uncertainDirections: Int
    let access: [Access]
    private(set) var rules: [Rule]
    private(set) var score: ScoreReport?
    private(set) var intruders: [Intruder] = []
    /// Groups from which no intruder was followed, since there are more than a page can say.
    private(set) var groupsLeftOut = 0
    private(set) var draftEffects: [Effect]?
    private(set) var wouldBreak: Int?
    /// How many more would break if they began the other way round, which is uncertain.
    private(set) var mayBreak: Int?
    let boundaries: [BoundaryOutcome]

    /// So many groups an intruder is followed from.
    private static let followed = 200

    init(
        _ asked: AskedPolicy, _ edges: [ObservedEdge], names: [IPAddress: String], by dimensions: [LabelKey],
        jewels: Selector, at instant: Instant
    ) {
        at = instant.utcText
        window = ObservedSpan(edges)
        workloads = asked.workloads.count
        self.jewels = jewels.description
        self.dimensions = dimensions.map(\.description)
        let engine = asked.engine()
        let found = ObservedAccess(
            edges, workloads: asked.workloads, addressSets: asked.policy.addressSets, names: names, by: dimensions,
            engine: engine, at: instant)
        connections = Dictionary(
            uniqueKeysWithValues: ObservedAccess.Standing.allCases.map { ($0.rawValue, found.connections($0)) })
        enforced = MapJSON.Verdicts(found.enforced)
        uncertainDirections = edges.count { !$0.hasCertainDirection }
        access = found.entries.map { entry in
            Access(
                from: "\(entry.source)", to: "\(entry.destination)",
                services: entry.services.map { Service(service: "\($0.service)", connections: $0.count.connections) },
                connections: entry.total.connections, failed: entry.total.failed,
                firstSeen: entry.total.firstSeen.utcText, lastSeen: entry.total.lastSeen.utcText,
                standing: entry.standing.rawValue, verdict: entry.verdict.outcome.word,
                decidedBy: entry.verdict.decidedText, reason: Self.reason(entry.verdict, asked.index))
        }
        rules = Self.rules(asked, found, RuleUse.findings(edges, of: engine, at: instant))
        boundaries = BoundaryOutcome.all(of: asked)
    }

    private static func reason(_ verdict: Verdict, _ index: PolicyIndex) -> String? {
        let ends =
            verdict.outcome == .denied
            ? [verdict.denier].compactMap(\.self)
            : [verdict.source, verdict.destination]
                .map(\.decider)
        var reasons: [String] = []
        for case .rule(let id, _, _) in ends {
            if let reason = index.documentation(of: id)?.reason, !reasons.contains(reason) { reasons.append(reason) }
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    /// The written rules, in the order in which they are asked.
    private static func rules(_ asked: AskedPolicy, _ access: ObservedAccess, _ use: [RuleUse.Finding]) -> [Rule] {
        var connections: [RuleID: Int] = [:]
        for entry in access.entries {
            var ids: Set<RuleID> = []
            for case .rule(let id, _, _) in [entry.verdict.source.decider, entry.verdict.destination.decider] {
                ids.insert(id)
            }
            for id in ids { connections[id, default: 0] += entry.total.connections }
        }
        var findings: [RuleID: [String]] = [:]
        for finding in use { findings[finding.rule, default: []].append(finding.excess.text.message) }
        let standard = Set(EssentialRule.standard.map(\.id))
        var seen = standard
        return asked.policy.layers.flatMap(\.tiers).flatMap(\.rules).compactMap { rule in
            guard seen.insert(rule.id).inserted, !rule.id.rawValue.hasPrefix("icmp/") else { return nil }
            let isInbound = rule.direction == .ingress
            let about = asked.index.documentation(of: rule.id)
            return Rule(
                rule: rule.id.rawValue, action: rule.action.word,
                from: (isInbound ? rule.peer : rule.subject).adviceText,
                to: (isInbound ? rule.subject : rule.peer).adviceText,
                services: rule.services.map(\.adviceText).joined(separator: ", "), owner: about?.owner,
                reason: about?.reason, ticket: about?.ticket,
                review: about?.review.map { String($0.utcText.prefix(10)) },
                place: asked.index.place(of: rule.id), connections: connections[rule.id] ?? 0,
                findings: findings[rule.id] ?? [])
        }
    }

    /// Adds the score, and an intruder in each group.
    mutating func addScoreAndBreach(
        _ asked: AskedPolicy, draft: AskedPolicy?, jewels: Selector, by dimensions: [LabelKey], at instant: Instant,
        _ context: CommandContext
    ) throws {
        guard !asked.workloads.isEmpty else { return }
        try context.progress("counting pairs of \(asked.workloads.count) workloads")
        func connectivity(_ asked: AskedPolicy) -> Connectivity {
            Connectivity(asked.engine(withEssentials: false), at: instant, view: .effective)
        }
        let services = ServiceSetText(asked.reading.protocols).universe
        let now = connectivity(asked)
        let after = draft.map(connectivity)
        func numbers(_ connectivity: Connectivity) -> ScoreNumbers {
            ScoreNumbers(SegmentationScore(connectivity, jewels: jewels, on: services))
        }
        score = ScoreReport(
            at: instant.utcText, jewels: jewels.description, now: numbers(now), draft: after.map(numbers))
        var first: [String: WorkloadID] = [:]
        for workload in asked.workloads {
            let group = dimensions.map { workload.labels[$0]?.description ?? "-" }.joined(separator: "/")
            first[group] = min(first[group] ?? workload.id, workload.id)
        }
        let groups = first.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        groupsLeftOut = max(0, groups.count - Self.followed)
        let treasure = Set(asked.workloads.filter { jewels.matches($0.labels) }.map(\.id))
        for (number, group) in groups.prefix(Self.followed).enumerated() {
            guard let start = first[group] else { continue }
            try context.progress(
                "following an intruder from group \(number + 1) of \(min(groups.count, Self.followed))")
            func reach(_ connectivity: Connectivity) -> (reach: Reach, others: Int)? {
                guard let breach = Breach(from: start, over: connectivity, on: services) else { return nil }
                var byHops: [Int] = []
                for entry in breach.reached {
                    while byHops.count < entry.hops { byHops.append(0) }
                    byHops[entry.hops - 1] += 1
                }
                let jewels = breach.reached.filter { treasure.contains($0.workload) }.count
                return (Reach(workloads: breach.reached.count, byHops: byHops, crownJewels: jewels), breach.others)
            }
            guard let found = reach(now) else { continue }
            intruders.append(
                Intruder(
                    group: group, workload: start.rawValue, otherWorkloads: found.others, now: found.reach,
                    draft: after.flatMap(reach)?.reach))
        }
        // Whoever reaches most is what to look at first.
        intruders.sort { a, b in
            let (one, other) = (a.draft?.workloads ?? 0, b.draft?.workloads ?? 0)
            if a.now.workloads != b.now.workloads { return a.now.workloads > b.now.workloads }
            return one == other ? a.group < b.group : one > other
        }
    }

    /// Adds what a draft would do to the observed traffic.
    mutating func add(draft: AskedPolicy, _ active: AskedPolicy, _ edges: [ObservedEdge], _ instant: Instant) {
        // What is enforced for the first time breaks nothing as long as everything is taken to be enforced.
        let (old, new) = (active.engine(), draft.engine())
        func changes(_ view: VerdictView) -> [SimulatedEdge] {
            Simulation(edges, active: old, draft: new, at: instant, view: view).edges
        }
        let asEnforced = changes(.effective)
        let listed = Set(asEnforced.map(\.edge.key))
        let others = changes(.policy).filter { !listed.contains($0.edge.key) }
        let names = SimulateNames(draft, active)
        wouldBreak = (asEnforced + others).count { $0.asRecorded == .broken }
        mayBreak = (asEnforced + others).count { $0.asRecorded != .broken && $0.mayBreak }
        let items = asEnforced.map { ($0, "as enforced") } + others.map { ($0, "if all were enforced") }
        draftEffects = items.map { item, view in
            Effect(
                effect: item.effect.title, view: view, from: names.end(item.edge.key.source),
                to: names.end(item.edge.key.destination), service: item.edge.key.serviceText,
                connections: item.edge.connections, lastSeen: item.edge.lastSeen.utcText,
                draft: "\(item.draft.outcome.word) by \(item.draft.decidedText)",
                active: "\(item.active.outcome.word) by \(item.active.decidedText)")
        }
    }

    /// The report in a few lines.
    var summary: [String] {
        var lines = [
            "\(FlowsAmount.text(workloads, "workload")), \(FlowsAmount.text(window.connections, "connection")): "
                + ObservedAccess.Standing.allCases.map { "\(connections[$0.rawValue] ?? 0) \($0.rawValue)" }
                .joined(separator: ", "),
            "today, by what is enforced: \(enforced.allowed) allowed, \(enforced.denied) denied, \(enforced.undecided) undecided",
        ]
        if let score, let now = score.now.score {
            let after = score.draft?.score.map { "; with the draft \(ScoreReport.text($0))" } ?? ""
            lines.append("segmentation score \(ScoreReport.text(now)) of 100\(after)")
        }
        if let worst = intruders.first {
            lines.append(
                "an intruder on \(worst.workload) reaches \(worst.now.workloads) of \(worst.otherWorkloads) others"
                    + (worst.draft.map { "; with the draft \($0.workloads)" } ?? ""))
        }
        if let wouldBreak, let mayBreak {
            lines.append(
                "the draft would break \(FlowsAmount.text(wouldBreak, "observed edge"))"
                    + (mayBreak > 0 ? ", and \(mayBreak) more if they began the other way round" : ""))
        }
        return lines.map(TerminalText.line)
    }
}
