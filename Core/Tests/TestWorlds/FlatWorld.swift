import NetworkTypes
public import PolicyModel

/// Workloads with flat policy.
public struct FlatWorld: Hashable, Sendable {
    /// The workloads.
    public var workloads: [Workload]
    /// The policy.
    public var policy: FlatPolicy

    /// Makes a world.
    public init(workloads: [Workload], policy: FlatPolicy) {
        self.workloads = workloads
        self.policy = policy
    }

    /// A small world; equal states of the generator give equal worlds.
    public static func random(
        limits: WorldLimits = WorldLimits(), using rng: inout some RandomNumberGenerator
    ) -> FlatWorld {
        let workloads = Workload.randomWorld(limits, distinct: false, using: &rng)
        var layers: [Layer] = []
        if rng.chance(95) { layers.append(.random("host", .agent, limits, using: &rng)) }
        if rng.chance(15) { layers.append(.random("mesh", .agent, limits, using: &rng)) }
        if rng.chance(35) { layers.append(.random("cloud", .platform, limits, using: &rng)) }
        if rng.chance(25) {
            var layer = Layer.random("subnet", .platform, limits, using: &rng)
            layer.isStateful = false
            layers.append(layer)
        }
        let sets = AddressSet.randomDefinitions(limits, using: &rng)
        return FlatWorld(workloads: workloads, policy: FlatPolicy(layers: layers, addressSets: sets))
    }
}

extension Layer {
    static func random(
        _ id: LayerID, _ enforcer: Enforcer, _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> Layer {
        let names: [TierID] = ["first", "second", "third"]
        let count = 1 + rng.below(3)
        // A platform layer stands at unmanaged addresses too; mostly it lets pass, or it would decide everything.
        return Layer(
            id: id, enforcer: enforcer,
            appliesTo: enforcer == .agent
                ? (rng.chance(85) ? .any : .random(limits, using: &rng))
                : (rng.chance(30) ? .any : .random(limits, using: &rng)),
            appliesWhen: rng.chance(enforcer == .agent ? 5 : 25)
                ? [rng.chance(70) ? .different([Universe.labels[2].key]) : .same([Universe.labels[1].key])] : [],
            isStateful: !rng.chance(8),
            fullFor: enforcer == .agent && rng.chance(25) ? .random(limits, using: &rng) : .union([]),
            tiers: (0..<count).map { .random($0, names: names, limits, using: &rng) },
            fullDefault: rng.chance(enforcer == .agent ? 40 : 75) ? .allow : .deny,
            selectiveDefault: rng.chance(85) ? .allow : .deny)
    }
}

extension Tier {
    fileprivate static func random(
        _ index: Int, names: [TierID], _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> Tier {
        let selections: [Selection]? =
            rng.chance(60)
            ? rng.list(0...2) {
                Selection(subject: .random(limits, using: &$0), direction: $0.pick(Direction.allCases))
            } : nil
        let rules = rng.list(1...5) { $0.next() }.indices.map { number in
            FlatRule.random(RuleID(rawValue: "r\(index)\(number)"), names: names, limits, using: &rng)
        }
        return Tier(
            id: names[index], onNoMatch: rng.pick([.next, .next, .next, .next, .allow, .deny]), selections: selections,
            rules: rng.chance(50) ? rules : rules.reversed())
    }
}

extension FlatRule {
    fileprivate static func random(
        _ id: RuleID, names: [TierID], _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> FlatRule {
        let target: TierID? = rng.chance(60) ? nil : rng.pick(names + ["nowhere"])
        return FlatRule(
            id: id, rank: rng.below(2),
            action: rng.pick([.deny(.drop), .deny(.reject), .allow, .allow, .pass(to: target)]),
            direction: rng.pick(Direction.allCases), subject: rng.chance(40) ? .any : .random(limits, using: &rng),
            peer: .random(limits, using: &rng), relations: Relation.list(limits, using: &rng),
            services: ServiceTerm.list(limits, using: &rng), subjectAttributes: .random(limits, using: &rng),
            peerAttributes: .random(limits, using: &rng), widensPeer: rng.chance(40),
            conditions: Condition.list(limits, using: &rng), validity: .random(using: &rng),
            certainty: rng.chance(limits.approximatePercent) ? .approximate("a test") : .exact)
    }
}
