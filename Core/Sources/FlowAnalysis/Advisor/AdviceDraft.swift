import Flows
import NetworkTypes
import PolicyModel

/// Rules under construction.
struct AdviceDraft {
    private struct Cell: Hashable, Comparable {
        let from: AdviceGroup
        let to: AdviceGroup
        let starter: KnownService?

        static func < (a: Self, b: Self) -> Bool {
            if a.to != b.to { return a.to < b.to }
            if a.starter != b.starter { return (a.starter?.rawValue ?? "") < (b.starter?.rawValue ?? "") }
            return a.from < b.from
        }
    }

    private struct Content {
        var services: Set<MapService> = []
        var evidence = Evidence()
        var pairs: Set<Pair> = []
        /// Whether of every edge ports alone told who began.
        var isGuessed = true
    }

    private struct Pair: Hashable {
        let from: WorkloadID
        let to: WorkloadID
    }

    private let question: AdviceQuestion
    private let ends: AdviceEnds
    /// What destinations are called that everybody may ask, apart by all dimensions: nobody else is to be on the internet.
    private let publicEnds: AdviceEnds
    private var edges: [(edge: ObservedEdge, from: AdviceGroup, to: AdviceGroup)] = []
    private let workloads: [Workload]
    private let owners: [IPAddress: WorkloadID]
    /// What is asked of each group.
    private var served: [AdviceGroup: Set<MapService>] = [:]

    init(_ question: AdviceQuestion, _ ends: AdviceEnds, publicEnds: AdviceEnds, _ workloads: [Workload]) {
        self.question = question
        self.ends = ends
        self.publicEnds = publicEnds
        self.workloads = workloads
        let held = workloads.flatMap { workload in workload.addresses.map { ($0, workload.id) } }
        owners = Dictionary(held) { first, _ in first }
    }

    /// Adds a trusted edge; whose ends nobody named is left out.
    mutating func add(_ edge: ObservedEdge, isPublic: Bool) {
        guard let from = isPublic ? .everybody : ends.group(of: edge.key.source),
            let to = (isPublic ? publicEnds : ends).group(of: edge.key.destination)
        else { return }
        edges.append((edge, from, to))
        served[to, default: []].insert(edge.key.mapService)
    }

    /// The rules in their rulesets, under names that `taken` does not have.
    func rules(beside taken: Set<String>) -> (rules: [AdvisedRule], rulesets: [Ruleset]) {
        var cells: [Cell: Content] = [:]
        for (edge, from, to) in edges {
            let service = edge.key.mapService
            let starter = KnownService.allCases.first { $0.covers(service, at: served[to] ?? []) }
            let cell = Cell(from: from, to: to, starter: starter)
            cells[cell, default: Content()].services.insert(service)
            cells[cell]?.evidence.add(edge)
            if edge.direction != .ports { cells[cell]?.isGuessed = false }
            if let from = owners[edge.key.source], let to = owners[edge.key.destination] {
                cells[cell]?.pairs.insert(Pair(from: from, to: to))
            }
        }
        // Each group's workloads once.
        var members: [AdviceGroup: Set<WorkloadID>] = [:]
        for group in Set(cells.keys.flatMap { [$0.from, $0.to] }) { members[group] = self.members(group) }
        var advised: [AdvisedRule] = []
        var rulesets: [Ruleset] = []
        var names: [String: String] = [:]
        for (cell, content) in cells.sorted(by: { $0.key < $1.key }) {
            // Between addresses that no workload has there is nothing to enforce.
            if case .addressSet = cell.from, case .addressSet = cell.to { continue }
            let owner = Self.owner(cell.from, cell.to)
            let key = (cell.starter.map { "core-\($0.rawValue)-" } ?? "advised-") + owner.slug
            let ruleset = names[key + " \(owner.scope)"] ?? Self.free(key, taken.union(rulesets.map(\.id)))
            names[key + " \(owner.scope)"] = ruleset
            let place = rulesets.firstIndex { $0.id == ruleset } ?? rulesets.count
            if place == rulesets.count { rulesets.append(Ruleset(id: ruleset, scopes: [owner.scope], rules: [])) }
            let made = rule(
                cell, content, owner, in: rulesets[place], pairs: Self.pairs(cell, content.pairs, members))
            rulesets[place].rules.append(made.rule)
            advised.append(made)
        }
        return (advised, rulesets)
    }

    /// Whose ruleset a rule stands in: the destination's, who consents; towards addresses the source's.
    private static func owner(_ from: AdviceGroup, _ to: AdviceGroup) -> AdviceGroup {
        if case .addressSet = to { from } else { to }
    }

    private static func free(_ name: String, _ taken: Set<String>) -> String {
        if !taken.contains(name) { return name }
        var number = 2
        while taken.contains("\(name)-\(number)") { number += 1 }
        return "\(name)-\(number)"
    }

    private func rule(
        _ cell: Cell, _ content: Content, _ owner: AdviceGroup, in ruleset: Ruleset, pairs: (seen: Int, all: Int)?
    ) -> AdvisedRule {
        var (terms, note) = DynamicPorts.terms(content.services)
        if question.tightness != .port, cell.starter == nil, cell.from != .everybody { (terms, note) = ([.any], nil) }
        if cell.from == .everybody {
            note = "at least \(DoubtLimits.publicClients) addresses of the internet ask for it: taken for public"
        }
        if content.isGuessed {
            note = [note, "ports alone told who began: it may be the other way round"].compactMap(\.self).joined(
                separator: "; ")
        }
        let base = cell.from == cell.to ? "among" : owner == cell.from ? "to-\(cell.to.slug)" : "from-\(cell.from.slug)"
        let name = Self.free(base, Set(ruleset.rules.map { String($0.id.rawValue.dropFirst(ruleset.id.count + 1)) }))
        let rule = Rule(
            id: RuleID(rawValue: "\(ruleset.id)/\(name)"),
            match: TrafficMatch(from: cell.from.expression, to: cell.to.expression, services: terms),
            anywhere: cell.from != owner,
            documentation: Documentation(
                owner: question.owner, reason: Self.reason(content.evidence, note), review: question.review))
        return AdvisedRule(
            ruleset: ruleset.id, rule: rule, evidence: content.evidence, pairs: pairs,
            starter: cell.starter?.rawValue, note: note)
    }

    /// The pairs of different workloads that a rule between two groups lets talk, and how many were seen to.
    private static func pairs(
        _ cell: Cell, _ seen: Set<Pair>, _ members: [AdviceGroup: Set<WorkloadID>]
    ) -> (seen: Int, all: Int)? {
        guard let from = members[cell.from], let to = members[cell.to] else { return nil }
        return (seen.count { $0.from != $0.to }, from.count * to.count - from.intersection(to).count)
    }

    /// The workloads of a group; nil where it takes others than workloads.
    private func members(_ group: AdviceGroup) -> Set<WorkloadID>? {
        switch group {
        case .labels: Set(workloads.filter { group.scope.matches($0.labels) }.map(\.id))
        case .workload(let id): [id]
        case .addressSet, .everybody: nil
        }
    }

    private static func reason(_ evidence: Evidence, _ note: String?) -> String {
        let edges = evidence.edges == 1 ? "1 edge" : "\(evidence.edges) edges"
        let connections = evidence.connections == 1 ? "1 connection" : "\(evidence.connections) connections"
        let examples = evidence.examples.map { "\($0.key.source) → \($0.key.destination) \($0.key.mapService)" }
        return "advised by traffic: \(connections) on \(edges), such as \(examples.joined(separator: ", "))"
            + (note.map { "; \($0)" } ?? "")
    }
}
