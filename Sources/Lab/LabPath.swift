internal import NetworkTypes
internal import PolicyEngine
internal import PolicyModel

/// A request that passes one tier or several.
struct LabPath: Sendable {
    struct Step: Sendable {
        let from: String
        let to: String
        let port: UInt16
    }

    let from: String
    let steps: [Step]
    let family: AddressFamily

    /// Along the tiers, and past them.
    static let all: [LabPath] = AddressFamily.allCases.flatMap { family in
        [
            LabPath(
                from: "visitor",
                steps: [
                    Step(from: "visitor", to: "web", port: 443), Step(from: "web", to: "app", port: 8080),
                    Step(from: "app", to: "database", port: 5432),
                ], family: family),
            LabPath(from: "web", steps: [Step(from: "web", to: "database", port: 5432)], family: family),
        ]
    }

    private var name: String { ([from] + steps.map(\.to)).joined(separator: " → ") }

    /// Sets the answers beside what the engine says of each step.
    func judged(
        before: String?, after: String?, _ network: LabNetwork, _ engine: PolicyEngine, at instant: Instant
    ) -> LabReport.Path {
        var decidedBy: [String] = []
        var isAllowed = true
        for step in steps {
            guard let source = network.host(step.from)?.address(family),
                let destination = network.host(step.to)?.address(family)
            else { continue }
            let cell = Cell(source: source, destination: destination, proto: .tcp, port: step.port)
            let verdict = engine.decide(CellMatrix.flow(cell, sourcePort: nil), at: instant).effective
            if verdict.outcome != .allowed { isAllowed = false }
            let text = Self.deciders(verdict)
            decidedBy.append("\(step.from) → \(step.to) tcp/\(step.port): \(text)")
        }
        let expected = steps.map(\.to).joined(separator: " → ")
        return LabReport.Path(
            name: name, family: family == .ipv4 ? "ipv4" : "ipv6", before: before, after: after,
            verdict: isAllowed ? "allowed" : "denied", decidedBy: decidedBy,
            agrees: before == expected && after == (isAllowed ? expected : nil))
    }

    /// The deciding rule; of both ends where they differ.
    static func deciders(_ verdict: Verdict) -> String {
        if verdict.outcome == .denied {
            let end = verdict.source.kind == .denied ? verdict.source : verdict.destination
            return "denied by \(text(end.decider))"
        }
        let texts = [verdict.source, verdict.destination].filter { $0.kind != .notGoverned }.map { text($0.decider) }
        let distinct = texts.count == 2 && texts[0] == texts[1] ? [texts[0]] : texts
        return "allowed by \(distinct.isEmpty ? "nobody's objection" : distinct.joined(separator: " and "))"
    }

    private static func text(_ decider: Decider) -> String {
        switch decider {
        case .rule(let id, _, _): "`\(id)`"
        case .tierDefault(let tier, _): "the default of tier `\(tier)`"
        case .layerDefault: "default (no rule allows it)"
        case .selfTraffic: "self-traffic"
        case .nothing: "nothing"
        }
    }
}

extension LabReport.Path {
    /// The path for a terminal.
    var lines: [String] {
        let label = family == "ipv4" ? "IPv4" : "IPv6"
        func shown(_ answer: String?) -> String { answer.map { "answered “\($0)”" } ?? "no answer" }
        return ["\(label)  \(name)", "      before: \(shown(before))", "      after:  \(shown(after))"]
            + decidedBy.map { "      \($0)" }
    }
}
