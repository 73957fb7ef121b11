import NetworkTypes
import PolicyEngine
import PolicyModel

/// Looks for a flow that two sides decide differently.
struct WitnessSearch {
    /// One side: an engine at an instant.
    struct Side {
        let engine: PolicyEngine
        let instant: Instant
    }

    /// The side that should let less pass, and the one that should let more.
    let less: Side
    let more: Side
    let view: VerdictView

    /// The most records of attributes and conditions that are tried for a point.
    static let mostRecords = 512
    /// The most points that are tried.
    static let mostPoints = 24

    /// A witness among `services`, the members of `must` before others; `open` are the uncertain rules between the ends.
    func find(_ source: End, _ destination: End, _ services: Traffic, open: [FlatRule]) -> Witness? {
        let points = Self.points(services)
        guard let first = points.first else { return nil }
        let none = Witness(source: source, destination: destination, point: first, flow: nil)
        guard let (from, to) = source.examples(with: destination) else { return none }
        var best: (rank: Int, witness: Witness)?
        let records = FlowRecords(open).flows(limit: Self.mostRecords)
        for point in points {
            for record in records {
                var flow = record
                flow.source.address = from
                flow.destination.address = to
                flow.proto = point.proto
                flow.sourcePort = point.proto.hasPorts ? point.source : nil
                flow.destinationPort = point.proto.hasPorts ? point.destination : 0
                flow.icmp = point.icmp
                guard let rank = rank(flow) else { continue }
                if rank < best?.rank ?? .max {
                    let witness = Witness(source: source, destination: destination, point: point, flow: flow)
                    if rank == 0 { return witness }
                    best = (rank, witness)
                }
            }
        }
        return best?.witness ?? none
    }

    /// Whether both sides decide the witness's flow, differently.
    func isPlain(_ witness: Witness) -> Bool { witness.flow.flatMap(rank) == 0 }

    /// How plainly a flow shows the difference: 0 from denied to allowed, more when a side cannot tell; nil for not at all.
    private func rank(_ flow: Flow) -> Int? {
        let before = view.verdict(of: less.engine.decide(flow, at: less.instant)).outcome
        let after = view.verdict(of: more.engine.decide(flow, at: more.instant)).outcome
        switch (before, after) {
        case (.denied, .allowed): return 0
        case (.indeterminate, .allowed): return 1
        case (.denied, .indeterminate): return 2
        case (.allowed, _), (.denied, _), (.indeterminate, _), (.partly, _): return nil
        }
    }

    /// The best known member of each, then members of its parts.
    private static func points(_ services: Traffic) -> [ServicePoint] {
        var result: [ServicePoint] = []
        for set in [services.must, services.may.subtracting(services.must)] {
            for point in [set.witness] + set.parts.prefix(mostPoints).map(\.witness) {
                if let point, !result.contains(point) { result.append(point) }
            }
        }
        return Array(result.prefix(mostPoints))
    }
}

/// Records of what uncertain rules ask for, in different combinations; the first knows nothing.
struct FlowRecords {
    private var conditions: Set<ConditionName> = []
    private var processes: [Direction: Set<ProcessName>] = [:]
    private var principals: [Direction: Set<String>] = [:]

    init(_ rules: [FlatRule]) {
        for rule in rules {
            conditions.formUnion(rule.conditions.map(\.name))
            // The subject of an egress rule is the source.
            let own = rule.direction
            processes[own, default: []].formUnion(rule.subjectAttributes.processes ?? [])
            principals[own, default: []].formUnion(rule.subjectAttributes.principals ?? [])
            processes[own.opposite, default: []].formUnion(rule.peerAttributes.processes ?? [])
            principals[own.opposite, default: []].formUnion(rule.peerAttributes.principals ?? [])
            if rule.relations.contains(.samePrincipal) {
                for direction in Direction.allCases { principals[direction, default: []].insert("someone") }
            }
        }
    }

    /// Flows from nowhere to nowhere with these records.
    func flows(limit: Int) -> [Flow] {
        let nowhere = FlowEnd(IPAddress(ipv4: 0))
        var result = [Flow(source: nowhere, destination: nowhere, proto: .tcp)]
        func vary(_ changes: [(inout Flow) -> Void]) {
            let known = result
            for change in changes {
                for flow in known where result.count < limit {
                    var changed = flow
                    change(&changed)
                    result.append(changed)
                }
            }
        }
        for direction in Direction.allCases {
            let end: WritableKeyPath<Flow, FlowEnd> = direction == .egress ? \.source : \.destination
            let processes = (processes[direction] ?? []).sorted()
            if !processes.isEmpty {
                vary(processes.map { name in { $0[keyPath: end].process = .known(name) } })
                vary([{ $0[keyPath: end].process = .absent }])
            }
            let principals = (principals[direction] ?? []).sorted()
            if !principals.isEmpty {
                vary(principals.map { name in { $0[keyPath: end].principal = .known(Principal(name: name)) } })
                vary([{ $0[keyPath: end].principal = .absent }])
            }
        }
        for name in conditions.sorted() {
            vary([{ $0.conditions[name] = true }, { $0.conditions[name] = false }])
        }
        return result
    }
}

extension ServiceSet.Part {
    /// A member to show to people.
    var witness: ServicePoint? {
        var set = ServiceSet()
        set.append(self)
        return set.witness
    }
}
