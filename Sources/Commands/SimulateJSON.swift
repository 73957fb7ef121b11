import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel

/// A simulation as JSON.
struct SimulateJSON: Encodable {
    struct Count: Encodable {
        let edges: Int
        let connections: Int

        init(_ count: EdgeCount) {
            edges = count.edges
            connections = count.connections
        }
    }

    struct End: Encodable {
        let address: String
        let workload: String?
    }

    struct VerdictText: Encodable {
        let verdict: String
        let reason: String
        let decidedBy: DecisionJSON.Ends
        let deniedBy: String?
        let denyingEnd: String?
        let deniedSourcePorts: String?

        init(_ verdict: Verdict) {
            self.verdict = verdict.outcome.word
            reason = verdict.reason
            decidedBy = DecisionJSON.Ends(verdict)
            deniedBy = verdict.denier?.name
            denyingEnd = verdict.denyingEnd
            if case .partly(let ports) = verdict.outcome {
                deniedSourcePorts = ports.text
            } else {
                deniedSourcePorts = nil
            }
        }
    }

    struct Edge: Encodable {
        let effect: String
        let source: End
        let destination: End
        let service: String
        let connections: Int
        let failed: Int
        let bytes: UInt64?
        let firstSeen: String
        let lastSeen: String
        let direction: String
        let directionIsCertain: Bool
        let active: VerdictText
        let draft: VerdictText
        let asRecorded: String
        let reversed: [String: Int]?
        let ruleReason: String?

        init(_ item: SimulatedEdge, _ names: SimulateNames) {
            let edge = item.edge
            effect = item.effect.rawValue
            source = End(
                address: edge.key.source.description, workload: names.workload(edge.key.source, at: edge.firstSeen))
            destination = End(
                address: edge.key.destination.description,
                workload: names.workload(edge.key.destination, at: edge.firstSeen))
            service = edge.key.serviceText
            connections = edge.connections
            failed = edge.failed
            bytes = edge.bytes
            firstSeen = edge.firstSeen.utcText
            lastSeen = edge.lastSeen.utcText
            direction = edge.direction.rawValue
            directionIsCertain = edge.hasCertainDirection
            active = VerdictText(item.active)
            draft = VerdictText(item.draft)
            asRecorded = item.asRecorded.rawValue
            var reversed: [String: Int] = [:]
            for (effect, count) in item.reversed { reversed[effect.rawValue] = count }
            self.reversed = reversed.isEmpty ? nil : reversed
            if case .rule(let id, _, _)? = item.draft.denier {
                ruleReason = names.draft.documentation(of: id)?.reason
            } else {
                ruleReason = nil
            }
        }
    }

    let at: String
    let view: String
    let labels: String
    let changedAddresses: Int
    let breaksSomething: Bool
    let policy: [String: Count]
    let effective: [String: Count]
    let uncertainDirections: Int
    let edges: [Edge]

    init(_ simulation: Simulation, _ names: SimulateNames, at instant: Instant) {
        at = instant.utcText
        view = simulation.view.rawValue
        labels = names.labels.rawValue
        changedAddresses = names.changedAddresses
        breaksSomething = simulation.breaksSomething
        policy = Self.counts(simulation.policy)
        effective = Self.counts(simulation.effective)
        uncertainDirections = simulation.uncertainDirections
        edges = simulation.edges.map { Edge($0, names) }
    }

    private static func counts(_ tally: EffectTally) -> [String: Count] {
        var result: [String: Count] = [:]
        for effect in SimulatedEffect.allCases { result[effect.rawValue] = Count(tally[effect]) }
        return result
    }
}

extension EdgeKey {
    /// The service in the form that policy files use, such as `tcp/443`.
    var serviceText: String { MapService(proto: proto, service: service).description }
}
