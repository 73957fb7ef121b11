import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel
import Reports

/// Which traffic something was held against.
struct ObservedSpan: Encodable {
    let edges: Int
    let connections: Int
    let firstSeen: String?
    let lastSeen: String?

    init(_ edges: [ObservedEdge]) {
        self.edges = edges.count
        connections = edges.reduce(0) { $0 + $1.connections }
        firstSeen = edges.map(\.firstSeen).min()?.utcText
        lastSeen = edges.map(\.lastSeen).max()?.utcText
    }

    /// The span in a line.
    var text: String {
        guard let firstSeen, let lastSeen else { return "no traffic was observed in the window" }
        let seen = "\(FlowsAmount.text(edges, "edge")), \(FlowsAmount.text(connections, "connection"))"
        return "held against \(seen) from \(firstSeen) to \(lastSeen); what happens more seldom was not seen"
    }
}

extension RuleUse {
    /// What rules could do without by observed traffic; of none nothing follows.
    static func findings(_ edges: [ObservedEdge], of engine: PolicyEngine, at instant: Instant) -> [Finding] {
        edges.isEmpty ? [] : RuleUse(edges, of: engine, at: instant).findings
    }
}

extension RuleUse.Excess {
    /// The kind and the sentence, with the proposal.
    var text: (kind: String, message: String) {
        switch self {
        case .neverHit: ("never-hit", "nothing that was observed is decided by it")
        case .services(let unused, let used):
            (
                "unused-services",
                "nobody asked for \(Self.list(unused.flatMap(\.texts))); "
                    + "asked for: \(Self.list(used.map(\.description)))"
            )
        case .anyPort(let term, let used):
            (
                "unused-ports",
                "it takes `\(Self.list(term.texts))`; asked for: \(Self.list(used.map(\.description)))"
            )
        case .members(let side, let used, let all, let narrower, let members):
            (
                "unused-peers",
                "\(used) of the \(FlowsAmount.text(all, "workload")) at its \(side) took part; "
                    + "`\(Self.selector(narrower))` would be \(members)"
            )
        case .outside(let side):
            (
                "unused-outside",
                "its \(side) takes addresses of no workload, and only workloads took part; "
                    + "`anyWorkload` would be narrower"
            )
        case .addresses(let side, let used):
            ("unused-addresses", "of the addresses at its \(side) only \(Self.list(used.map(\.description))) took part")
        }
    }

    /// So many things a person reads in a line.
    private static let longest = 20

    private static func list(_ words: [String]) -> String {
        let rest = words.count - longest
        return words.prefix(longest).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private static func selector(_ labels: [LabelKey: LabelValue]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: " and ")
    }
}

extension ServiceTerm {
    /// The parts of the term in the form that policy files use.
    var texts: [String] {
        switch self {
        case .any: ["any"]
        case .proto(let proto): ["\(proto)"]
        case .named(let name): [name.rawValue]
        case .icmp(let proto, let type, let code): ["\(proto)/\(type)" + (code.map { ":\($0)" } ?? "")]
        case .ports(let proto, destination: let ports, source: _):
            ports.intervals.map { ports in
                "\(proto)/\(ports.lowerBound)" + (ports.count > 1 ? "-\(ports.upperBound)" : "")
            }
        }
    }
}
