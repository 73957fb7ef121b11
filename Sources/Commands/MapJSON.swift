import FlowAnalysis
import Flows
import NetworkTypes
import PolicyModel

/// The map as JSON.
struct MapJSON: Encodable {
    struct Group: Encodable {
        let kind: String
        let name: String
        var labels: [String: String]?
        var prefix: String?
        var addressSet: String?

        init(_ group: MapGroup, _ dimensions: [LabelKey]) {
            name = group.description
            switch group {
            case .labels(let values):
                kind = "labels"
                var labels: [String: String] = [:]
                for (key, value) in zip(dimensions, values) { labels[key.description] = value?.description }
                self.labels = labels
            case .shared: kind = "sharedAddresses"
            case .addressSet(let id):
                kind = "addressSet"
                addressSet = id.rawValue
            case .subnet(let network):
                kind = "subnet"
                prefix = network.description
            case .domain: kind = "domain"
            case .multicast: kind = "multicast"
            case .noHost: kind = "noHost"
            case .internet: kind = "internet"
            }
        }
    }

    struct Verdicts: Encodable {
        let allowed: Int
        let denied: Int
        let undecided: Int

        init(_ count: VerdictCount) {
            allowed = count.allowed
            denied = count.denied
            undecided = count.undecided
        }
    }

    struct Count: Encodable {
        let connections: Int
        let failed: Int
        let bytes: UInt64?
        let firstSeen: String
        let lastSeen: String
        let policy: Verdicts?
        let effective: Verdicts?

        init(_ count: TrafficCount) {
            connections = count.connections
            failed = count.failed
            bytes = count.bytes
            firstSeen = count.firstSeen.utcText
            lastSeen = count.lastSeen.utcText
            policy = count.policy.map(Verdicts.init)
            effective = count.effective.map(Verdicts.init)
        }
    }

    struct Service: Encodable {
        let service: String
        let count: Count
    }

    struct Edge: Encodable {
        let source: Group
        let destination: Group
        let total: Count
        let services: [Service]
    }

    let groupedBy: String
    let dimensions: [String]?
    let edges: [Edge]
    let total: Count?

    init(_ map: FlowMap) {
        var keys: [LabelKey] = []
        switch map.grouping {
        case .labels(let dimensions):
            groupedBy = "labels"
            keys = dimensions
        case .subnetsWithoutPolicy, .subnetsWithoutLabels: groupedBy = "subnets"
        }
        dimensions = keys.isEmpty ? nil : keys.map(\.description)
        edges = map.edges.map { edge in
            Edge(
                source: Group(edge.source, keys), destination: Group(edge.destination, keys), total: Count(edge.total),
                services: edge.services.map {
                    Service(service: $0.service.description, count: Count($0.count))
                })
        }
        total = map.total.map(Count.init)
    }
}
