import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyModel
import RulesetSimulator
import Testing

/// What cannot be enforced is refused or shrinks, never half rendered.
@Suite struct RefusalTests {
    static let peer = IPAddress(ipv4: 0x0A00_0009)
    static let own = IPAddress(ipv4: 0x0A00_0001)

    static func rule(
        _ id: RuleID, _ action: RuleAction, _ direction: Direction = .ingress,
        services: [ServiceTerm] = [.ports(.tcp, destination: PortSet(80))], peers: PeerSet = .everything,
        validity: Validity = .always, attributes: AttributeMatch = .none, samePrincipal: Bool = false
    ) -> ProgramRule {
        var rule = template.tiers[0].rules[0]
        rule.id = id
        rule.action = action
        rule.direction = direction
        rule.parts = [rule.parts[0]]
        rule.parts[0].ownAddresses = nil
        rule.parts[0].peers = peers
        rule.parts[0].services = services
        rule.validity = validity
        rule.attributes = attributes
        rule.needsSamePrincipal = samePrincipal
        return rule
    }

    /// Programs come from the engine; what the tests need is changed in this one.
    static let template: WorkloadProgram = {
        let match = TrafficMatch(from: .any, to: .any, services: [.any])
        let essential = EssentialRule(
            id: "e", match: match, documentation: Documentation(owner: "tests", reason: "a template"))
        let engine = PolicyEngine(
            workloads: [Workload(id: "w", addresses: [own], mode: .full)],
            policy: Policy(essential: [essential]).lowered())
        var builder = ProgramBuilder(engine)
        guard let program = builder.program(for: "w") else { preconditionFailure("the engine knows its workload") }
        return program
    }()

    static func program(
        _ tiers: [[ProgramRule]], mode: EnforcementMode = .full, _ defaultAction: DefaultAction = .deny
    ) -> WorkloadProgram {
        var program = template
        program.mode = mode
        program.defaultAction = defaultAction
        program.tiers = tiers.enumerated().map { number, rules in
            var tier = template.tiers[0]
            tier.id = TierID(rawValue: "t\(number)")
            tier.rules = rules
            return tier
        }
        return program
    }

    static func verdict(
        _ program: WorkloadProgram, port: UInt16 = 80, renderedAt: Int64 = 0, at second: Int64 = 0,
        memory: KernelMemory = KernelMemory()
    ) throws -> RulesetSimulator.Outcome {
        let options = RenderOptions(instant: Instant(rawValue: renderedAt * 1_000_000_000))
        let ruleset = try RulesetSimulator.Ruleset(text: PacketFilter.render(program, options: options).text)
        var packet = Packet(peer, to: own, .tcp, sourcePort: 40_000, port: port)
        packet.inputInterface = "eth0"
        packet.time = Instant(rawValue: second * 1_000_000_000)
        return ruleset.evaluate(packet, hook: .input, memory: memory)
    }

    static let byProcess = AttributeMatch(processes: ["/bin/x"])
    static let byPrincipal = AttributeMatch(principals: ["ann"])

