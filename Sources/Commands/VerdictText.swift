import Flows
import NetworkTypes
import PolicyModel

extension Outcome {
    /// The word for it in every output.
    var word: String {
        switch self {
        case .allowed: "allowed"
        case .denied: "denied"
        case .indeterminate: "indeterminate"
        case .partly: "partly"
        }
    }
}

extension Decider {
    /// The name in every output: a rule's identifier, or what decided instead of one.
    var name: String {
        switch self {
        case .rule(let id, _, _): id.rawValue
        case .tierDefault(let tier, _): "tierDefault:\(tier)"
        case .layerDefault(let layer): "default:\(layer)"
        case .selfTraffic: "selfTraffic"
        case .nothing: "notGoverned"
        }
    }
}

extension Verdict {
    /// Why, in one stable word.
    var reason: String {
        switch outcome {
        case .indeterminate(let attribute): return "needs:\(attribute.rawValue)"
        case .partly: return "dependsOnSourcePort"
        case .denied:
            let end = source.kind == .denied ? source : destination
            if case .rule = end.decider { return "deniedByRule" }
            return "deniedByDefault"
        case .allowed:
            let ends = [source, destination].filter { $0.kind == .allowed }
            if ends.isEmpty { return "notGoverned" }
            let byRule = ends.contains { if case .rule = $0.decider { true } else { false } }
            if byRule { return "allowedByRule" }
            return ends.contains { $0.decider == .selfTraffic } ? "selfTraffic" : "allowedByDefault"
        }
    }
}

/// The verdicts of one decision as JSON; the names are documented in `docs/commands.md`.
struct DecisionJSON: Encodable {
    struct Ends: Encodable {
        let source: String
        let destination: String

        init(_ verdict: Verdict) {
            source = verdict.source.decider.name
            destination = verdict.destination.decider.name
        }
    }

    let verdict: String
    let policyVerdict: String
    let decidedBy: Ends
    let policyDecidedBy: Ends
    let reason: String
    let policyReason: String
    let deniedSourcePorts: String?
    let policyDeniedSourcePorts: String?

    init(_ decision: Decision) {
        verdict = decision.effective.outcome.word
        policyVerdict = decision.policy.outcome.word
        decidedBy = Ends(decision.effective)
        policyDecidedBy = Ends(decision.policy)
        reason = decision.effective.reason
        policyReason = decision.policy.reason
        deniedSourcePorts = Self.ports(decision.effective)
        policyDeniedSourcePorts = Self.ports(decision.policy)
    }

    private static func ports(_ verdict: Verdict) -> String? {
        if case .partly(let denied) = verdict.outcome { return denied.text }
        return nil
    }
}

extension RuleAction {
    /// The word for it in every output.
    var word: String {
        switch self {
        case .allow: "allow"
        case .deny(.drop): "deny"
        case .deny(.reject): "reject"
        case .pass: "pass"
        }
    }
}

extension Documentation {
    /// Ticket and review date, where there are any, for the end of a line.
    var suffix: String {
        (ticket.map { ", \($0)" } ?? "") + (review.map { ", review by \($0.utcText.prefix(10))" } ?? "")
    }
}

extension Flow {
    /// The flow in a line for people.
    var text: String { text(\.description) }

    /// The same, with workloads by name where their address was made up.
    func text(_ index: PolicyIndex) -> String { text(index.place) }

    private func text(_ place: (IPAddress) -> String) -> String {
        let service: String
        if let icmp {
            service = "\(proto) type \(icmp.type) code \(icmp.code)"
        } else {
            service = proto.hasPorts ? "\(proto)/\(destinationPort)" : "\(proto)"
        }
        return "\(place(source.address)) → \(place(destination.address)) \(service)"
            + (sourcePort.map { " from port \($0)" } ?? "")
    }
}
