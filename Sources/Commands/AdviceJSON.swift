import FlowAnalysis
import Flows
import NetworkTypes
import PolicyModel

/// Advice in the shape of its JSON; the names are documented in `docs/commands.md`.
struct AdviceJSON: Encodable {
    struct Edge: Encodable {
        let source: SimulateJSON.End
        let destination: SimulateJSON.End
        let service: String
        let connections: Int
        let failed: Int
        let firstSeen: String
        let lastSeen: String

        init(_ edge: ObservedEdge, _ names: AdviceNames) {
            source = SimulateJSON.End(
                address: edge.key.source.description, workload: names.workload(edge.key.source))
            destination = SimulateJSON.End(
                address: edge.key.destination.description, workload: names.workload(edge.key.destination))
            service = edge.key.serviceText
            connections = edge.connections
            failed = edge.failed
            firstSeen = edge.firstSeen.utcText
            lastSeen = edge.lastSeen.utcText
        }
    }

    struct Support: Encodable {
        let edges: Int
        let connections: Int
        let firstSeen: String?
        let lastSeen: String?
        let examples: [Edge]

        init(_ evidence: Evidence, _ names: AdviceNames) {
            edges = evidence.edges
            connections = evidence.connections
            firstSeen = evidence.firstSeen?.utcText
            lastSeen = evidence.lastSeen?.utcText
            examples = evidence.examples.map { Edge($0, names) }
        }
    }

    struct AdvisedRuleJSON: Encodable {
        let rule: String
        let from: String
        let to: String
        let services: [String]
        let pairs: Int?
        let pairsSeen: Int?
        let starter: String?
        let note: String?
        let evidence: Support
    }

    struct Reused: Encodable {
        let rule: String
        let evidence: Support
    }

    struct Doubted: Encodable {
        let reason: String
        let text: String
        let isSuspicious: Bool
        let isAllowed: Bool
        let edge: Edge
    }

    struct Share: Encodable {
        let allowedEdges: Int
        let edges: Int
        let allowedConnections: Int
        let connections: Int

        init(_ coverage: Coverage) {
            (allowedEdges, edges) = (coverage.edges.allowed, coverage.edges.all)
            (allowedConnections, connections) = (coverage.connections.allowed, coverage.connections.all)
        }
    }

    let at: String
    let isProvisional: Bool
    let isInferred: Bool
    let uncertainDirections: Int
    let firstSeen: String?
    let lastSeen: String?
    let rules: [AdvisedRuleJSON]
    let reused: [Reused]
    let leftOut: [Doubted]
    let trusted: Share
    let all: Share

    init(_ advice: Advice, _ names: AdviceNames, at instant: Instant, isInferred: Bool) {
        self.isInferred = isInferred
        uncertainDirections = advice.uncertainDirections
        at = instant.utcText
        isProvisional = advice.isProvisional
        firstSeen = advice.span?.lowerBound.utcText
        lastSeen = advice.span?.upperBound.utcText
        rules = advice.rules.map { advised in
            AdvisedRuleJSON(
                rule: advised.rule.id.rawValue, from: advised.rule.match.from.adviceText,
                to: advised.rule.match.to.adviceText, services: advised.rule.match.services.flatMap(\.texts),
                pairs: advised.pairs?.all, pairsSeen: advised.pairs?.seen,
                starter: advised.starter, note: advised.note, evidence: Support(advised.evidence, names))
        }
        reused = advice.reused.map { Reused(rule: $0.rule.rawValue, evidence: Support($0.evidence, names)) }
        leftOut = advice.doubted.map {
            Doubted(
                reason: $0.doubt.name, text: $0.doubt.text, isSuspicious: $0.doubt.isSuspicious,
                isAllowed: $0.isAllowed,
                edge: Edge($0.edge, names))
        }
        trusted = Share(advice.trustedCoverage)
        all = Share(advice.coverage)
    }
}
