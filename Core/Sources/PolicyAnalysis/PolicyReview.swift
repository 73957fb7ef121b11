import PolicyEngine
public import PolicyModel

/// What is wrong, or in vain, in a policy: each finding with its rule, its reason and the other rules involved.
public struct PolicyReview: Sendable {
    /// One finding.
    public struct Finding: Hashable, Sendable {
        /// What was found.
        public enum Kind: Hashable, Sendable {
            /// The rule covers nothing.
            case vacuous(RuleStanding.Vacuity)
            /// The rule is never reached: these rules, and the defaults of tiers before it, take all that it covers.
            case shadowed(by: [RuleID])
            /// The rule decides something, but without it everything would be decided alike.
            case redundant
            /// A rule of the other action, asked before, takes some or all of what it covers.
            case contradicted(by: RuleID, RuleStanding.Extent)
            /// It names something that matches nothing.
            case missing(MissingReference)
        }

        /// The rule; for a reference of a layer or a selection its layer's name.
        public let place: Place
        /// What was found.
        public let kind: Kind
    }

    /// Where something was found.
    public enum Place: Hashable, Sendable {
        /// At a written rule.
        case rule(RuleID)
        /// At a selection of a tier.
        case tier(TierID, layer: LayerID)
        /// At what a layer applies to.
        case layer(LayerID)
    }

    /// The findings: rules by name, then tiers and layers in the policy's order; of a rule in the order of `Kind`.
    public let findings: [Finding]

    /// Reviews the policy of a connectivity as it is at its instant and in its view.
    ///
    /// Only what is sure is reported. Rules that come with the product (`icmp/…`, `essential/…`) are not reviewed, and do
    /// not contradict others. Cost: a judgement for each rule in each distinct list of rules that it stands in, and for a
    /// redundant rule a look at the pairs of classes that it covers.
    public init(_ connectivity: Connectivity) {
        var trace = RuleTrace(connectivity)
        var byRule: [RuleID: [Finding.Kind]] = [:]
        for (name, id) in trace.names.enumerated() where !id.comesWithProduct {
            let standing = trace.standing(name, withWitness: false)
            var kinds: [Finding.Kind] = []
            switch standing.effect {
            case .vacuous(let reason): kinds.append(.vacuous(reason))
            case .shadowed(let rules): kinds.append(.shadowed(by: rules))
            case .decides, .unsure: if trace.isSurelyRedundant(name) { kinds.append(.redundant) }
            }
            kinds += standing.contradictions.filter { !$0.rule.comesWithProduct }
                .map { .contradicted(by: $0.rule, $0.extent) }
            byRule[id] = kinds
        }
        let policy = connectivity.engine.policy
        var check = ReferenceCheck(connectivity.engine.workloads, policy.addressSets)
        var places: [Finding] = []
        for layer in policy.layers {
            for found in Self.distinct(check.missing(layer.appliesTo) + check.missing(layer.fullFor)) {
                places.append(Finding(place: .layer(layer.id), kind: .missing(found)))
            }
            for tier in layer.tiers {
                let selections = (tier.selections ?? []).flatMap { check.missing($0.subject) }
                for found in Self.distinct(selections) {
                    places.append(Finding(place: .tier(tier.id, layer: layer.id), kind: .missing(found)))
                }
                for rule in tier.rules where !rule.id.comesWithProduct {
                    let missing = check.missing(rule.subject) + check.missing(rule.peer) + check.missing(rule.services)
                    if rule.validity.isOver(at: connectivity.instant) {
                        byRule[rule.id] = byRule[rule.id] ?? [.vacuous(.expired)]
                    }
                    for found in missing where !(byRule[rule.id] ?? []).contains(.missing(found)) {
                        byRule[rule.id, default: []].append(.missing(found))
                    }
                }
            }
        }
        findings =
            byRule.keys.sorted().flatMap { id in
                (byRule[id] ?? []).map { Finding(place: .rule(id), kind: $0) }
            } + places
    }

    private static func distinct(_ found: [MissingReference]) -> [MissingReference] {
        found.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
