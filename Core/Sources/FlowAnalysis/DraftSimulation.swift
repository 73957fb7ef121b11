import Flows
public import NetworkTypes
public import PolicyEngine
import PolicyModel

/// A simulation that is asked again whenever rules of its draft change: only what they can touch is judged anew.
public struct DraftSimulation {
    /// What the first draft would change.
    public let first: Simulation
    private var parts: [Part]

    /// Edges of one time with what the first draft would do to them.
    private struct Part {
        let edges: [ObservedEdge]
        let draft: PolicyEngine
        var judges: JudgePair
        /// By edge.
        var effects: [EdgeEffects] = []
        /// The flows of all edges under the draft; made when first needed.
        var whatIf: WhatIf<EdgeFlows>?
    }

    /// Judges the edges of several times, each with the workloads of its own.
    public init(_ parts: [Simulation.Part], at instant: Instant, view: VerdictView = .policy) {
        var simulation = Simulation(view)
        self.parts = parts.filter { !$0.edges.isEmpty }.map { part in
            var judged = Part(edges: part.edges, draft: part.draft, judges: JudgePair(part, at: instant))
            judged.effects.reserveCapacity(part.edges.count)
            for edge in part.edges {
                let outcome = judged.judges.outcome(of: edge)
                judged.effects.append(outcome.effects)
                simulation.add(outcome)
            }
            return judged
        }
        simulation.sort()
        first = simulation
    }

    /// Sorts the flows so that changed rules find theirs, which `simulation(after:at:)` does when it was not done.
    ///
    /// Cost: as much as to judge them once.
    public mutating func prepare(at instant: Instant) {
        for index in parts.indices where parts[index].whatIf == nil {
            let part = parts[index]
            parts[index].whatIf = WhatIf(part.draft, at: instant, flows: EdgeFlows(part.edges))
        }
    }

    /// What the first draft would change after changes of its rules, which are not kept.
    ///
    /// Nil when it has too many policy classes for that, or sums overflow. Cost: that of `WhatIf`, and a walk over what is listed.
    public mutating func simulation(after changes: [PolicyChange], at instant: Instant) -> Simulation? {
        prepare(at: instant)
        var result = Simulation(sumsOf: first)
        var fresh: [SimulatedEdge] = []
        var touched: Set<EdgeOfTime> = []
        for index in parts.indices {
            guard let effect = parts[index].whatIf?.effect(of: changes), let flows = parts[index].whatIf?.flows else {
                return nil
            }
            var decisions: [Int: [EdgeFlows.Asked: Decision]] = [:]
            for changed in effect.changed {
                let (edge, asked) = flows.place(changed.flow)
                decisions[edge, default: [:]][asked] = changed.after
            }
            for (number, changed) in decisions {
                let edge = parts[index].edges[number]
                let outcome = parts[index].judges.outcome(of: edge) { changed[$0] }
                // Only sums beyond 2⁶³ − 1 connections cannot be taken apart again.
                guard result.recount(parts[index].effects[number], outcome) else { return nil }
                touched.insert(EdgeOfTime(edge))
                if let listed = result.listed(outcome) { fresh.append(listed) }
            }
        }
        result.list(first.edges.filter { !touched.contains(EdgeOfTime($0.edge)) }, and: fresh)
        return result
    }

    /// An edge; of two times there may be two.
    private struct EdgeOfTime: Hashable {
        let key: EdgeKey
        let first: Instant

        init(_ edge: ObservedEdge) { (key, first) = (edge.key, edge.firstSeen) }
    }
}

/// The flows that edges stand for: as recorded, and the other way round where the direction is uncertain.
struct EdgeFlows: RandomAccessCollection, Sendable {
    /// Which flow of an edge.
    enum Asked: Hashable, Sendable {
        case recorded
        /// The initiator listened on this port, or on that of the service.
        case reversed(UInt16?)
    }

    private let edges: [ObservedEdge]
    private var places: [(edge: UInt32, asked: Asked)] = []

    init(_ edges: [ObservedEdge]) {
        self.edges = edges
        for (number, edge) in edges.enumerated() {
            places.append((UInt32(number), .recorded))
            for (asked, _) in edge.reversals { places.append((UInt32(number), asked)) }
        }
    }

    var startIndex: Int { 0 }
    var endIndex: Int { places.count }

    subscript(position: Int) -> Flow { edges[Int(places[position].edge)].key.flow(places[position].asked) }

    /// The number of the edge and which of its flows.
    func place(_ position: Int) -> (edge: Int, asked: Asked) {
        (Int(places[position].edge), places[position].asked)
    }
}

extension EdgeKey {
    func flow(_ asked: EdgeFlows.Asked) -> Flow {
        switch asked {
        case .recorded: flow
        case .reversed(let port): reversedFlow(port: port)
        }
    }
}

extension ObservedEdge {
    /// The edge's connections the other way round, with how many; none for a certain direction.
    var reversals: [(asked: EdgeFlows.Asked, connections: Int)] {
        if hasCertainDirection { return [] }
        guard key.proto.hasPorts, !initiatorPorts.isEmpty else { return [(.reversed(nil), connections)] }
        // The order does not show: what comes of it is added up.
        return initiatorPorts.map { (.reversed($0.key), $0.value) }
    }
}
