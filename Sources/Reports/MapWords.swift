public import FlowAnalysis

/// What is said of an edge in one line.
public enum MapWords {
    /// How many services are named.
    private static let services = 6

    /// Services with their connections, most first; six are named.
    public static func services(_ services: [MapEdge.Part]) -> String {
        self.services(services.map { ("\($0.service)", $0.count.connections) }, most: self.services)
    }

    /// Services with their connections, of which so many are named.
    public static func services(_ services: [(service: String, connections: Int)], most: Int) -> String {
        let named = services.prefix(most).map { "\($0.service) (\($0.connections))" }
        let rest = services.count - named.count
        return (named + (rest > 0 ? ["\(rest) more"] : [])).joined(separator: ", ")
    }

    /// Ends, services and verdicts.
    static func line(_ edge: MapEdge) -> String {
        var text = "\(edge.source) → \(edge.destination): \(services(edge.services))"
        if let policy = edge.total.policy {
            text += "; \(policy.allowed) allowed, \(policy.denied) denied, \(policy.undecided) undecided"
        }
        return edge.total.failed > 0 ? text + "; \(edge.total.failed) failed" : text
    }
}
