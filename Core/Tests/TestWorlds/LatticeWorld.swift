import NetworkTypes
public import PolicyModel

/// Workloads with a policy of Bulkhead's own.
public struct LatticeWorld: Hashable, Sendable {
    /// The workloads.
    public var workloads: [Workload]
    /// The policy.
    public var policy: Policy

    /// Makes a world.
    public init(workloads: [Workload], policy: Policy) {
        self.workloads = workloads
        self.policy = policy
    }

    /// A small world; equal states of the generator give equal worlds.
    ///
    /// `forKernel` leaves out what a packet filter cannot know (processes, principals, conditions) and gives no address
    /// to two workloads.
    public static func random(
        limits: WorldLimits = WorldLimits(), using rng: inout some RandomNumberGenerator, forKernel: Bool = false
    ) -> LatticeWorld {
        var limits = limits
        if forKernel { limits.hasAttributes = false }
        let workloads = Workload.randomWorld(limits, distinct: forKernel, using: &rng)
        var essential = limits.families.count > 1 ? EssentialRule.standard : []
        if rng.chance(30) {
            essential.append(
                EssentialRule(
                    id: "essential/declared", match: .random(limits, using: &rng), documentation: .forTests))
        }
        return LatticeWorld(
            workloads: workloads,
            policy: Policy(
                addressSets: AddressSet.randomDefinitions(limits, using: &rng), essential: essential,
                quarantines: rng.chance(30) ? rng.ids("q", 1...2) { .random($1, limits, using: &$0) } : [],
                guardrails: rng.ids("g", 0...2) { .random($1, limits, using: &$0) },
                rulesets: rng.ids("s", 1...2) { .random($1, limits, using: &$0) }))
    }
}

extension Documentation {
    /// What rules of test worlds say of themselves.
    public static let forTests = Documentation(owner: "tests", reason: "a random world")
}

extension RandomNumberGenerator {
    /// Things with unique names, in an order that is not that of the names.
    fileprivate mutating func ids<Thing>(
        _ prefix: String, _ count: ClosedRange<Int>, _ make: (inout Self, String) -> Thing
    ) -> [Thing] {
        let things = (0..<(count.lowerBound + below(count.count))).map { make(&self, "\(prefix)\($0)") }
        return chance(50) ? things : things.reversed()
    }
}

extension TrafficMatch {
    fileprivate static func random(
        _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> TrafficMatch {
        TrafficMatch(
            from: .random(limits, using: &rng), to: .random(limits, using: &rng),
            relations: Relation.list(limits, using: &rng), services: ServiceTerm.list(limits, using: &rng),
            fromAttributes: .random(limits, using: &rng), toAttributes: .random(limits, using: &rng),
            widensFarEnd: rng.chance(40), conditions: Condition.list(limits, using: &rng))
    }
}

extension PolicyException {
    fileprivate static func random(
        _ id: String, _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> PolicyException {
        PolicyException(
            id: RuleID(rawValue: id), match: .random(limits, using: &rng), validity: .random(using: &rng),
            documentation: .forTests)
    }
}

extension Quarantine {
    fileprivate static func random(
        _ id: String, _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> Quarantine {
        // Mostly one workload, so that the quarantine leaves something for the tiers below it.
        let one = EndExpression.workload(WorkloadID(rawValue: "w\(rng.below(4))"))
        return Quarantine(
            id: RuleID(rawValue: id), members: rng.chance(70) ? one : .random(limits, using: &rng),
            exceptions: rng.ids("\(id)/x", 0...2) { .random($1, limits, using: &$0) }, documentation: .forTests)
    }
}

extension Guardrail {
    fileprivate static func random(
        _ id: String, _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> Guardrail {
        Guardrail(
            id: RuleID(rawValue: id), match: .random(limits, using: &rng), denial: rng.pick([.drop, .reject]),
            exceptions: rng.ids("\(id)/x", 0...2) { .random($1, limits, using: &$0) }, documentation: .forTests)
    }
}

extension Ruleset {
    fileprivate static func random(
        _ id: String, _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> Ruleset {
        let scopes = rng.list(rng.chance(4) ? 0...0 : 1...2) { rng -> Selector in
            rng.chance(35) ? .all : .random(using: &rng)
        }
        return Ruleset(
            id: id, scopes: scopes,
            rules: rng.ids("\(id)/r", 1...4) { rng, id in
                Rule(
                    id: RuleID(rawValue: id), action: rng.pick([.allow, .allow, .deny(.drop), .deny(.reject)]),
                    match: .random(limits, using: &rng), anywhere: rng.chance(40), validity: .random(using: &rng),
                    documentation: .forTests)
            })
    }
}