    @Test func aDenyByProcessOrPrincipalIsRefused() {
        for rule in [
            Self.rule("d", .deny(.drop), attributes: Self.byProcess),
            Self.rule("d", .deny(.drop), .egress, attributes: Self.byPrincipal),
            Self.rule("d", .deny(.reject), samePrincipal: true),
        ] {
            #expect(throws: RenderError.denyNeedsAttributes("d")) {
                try PacketFilter.render(Self.program([[rule]]), options: RenderOptions(instant: .golden))
            }
        }
    }

    @Test func anAllowOrPassByProcessOrPrincipalMatchesNothingAndIsNamed() throws {
        let program = Self.program([
            [Self.rule("p", .pass(to: nil), attributes: Self.byProcess), Self.rule("d", .deny(.drop))],
            [Self.rule("a", .allow, attributes: Self.byPrincipal), Self.rule("s", .allow, samePrincipal: true)],
        ])
        #expect(try Self.verdict(program).verdict == .dropped)
        let rendered = try PacketFilter.render(program, options: RenderOptions(instant: .golden))
        #expect(rendered.matchesNothing == ["a", "p", "s"])
    }

    @Test func aNamedPortThatNobodyResolvedIsRefused() {
        let program = Self.program([[Self.rule("a", .allow, services: [.named("http")])]])
        #expect(throws: RenderError.unresolvedPort("a", "http")) {
            try PacketFilter.render(program, options: RenderOptions(instant: .golden))
        }
    }

    @Test func whatExceedsALimitIsRefused() throws {
        let hosts = (0..<50).map { IPAddress(ipv4: 0x0A00_0000 + $0) }
        let rules = (0..<40).map { number in
            Self.rule(
                RuleID(rawValue: "r\(number)"), .allow,
                services: [.ports(.tcp, destination: PortSet(UInt16(1000 + number)))], peers: PeerSet(hosts: hosts))
        }
        let program = Self.program([rules])
        func limited(_ change: (inout FilterLimits) -> Void) throws {
            var limits = FilterLimits()
            change(&limits)
            _ = try PacketFilter.render(program, options: RenderOptions(instant: .golden, limits: limits))
        }
        try limited { _ in }
        // Fifty peers, the workload itself, two loopback blocks and the block of groups.
        #expect(throws: RenderError.tooLarge(.elements, 54, limit: 53)) { try limited { $0.elements = 53 } }
        #expect(throws: RenderError.tooLarge(.chains, 21, limit: 20)) { try limited { $0.chains = 20 } }
        #expect(throws: RenderError.tooLarge(.depth, 5, limit: 4)) { try limited { $0.depth = 4 } }
        #expect(throws: RenderError.self) { try limited { $0.rules = 30 } }
        #expect(throws: RenderError.self) { try limited { $0.visits = 100 } }
    }

    /// Every pass over a tier nests deeper; the kernel follows 16 chains (`NFT_JUMP_STACK_SIZE`).
    @Test func passesOverTiersNestOnlyAsDeepAsTheKernelFollows() throws {
        func program(_ passes: Int) -> WorkloadProgram {
            Self.program(
                (0..<passes * 2).map { tier in
                    [
                        Self.rule(
                            RuleID(rawValue: "p\(tier)"), .pass(to: TierID(rawValue: "t\(tier + 2)")),
                            peers: PeerSet(hosts: [Self.peer])), Self.rule(RuleID(rawValue: "d\(tier)"), .deny(.drop)),
                    ]
                })
        }
        _ = try PacketFilter.render(program(2), options: RenderOptions(instant: .golden))
        #expect(throws: RenderError.self) {
            try PacketFilter.render(program(12), options: RenderOptions(instant: .golden))
        }
    }

    /// Passes to the next tier do not nest, so guardrails with exceptions are as many as one likes.
    @Test func passesToTheNextTierDoNotNest() throws {
        let tiers = (0..<200).map { tier in
            [
                Self.rule(RuleID(rawValue: "p\(tier)"), .pass(to: nil), peers: PeerSet(hosts: [Self.peer])),
                Self.rule(RuleID(rawValue: "d\(tier)"), .deny(.drop)),
            ]
        }
        #expect(try Self.verdict(Self.program(tiers + [[Self.rule("a", .allow)]])).verdict == .accepted)
        #expect(try Self.verdict(Self.program(tiers)).verdict == .dropped)
    }

    // MARK: Time

    @Test func anAllowEndsByItselfAndADenyDoesNot() throws {
        let until = Validity(until: Instant(rawValue: 100_000_000_000))
        let allow = Self.program([[Self.rule("a", .allow, validity: until)]])
        #expect(try Self.verdict(allow, at: 99).verdict == .accepted)
        #expect(try Self.verdict(allow, at: 100).verdict == .dropped)
        #expect(try Self.verdict(allow, renderedAt: 100, at: 100).verdict == .dropped)
        let pass = Self.program([
            [Self.rule("p", .pass(to: nil), validity: until), Self.rule("d", .deny(.drop))], [Self.rule("a", .allow)],
        ])
        #expect(try Self.verdict(pass, at: 99).verdict == .accepted)
        #expect(try Self.verdict(pass, at: 100).verdict == .dropped)
        let deny = Self.program([[Self.rule("d", .deny(.drop), validity: until)], [Self.rule("a", .allow)]])
        #expect(try Self.verdict(deny, at: 100).verdict == .dropped)
        #expect(try Self.verdict(deny, renderedAt: 100, at: 100).verdict == .accepted)
    }

    @Test func anAllowEndsInItsLastSecondWhenItEndsBetweenSeconds() throws {
        let program = Self.program([
            [Self.rule("a", .allow, validity: Validity(until: Instant(rawValue: 100_900_000_000)))]
        ])
        #expect(try Self.verdict(program, at: 99).verdict == .accepted)
        #expect(try Self.verdict(program, at: 100).verdict == .dropped)
    }

    @Test func whatBeginsLaterBeginsByItself() throws {
        let validity = Validity(from: Instant(rawValue: 100_500_000_000))
        let deny = Self.program([[Self.rule("d", .deny(.drop), validity: validity)]], .allow)
        // A deny begins in the second of its instant, an allow in the first whole second after it.
        #expect(try Self.verdict(deny, at: 99).verdict == .accepted)
        #expect(try Self.verdict(deny, at: 100).verdict == .dropped)
        let allow = Self.program([[Self.rule("a", .allow, validity: validity)]])
        #expect(try Self.verdict(allow, at: 100).verdict == .dropped)
        #expect(try Self.verdict(allow, at: 101).verdict == .accepted)
    }

    @Test func theRenderingSaysWhenItIsOutdated() throws {
        let rules = [
            Self.rule("a", .allow, validity: Validity(from: Instant(rawValue: 50), until: Instant(rawValue: 90))),
            Self.rule("b", .deny(.drop), validity: Validity(until: Instant(rawValue: 70))),
        ]
        func until(_ instant: Int64) throws -> Int64? {
            let options = RenderOptions(instant: Instant(rawValue: instant))
            return try PacketFilter.render(Self.program([rules]), options: options).holdsUntil?.rawValue
        }
        #expect(try [until(0), until(50), until(69), until(70), until(90)] == [50, 70, 70, 90, nil])
    }

    // MARK: Logging

    @Test func aTupleIsLoggedOnceAndCountedAlways() throws {
        let program = Self.program([[Self.rule("d", .deny(.drop))]])
        let rendered = try PacketFilter.render(program, options: RenderOptions(instant: .golden))
        let counter = DenialReference(.rule("d")).counter
        let first = try Self.verdict(program)
        #expect(first.verdict == .dropped && first.counters == [.named(counter)] && first.logs.count == 1)
        #expect(first.updates.map(\.operation) == [.add])
        // A full set takes no tuple: the denial is counted, and that it was not logged.
        let full = KernelMemory(fullSets: Set(rendered.table.sets.map(\.name)))
        let later = try Self.verdict(program, memory: full)
        #expect(later.verdict == .dropped && later.logs.isEmpty)
        #expect(later.counters == [.named(counter), .named("suppressed")])
    }
}
