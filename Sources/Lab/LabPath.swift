internal import NetworkTypes
internal import PacketFilter
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

    /// Sends the request through the walls and sets what came of it beside what the engine says.
    func judged(
        before: String?, _ traffic: LabTraffic, _ network: LabNetwork, _ engine: PolicyEngine, _ walls: [LabWall],
        at instant: Instant
    ) throws -> LabReport.Path {
        let verdicts = steps.compactMap { step -> (step: Step, verdict: Verdict)? in
            guard let source = network.host(step.from)?.address(family),
                let destination = network.host(step.to)?.address(family)
            else { return nil }
            let cell = Cell(source: source, destination: destination, proto: .tcp, port: step.port)
            return (step, engine.decide(CellMatrix.flow(cell, sourcePort: nil), at: instant).effective)
        }
        let denial = verdicts.lazy.compactMap { Self.denial($0.step, $0.verdict) }.first
        let wall = denial.flatMap { denial in walls.first { $0.host.name == denial.host } }
        let counted = try denial.flatMap { try wall?.denials($0.reason) }
        let after = traffic.walk(self)
        var kernel: String?
        if let denial, let wall, let counted, let now = try wall.denials(denial.reason) {
            kernel = "\(now - counted) packets counted by `\(denial.reason.name)` in the kernel of \(denial.host)"
        }
        let isAllowed = verdicts.allSatisfy { $0.verdict.outcome == .allowed }
        let expected = steps.map(\.to).joined(separator: " → ")
        return LabReport.Path(
            name: name, family: family == .ipv4 ? "ipv4" : "ipv6", before: before, after: after,
            verdict: isAllowed ? "allowed" : "denied",
            decidedBy: verdicts.map { step, verdict in
                "\(step.from) → \(step.to) tcp/\(step.port): \(Self.deciders(verdict))"
            }, kernel: kernel, agrees: before == expected && after == (isAllowed ? expected : nil))
    }

    /// Where a step is denied, and why.
    private static func denial(_ step: Step, _ verdict: Verdict) -> (host: String, reason: DenialReason)? {
        guard verdict.outcome == .denied else { return nil }
        let isAtSource = verdict.source.kind == .denied
        let host = isAtSource ? step.from : step.to
        switch isAtSource ? verdict.source.decider : verdict.destination.decider {
        case .rule(let id, _, _): return (host, .rule(id))
        case .tierDefault(let tier, _): return (host, .tierDefault(tier))
        case .layerDefault: return (host, .layerDefault)
        case .selfTraffic, .nothing: return nil
        }
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
            + (decidedBy + (kernel.map { [$0] } ?? [])).map { "      \($0)" }
    }
}
