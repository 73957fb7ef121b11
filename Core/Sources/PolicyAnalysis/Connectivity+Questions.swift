import PolicyEngine
public import PolicyModel

extension Connectivity {
    /// Whether all that may flow here may flow there: *yes* only when exact, *no* with a flow that only here is allowed.
    ///
    /// Pairs of addresses outside count too; workloads without an address that are on one side only do not.
    public func isContained(in other: Connectivity) -> AnalysisAnswer {
        var containment = Containment(self, in: other)
        return containment.answer()
    }

    /// Whether the same may flow on both sides; *no* with a flow that one of them allows.
    public func isEquivalent(to other: Connectivity) -> AnalysisAnswer {
        let there = isContained(in: other)
        if case .no = there { return there }
        let back = other.isContained(in: self)
        switch (there, back) {
        case (.yes, _), (.unknown, .no): return back
        case (.unknown, .yes), (.unknown, .unknown), (.no, _): return there
        }
    }

    /// Whether taking a written rule away changes nothing; *no* with a flow that is decided differently then.
    ///
    /// Cost: an engine without the rule, and a comparison.
    public func isRedundant(_ rule: RuleID) -> AnalysisAnswer {
        let rest = Connectivity(engine.without(rule), at: instant, view: view)
        var fewer = Containment(rest, in: self, .shared)
        var more = Containment(self, in: rest, .shared)
        let (one, other) = (fewer.answer(), more.answer())
        switch (one, other) {
        case (.no, _): return one
        case (_, .no), (.yes, _): return other
        case (.unknown, .yes), (.unknown, .unknown): return one
        }
    }

    /// Whether nobody but `sources` reaches `targets` on any of the services; *no* with a flow of somebody else's.
    ///
    /// An address with several owners is a target when one of them is, and among the sources when all are.
    public func onlySources(
        _ sources: EndExpression, reach targets: EndExpression, on services: ServiceSet
    ) -> AnalysisAnswer {
        let probe = ReachQuestion(self, sources, targets)
        return probe.answer(services)
    }
}

extension PolicyEngine {
    /// The same without a written rule: all flat rules of its name.
    func without(_ rule: RuleID) -> PolicyEngine {
        var rest = policy
        for layer in rest.layers.indices {
            for tier in rest.layers[layer].tiers.indices {
                rest.layers[layer].tiers[tier].rules.removeAll { $0.id == rule }
            }
        }
        return PolicyEngine(workloads: workloads, policy: rest)
    }
}
