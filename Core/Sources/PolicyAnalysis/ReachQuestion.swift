import PolicyEngine
import PolicyModel

/// A connectivity whose ends do not cross two expressions, which its policy may not tell apart by itself.
struct ReachQuestion {
    private let connectivity: Connectivity
    private let isSource: [Bool]
    private let isTarget: [Bool]

    init(_ asked: Connectivity, _ sources: EndExpression, _ targets: EndExpression) {
        // A layer that stands nowhere changes no answer, and makes the engine tell apart what its rules name.
        let probe: LayerID = "question"
        let rules = [sources, targets].map { expression in
            FlatRule(
                id: RuleID(rawValue: probe.rawValue), action: .deny(.drop), direction: .egress, subject: expression,
                peer: .any, services: [])
        }
        var policy = asked.engine.policy
        policy.layers.append(
            Layer(id: probe, enforcer: .platform, appliesTo: .union([]), tiers: [Tier(id: "question", rules: rules)]))
        let engine = PolicyEngine(workloads: asked.engine.workloads, policy: policy)
        connectivity = Connectivity(engine, at: asked.instant, view: asked.view)
        let classes = connectivity.reach.classes
        func members(_ expression: EndExpression) -> [[Bool]] {
            let number = engine.rules.compactMap(\.self).first {
                $0.layer == policy.layers.count - 1 && $0.source.subject == expression
            }?.subject
            return (0..<UInt32(classes.count)).map { item in
                classes.identities(item).map { identity in number.map { engine.holds($0, identity) } ?? false }
            }
        }
        isSource = members(sources).map { $0.allSatisfy(\.self) }
        isTarget = members(targets).map { $0.contains(true) }
    }

    func answer(_ services: ServiceSet) -> AnalysisAnswer {
        let nothing = WitnessSearch.Side(engine: Self.closed(connectivity.engine), instant: connectivity.instant)
        let search = WitnessSearch(
            less: nothing, more: WitnessSearch.Side(engine: connectivity.engine, instant: connectivity.instant),
            view: connectivity.view)
        var builder = connectivity.builder
        var unknown: RuleID?
        for pair in connectivity.pairs(.everything)
        where !isSource[Int(pair.source.classNumber)] && isTarget[Int(pair.destination.classNumber)] {
            let reached = Traffic(
                must: pair.traffic.must.intersection(services), may: pair.traffic.may.intersection(services))
            guard !reached.may.isEmpty else { continue }
            let open = builder.openRules(from: pair.source.classNumber, to: pair.destination.classNumber)
            let witness = search.find(pair.source, pair.destination, reached, open: open)
            if let witness, !reached.must.isEmpty || search.isPlain(witness) { return .no(witness) }
            if let rule = OpenPair.blamed(open) { unknown = min(unknown ?? rule, rule) }
        }
        return unknown.map(AnalysisAnswer.unknown) ?? .yes
    }

    /// An engine that denies everything to everybody, so that a witness need only be allowed.
    private static func closed(_ engine: PolicyEngine) -> PolicyEngine {
        let layer = Layer(id: "closed", enforcer: .platform, tiers: [])
        return PolicyEngine(workloads: engine.workloads, policy: FlatPolicy(layers: [layer]))
    }
}
