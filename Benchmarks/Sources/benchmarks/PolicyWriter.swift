import NetworkTypes
import PolicyModel

/// Writes the policy of a world: a ruleset for each application, guardrails, a quarantine.
struct PolicyWriter {
    /// Ports of the rules that name a range.
    static let range: ClosedRange<UInt16> = 32_768...32_868
    /// Every so-manieth application has rules that name sites, and those name only the first ones.
    static let applicationsPerReplication = 10
    static let replicatedSites = 3

    private let shape: WorldShape
    private let roles: [[String]]
    private let services: [World.Service]
    private let documentation = Documentation(owner: "benchmark", reason: "a published world")

    init(_ shape: WorldShape, _ roles: [[String]], _ services: [World.Service]) {
        self.shape = shape
        self.roles = roles
        self.services = services
    }

    func policy(_ random: inout SplitMix64) -> Policy {
        let sets = partnerSets(&random)
        let names = sets.keys.sorted()
        var rules = [[Rule]](repeating: [], count: shape.applications)
        for number in 0..<shape.rules {
            let app = number % shape.applications
            rules[app].append(rule(number, app, names, &random))
        }
        // The repetitions come last, so that shapes that differ only there begin alike.
        for round in 1..<max(2, shape.repetitions) where round < shape.repetitions {
            for app in rules.indices {
                for rule in rules[app].prefix(shape.rules / shape.applications) {
                    var again = rule
                    again.id = RuleID(rawValue: "\(rule.id)-\(round)")
                    again.match.services = [random.pick(services).term]
                    rules[app].append(again)
                }
            }
        }
        let rulesets = rules.enumerated().map { app, rules in
            Ruleset(id: Named.number("app", app), scopes: [.equals(Inventory.app, application(app))], rules: rules)
        }
        return Policy(
            addressSets: sets, quarantines: [quarantine], guardrails: guardrails, rulesets: rulesets)
    }

    private func application(_ number: Int) -> LabelValue { Named.value(Named.number("app", number)) }

    private func has(_ role: String) -> Selector { .equals(Inventory.role, Named.value(role)) }

    private func isIn(_ env: String) -> Selector { .equals(Inventory.env, Named.value(env)) }

    /// Forty sets of one to eight prefixes from 198.18.0.0/15 (RFC 2544) and one of the private networks of offices.
    private func partnerSets(_ random: inout SplitMix64) -> [AddressSetID: AddressSet] {
        var sets: [AddressSetID: AddressSet] = [:]
        for number in 0..<40 {
            let prefixes = (0...random.below(8)).compactMap { _ -> Prefix? in
                let length = 22 + random.below(7)
                let address = UInt32(198 << 24 | 18 << 16) | UInt32(random.below(1 << 17))
                return Prefix(IPAddress(ipv4: address & ~(UInt32.max >> UInt32(length))), length: length)
            }
            sets[AddressSetID(rawValue: Named.number("partner", number, digits: 2))] = AddressSet(prefixes)
        }
        return sets
    }

    private func rule(
        _ number: Int, _ app: Int, _ sets: [AddressSetID], _ random: inout SplitMix64
    ) -> Rule {
        let mine = roles[app]
        var terms = [random.pick(services).term]
        if random.below(4) == 0 { terms.append(random.pick(services).term) }
        if random.below(50) == 0 { terms = [.ports(.tcp, destination: PortSet(Self.range))] }
        var action = Rule.Action.allow
        var anywhere = false
        var match = TrafficMatch(from: .any, to: .any, relations: [.same([Inventory.env])], services: terms)
        switch random.pick(weights: [45, 40, 5, 3, 4, 2, 1]) {
        case 0:
            // Role to role inside the application, in each environment apart.
            match.from = .selector(has(random.pick(mine)))
            match.to = .selector(has(random.pick(mine)))
        case 1:
            // Another application's role; half of them in production only.
            let other = random.below(shape.applications)
            var from: [Selector] = [.equals(Inventory.app, application(other)), has(random.pick(roles[other]))]
            if random.below(2) == 0 {
                from.append(isIn("prod"))
                match.to = .selector(.and([has(random.pick(mine)), isIn("prod")]))
                match.relations = []
            } else {
                match.to = .selector(has(random.pick(mine)))
            }
            match.from = .selector(.and(from))
            anywhere = true
        case 2:
            // A partner's addresses.
            match.from = .addressSet(random.pick(sets))
            match.to = .selector(has("web"))
            match.relations = []
            anywhere = true
        case 3:
            // Out to a partner.
            match.from = .selector(has(random.pick(mine)))
            match.to = .addressSet(random.pick(sets))
            match.relations = []
        case 4:
            // The first three applications watch and back up everybody.
            match.from = .selector(
                .and([.equals(Inventory.app, application(random.below(min(3, shape.applications)))), has("app")]))
            match.to = .selector(.exists(Inventory.role))
            anywhere = true
        case 5:
            // Databases replicate from site to site; only every tenth application names sites.
            match.from = .selector(has("db"))
            match.to = .selector(has("db"))
            if app % Self.applicationsPerReplication == 0 {
                match.from = .selector(
                    .and([has("db"), .equals(Inventory.loc, site(random.below(Self.replicatedSites)))]))
                match.to = .selector(
                    .and([has("db"), .equals(Inventory.loc, site(random.below(Self.replicatedSites)))]))
            }
        default:
            action = .deny(.drop)
            match.from = .selector(has("batch"))
            match.to = .selector(has(random.pick(mine)))
        }
        return Rule(
            id: RuleID(rawValue: "\(Named.number("app", app))/\(Named.number("rule", number, digits: 5))"),
            action: action, match: match, anywhere: anywhere, documentation: documentation)
    }

    private func site(_ number: Int) -> LabelValue { Named.value(Named.number("site", number, digits: 2)) }

    private var guardrails: [Guardrail] {
        let production = EndExpression.selector(isIn("prod"))
        let rest = EndExpression.selector(.notEquals(Inventory.env, Named.value("prod")))
        let remote = [3389, 5900, 23].map { ServiceTerm.ports(.tcp, destination: PortSet(UInt16($0))) }
        let exception = PolicyException(
            id: "environments-apart/deployment",
            match: TrafficMatch(
                from: .selector(.equals(Inventory.app, application(0))), to: rest, services: [services[0].term]),
            validity: Validity(until: Moments.later), documentation: documentation)
        return [
            Guardrail(
                id: "environments-apart", match: TrafficMatch(from: production, to: rest, services: [.any]),
                exceptions: [exception], documentation: documentation),
            Guardrail(
                id: "nothing-into-production", match: TrafficMatch(from: rest, to: production, services: [.any]),
                documentation: documentation),
            Guardrail(
                id: "no-remote-desktops",
                match: TrafficMatch(from: .anyWorkload, to: .anyWorkload, services: remote),
                documentation: documentation),
        ]
    }

    private var quarantine: Quarantine {
        Quarantine(
            id: "quarantine/batch-of-app001",
            members: .selector(
                .and([.equals(Inventory.app, application(1)), isIn("dev"), has("web")])), documentation: documentation)
    }
}
