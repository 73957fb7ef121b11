import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// Corners of programs that random worlds seldom meet.
@Suite struct ProgramCornerTests {
    private static let web = IPAddress(ipv4: 0x0A00_0001)
    private static let both = IPAddress(ipv4: 0x0A00_0002)

    private static func policy(_ tiers: [Tier]) -> FlatPolicy {
        FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: tiers)])
    }

    private static func flow(_ port: UInt16) -> Flow {
        Flow(
            source: FlowEnd(web), destination: FlowEnd(both), proto: .tcp, sourcePort: 40_000, destinationPort: port)
    }

    /// What the program of `web` and the engine say of a flow from `web` to `both`.
    private static func judged(
        _ workloads: [Workload], _ policy: FlatPolicy, _ port: UInt16
    ) throws -> (program: EndDecision, engine: EndDecision) {
        let engine = PolicyEngine(workloads: workloads, policy: policy)
        var builder = ProgramBuilder(engine)
        let made = builder.program(for: "web", layer: "host")
        let program = try #require(made)
        let instant = Instant(rawValue: 0)
        return (
            ProgramInterpreter(program: program, layer: "host").judge(flow(port), .egress, at: instant),
            engine.decide(flow(port), at: instant).effective.source
        )
    }

    @Test func aPassToATierWithoutRulesGoesOnFromThere() throws {
        let pass = FlatRule(
            id: "pass", action: .pass(to: "second"), direction: .egress, subject: .any, peer: .any, services: [.any])
        let allow = FlatRule(
            id: "allow", action: .allow, direction: .egress, subject: .any, peer: .any, services: [.any])
        let policy = Self.policy([
            Tier(id: "first", rules: [pass]), Tier(id: "second"), Tier(id: "third", rules: [allow]),
        ])
        let web = Workload(id: "web", addresses: [Self.web], mode: .full)
        let (program, engine) = try Self.judged([web], policy, 80)
        #expect(engine == EndDecision(.allowed, by: .rule("allow", tier: "third", layer: "host")))
        #expect(program == engine)
    }

    /// Semantics §4: what is not understood makes an allow shrink and a deny grow.
    @Test func programsShrinkApproximateAllowsAndGrowApproximateDenies() throws {
        func rule(_ id: RuleID, _ action: RuleAction, _ certainty: Certainty) -> FlatRule {
            FlatRule(
                id: id, action: action, direction: .egress, subject: .any, peer: .any, services: [.any],
                certainty: certainty)
        }
        let web = Workload(id: "web", addresses: [Self.web], mode: .full)
        let guess = Certainty.approximate("a test")
        func judged(_ first: FlatRule) throws -> (program: EndDecision, engine: EndDecision) {
            let rest = Tier(id: "rest", onNoMatch: .deny, rules: [rule("last", .allow, .exact)])
            return try Self.judged([web], Self.policy([Tier(id: "first", rules: [first]), rest]), 80)
        }
        let allow = try judged(rule("guess", .allow, guess))
        #expect(allow.program == EndDecision(.allowed, by: .rule("last", tier: "rest", layer: "host")))
        let deny = try judged(rule("guess", .deny(.drop), guess))
        #expect(deny.program == EndDecision(.denied, by: .rule("guess", tier: "first", layer: "host")))
        #expect(
            deny.engine == EndDecision(.indeterminate(.ruleMeaning), by: .rule("guess", tier: "first", layer: "host")))
        let pass = rule("guess", .pass(to: nil), guess)
        var stop = rule("stop", .deny(.drop), .exact)
        stop.rank = 1
        let passed = try Self.judged([web], Self.policy([Tier(id: "first", rules: [pass, stop])]), 80)
        #expect(passed.program == EndDecision(.denied, by: .rule("stop", tier: "first", layer: "host")))
    }

    /// Semantics: an allow needs every owner of a peer's address, a deny any; each owner names its own ports.
    @Test(arguments: [true, false]) func ownersOfOneAddressMayNamePortsDifferently(isDeny: Bool) throws {
        func owner(_ id: WorkloadID, _ http: [UInt16], _ admin: [UInt16]) -> Workload {
            Workload(
                id: id, addresses: [Self.both],
                namedPorts: [
                    "http": http.map { ProtocolPort(.tcp, $0) }, "admin": admin.map { ProtocolPort(.tcp, $0) },
                ])
        }
        let rule = FlatRule(
            id: "r", action: isDeny ? .deny(.drop) : .allow, direction: .egress, subject: .any, peer: .any,
            services: [.named("http"), .named("admin")])
        var policy = Self.policy([Tier(id: "first", rules: [rule])])
        policy.layers[0].fullDefault = isDeny ? .allow : .deny
        let workloads = [
            Workload(id: "web", addresses: [Self.web], mode: .full), owner("a", [80, 8080], [22]),
            owner("b", [80], [8080, 23]),
        ]
        // Both owners call 80 http; 8080 is http for one and admin for the other; 22 and 23 mean something to one each.
        let covered: [UInt16] = isDeny ? [80, 8080, 22, 23] : [80, 8080]
        for port: UInt16 in [80, 8080, 22, 23, 443] {
            let (program, engine) = try Self.judged(workloads, policy, port)
            #expect(engine.kind == (covered.contains(port) != isDeny ? .allowed : .denied), "\(port)")
            #expect(program == engine, "\(port)")
        }
    }

    /// One expression as the peer of both kinds: the address is in the deny's set and not in the allow's.
    @Test(arguments: [0, 1]) func aSharedAddressIsAPeerOfTheDenyAndNotOfTheAllow(rankOfDeny: Int) throws {
        let app = try #require(LabelKey("app"))
        let value = try #require(LabelValue("db"))
        let peer = EndExpression.selector(.equals(app, value))
        func rule(_ id: RuleID, _ action: RuleAction, _ port: UInt16, rank: Int) -> FlatRule {
            FlatRule(
                id: id, rank: rank, action: action, direction: .egress, subject: .any, peer: peer,
                services: [.ports(.tcp, destination: PortSet(port))])
        }
        let rules = [
            rule("no", .deny(.drop), 22, rank: rankOfDeny), rule("yes", .allow, 80, rank: 1 - rankOfDeny),
        ]
        let workloads = [
            Workload(id: "web", addresses: [Self.web], mode: .full),
            Workload(id: "a", labels: [app: value], addresses: [Self.both]), Workload(id: "b", addresses: [Self.both]),
        ]
        let policy = Self.policy([Tier(id: "first", rules: rules)])
        let expected: [(UInt16, Decider)] = [
            (22, .rule("no", tier: "first", layer: "host")), (80, .layerDefault("host")),
        ]
        for (port, decider) in expected {
            let (program, engine) = try Self.judged(workloads, policy, port)
            #expect(engine == EndDecision(.denied, by: decider))
            #expect(program == engine)
        }
    }
}
