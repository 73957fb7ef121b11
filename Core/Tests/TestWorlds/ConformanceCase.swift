public import NetworkTypes
public import PolicyModel

/// A case of `Conformance/`: a world, and what must be answered about flows in it.
public struct ConformanceCase: Sendable, CustomStringConvertible {
    /// Workloads with the one or the other kind of policy.
    public enum World: Sendable {
        /// Flat policy.
        case flat(FlatWorld)
        /// Bulkhead's own lattice.
        case lattice(LatticeWorld)
    }

    /// One flow with its answer.
    public struct Expectation: Sendable {
        /// Which of the case's flows it is, from 1.
        public var number: Int
        /// The flow.
        public var flow: Flow
        /// When it is judged.
        public var instant: Instant
        /// The effective verdict, as text.
        public var verdict: String
        /// The policy verdict, as text.
        public var policyVerdict: String
        /// What must have decided in the effective view, source then destination; nil parts are not compared.
        public var decidedBy: [String?]
        /// What must have decided in the policy view, source then destination; nil parts are not compared.
        public var policyDecidedBy: [String?]
    }

    /// The file and the name; a case that was carried over to IPv6 says so.
    public var description: String
    /// The sentence of the specification that the case stands for.
    public var source: String
    /// The world.
    public var world: World
    /// The flows.
    public var expectations: [Expectation]

    /// What differs between the expectations and the answers of an evaluator; empty when it conforms.
    public func failures(_ decide: (Flow, Instant) -> Decision) -> [String] {
        expectations.flatMap { expected -> [String] in
            let got = decide(expected.flow, expected.instant)
            let compared: [(String, String?, String)] = [
                ("verdict", expected.verdict, got.effective.outcome.conformanceText),
                ("policyVerdict", expected.policyVerdict, got.policy.outcome.conformanceText),
                ("decidedBy.source", expected.decidedBy[0], got.effective.source.decider.conformanceText),
                ("decidedBy.destination", expected.decidedBy[1], got.effective.destination.decider.conformanceText),
                ("policyDecidedBy.source", expected.policyDecidedBy[0], got.policy.source.decider.conformanceText),
                (
                    "policyDecidedBy.destination", expected.policyDecidedBy[1],
                    got.policy.destination.decider.conformanceText
                ),
            ]
            return compared.compactMap { name, want, have in
                want == nil || want == have
                    ? nil : "\(self), flow \(expected.number): \(name): expected `\(want ?? "")`, got `\(have)`"
            }
        }
    }
}

extension Outcome {
    /// The text that conformance cases use.
    public var conformanceText: String {
        switch self {
        case .allowed: "allowed"
        case .denied: "denied"
        case .indeterminate(let attribute): "indeterminate \(attribute.rawValue)"
        case .partly(let ports): "partly \(ports.text)"
        }
    }
}

extension Decider {
    /// The text that conformance cases use; the layer `bulkhead` is not named.
    public var conformanceText: String {
        func of(_ layer: LayerID) -> String { layer == "bulkhead" ? "" : " of \(layer)" }
        return switch self {
        case .rule(let rule, let tier, let layer): "rule \(rule) in \(tier)\(of(layer))"
        case .tierDefault(let tier, let layer): "default of tier \(tier)\(of(layer))"
        case .layerDefault(let layer): "default of layer \(layer)"
        case .selfTraffic: "selfTraffic"
        case .nothing: "nothing"
        }
    }
}
