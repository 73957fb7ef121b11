import Flows
public import NetworkTypes
public import PolicyEngine
public import PolicyModel

/// Who was seen to reach whom, gathered by what the policy says to it: the evidence of an audit.
public struct ObservedAccess: Sendable {
    /// How the policy accounts for traffic.
    public enum Standing: String, Hashable, Sendable, CaseIterable {
        /// It is allowed without a rule that says so: by a default, or because nothing governs the ends.
        case unexplained
        /// It was seen, and the policy denies it.
        case denied
        /// What was recorded does not tell.
        case undecided
        /// A rule allows it, or it is a workload's traffic with itself.
        case explained
    }

    /// Traffic from one group to another that the same rules decide.
    public struct Entry: Hashable, Sendable {
        /// Who opened the connections.
        public let source: MapGroup
        /// Who was reached.
        public let destination: MapGroup
        /// What the policy says, as if every end were enforced.
        public let verdict: Verdict
        /// How it accounts for them.
        public let standing: Standing
        /// All of it.
        public let total: TrafficCount
        /// Each service by itself, most connections first.
        public let services: [MapEdge.Part]
    }

    /// The entries by standing, then most connections first, then by the ends' names.
    public let entries: [Entry]

    /// Gathers observed edges by label dimensions; `names` are those that name servers gave to addresses.
    ///
    /// Cost: a decision for each edge.
    public init(
        _ observed: [ObservedEdge], workloads: [Workload], addressSets: [AddressSetID: AddressSet],
        names: [IPAddress: String] = [:], by dimensions: [LabelKey], engine: PolicyEngine, at instant: Instant
    ) {
        struct Key: Hashable {
            let source: Int
            let destination: Int
            let verdict: Verdict
        }
        var finder = GroupFinder(workloads: workloads, addressSets: addressSets, names: names, dimensions: dimensions)
        var judge = EdgeJudge(engine, at: instant)
        var totals: [Key: TrafficCount] = [:]
        var parts: [Key: [MapService: TrafficCount]] = [:]
        for edge in observed {
            let decision = judge.decide(edge.key.flow)
            let answers = Answers(decision)
            let key = Key(
                source: finder.group(of: edge.key.source), destination: finder.group(of: edge.key.destination),
                verdict: decision.policy)
            let service = MapService(proto: edge.key.proto, service: edge.key.service)
            if totals[key]?.add(edge, answers) == nil { totals[key] = TrafficCount(edge, answers) }
            if parts[key, default: [:]][service]?.add(edge, answers) == nil {
                parts[key, default: [:]][service] = TrafficCount(edge, answers)
            }
        }
        let found = totals.map { key, total in
            Entry(
                source: finder.groups[key.source], destination: finder.groups[key.destination], verdict: key.verdict,
                standing: Standing(key.verdict), total: total,
                services: (parts[key] ?? [:]).map { MapEdge.Part(service: $0.key, count: $0.value) }.sorted { a, b in
                    if a.count.connections != b.count.connections { return a.count.connections > b.count.connections }
                    return a.service < b.service
                })
        }
        let order = Standing.allCases
        entries = found.sorted { a, b in
            if a.standing != b.standing {
                return (order.firstIndex(of: a.standing) ?? 0) < (order.firstIndex(of: b.standing) ?? 0)
            }
            if a.total.connections != b.total.connections { return a.total.connections > b.total.connections }
            if a.source != b.source { return a.source < b.source }
            if a.destination != b.destination { return a.destination < b.destination }
            return "\(a.verdict)" < "\(b.verdict)"
        }
    }

    /// Connections by what happens to them as things are enforced.
    public var enforced: VerdictCount {
        entries.reduce(VerdictCount()) { sum, entry in entry.total.effective.map(sum.adding) ?? sum }
    }

    /// Connections of one standing.
    public func connections(_ standing: Standing) -> Int {
        var sum = 0
        for entry in entries where entry.standing == standing { sum.addSaturating(entry.total.connections) }
        return sum
    }
}

extension ObservedAccess.Standing {
    init(_ verdict: Verdict) {
        switch verdict.outcome {
        case .denied: self = .denied
        case .indeterminate, .partly: self = .undecided
        case .allowed:
            let isWritten = [verdict.source, verdict.destination].contains { end in
                guard end.kind == .allowed else { return false }
                switch end.decider {
                case .rule, .selfTraffic: return true
                case .tierDefault, .layerDefault, .nothing: return false
                }
            }
            self = isWritten ? .explained : .unexplained
        }
    }
}
