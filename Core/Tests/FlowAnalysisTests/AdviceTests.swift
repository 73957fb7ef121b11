import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// Advice on the traffic of a network whose true policy is known.
@Suite struct AdviceTests {
    static let minute: Int64 = 60_000_000_000
    static let day: Int64 = 1440 * minute

    /// A shop in two environments: three web, two application, one database host each; a name server and a collector of
    /// metrics for all.
    static func workloads() throws -> [Workload] {
        var result: [Workload] = []
        for (number, env) in ["prod", "dev"].enumerated() {
            for (role, count, subnet) in [("web", 3, 1), ("app", 2, 2), ("db", 1, 3)] {
                for host in 1...count {
                    result.append(
                        try World.workload(
                            "\(role)-\(env)-\(host)", "env=\(env),app=shop,role=\(role)",
                            ["10.\(number).\(subnet).\(host)"]))
                }
            }
        }
        result.append(try World.workload("names", "env=shared,app=core,role=dns", ["10.9.0.1"]))
        result.append(try World.workload("metrics", "env=shared,app=core,role=metrics", ["10.9.0.2"]))
        return result
    }

    /// Connections of an edge at these minutes.
    static func timed(
        _ from: String, _ to: String, _ port: UInt16, _ proto: IPProtocol = .tcp, at minutes: [Int64], failed: Int = 0
    ) throws -> TimedEdge {
        let starts = minutes.sorted().map { Instant(rawValue: $0 * minute) }
        let edge = ObservedEdge(
            key: EdgeKey(
                source: try World.address(from), destination: try World.address(to), proto: proto, service: .port(port)),
            connections: minutes.count, failed: failed, firstSeen: try #require(starts.first),
            lastSeen: try #require(starts.last), direction: .conntrack)
        return TimedEdge(edge, starts: starts)
    }

    static func advise(
        _ edges: [TimedEdge], _ policy: Policy = Policy(), tightness: Tightness = .port,
        workloads list: [Workload]? = nil
    ) throws -> Advice {
        Advice(
            edges, workloads: try list ?? workloads(), policy: policy, at: World.now,
            AdviceQuestion(
                tightness: tightness, dimensions: try World.keys("env", "app", "role"), tier: LabelKey("role"),
                owner: "tests"))
    }

    // MARK: A whole network

    /// The true policy: web → app on 8080, app → db on 5432, inside one environment; names for all, metrics from the collector.
    static func truth() throws -> Policy {
        func ruleset(_ id: String, _ scope: String, _ rules: [(from: String, to: String, service: ServiceTerm)]) throws
            -> Ruleset
        {
            Ruleset(
                id: id, scopes: [try Selector(parsing: scope)],
                rules: try rules.enumerated().map { number, rule in
                    Rule(
                        id: RuleID(rawValue: "\(id)/\(number)"),
                        match: try World.match(rule.from, rule.to, [rule.service]), anywhere: true,
                        documentation: World.documentation)
                })
        }
        var rulesets: [Ruleset] = []
        for env in ["prod", "dev"] {
            rulesets.append(
                try ruleset(
                    "shop-\(env)", "env = \(env)",
                    [
                        ("env = \(env) and role = web", "role = app", World.tcp(8080...8080)),
                        ("env = \(env) and role = app", "role = db", World.tcp(5432...5432)),
                        ("role = metrics", "app = shop", World.tcp(9100...9100)),
                    ]))
        }
        rulesets.append(
            try ruleset(
                "core", "app = core",
                [("app exists", "role = dns", .ports(.udp, destination: PortSet(53), source: .all))]))
        return Policy(rulesets: rulesets)
    }

    /// Two days of traffic by the true policy, without each pair that it allows: every third pair is not seen.
    static func traffic() throws -> [TimedEdge] {
        let all = try workloads()
        let engine = PolicyEngine(workloads: all, policy: try truth().lowered())
        var edges: [TimedEdge] = []
        var number = 0
        for source in all {
            for destination in all where destination.id != source.id {
                for (proto, port) in services {
                    let (from, to) = (try #require(source.addresses.first), try #require(destination.addresses.first))
                    let flow = Flow(
                        source: FlowEnd(from), destination: FlowEnd(to), proto: proto, destinationPort: port)
                    guard engine.decide(flow, at: World.now).policy.outcome == .allowed else { continue }
                    number += 1
                    if number % 3 == 0 { continue }
                    let minutes = (0..<12).map { Int64(number % 7 + $0 * 240) }
                    edges.append(try timed(from.description, to.description, port, proto, at: minutes))
                }
            }
        }
        return edges
    }

    static let services: [(proto: IPProtocol, port: UInt16)] = [
        (.tcp, 8080), (.tcp, 5432), (.tcp, 9100), (.udp, 53), (.tcp, 22), (.tcp, 443), (.tcp, 5433), (.udp, 123),
    ]

    /// Precision and recall of what advice allows among all pairs of workloads and services, against the true policy.
    static func quality(_ advice: Advice) throws -> (precision: Double, recall: Double) {
        try quality(advice, among: try workloads(), services, truth: try truth())
    }

    private static func quality(
        _ advice: Advice, among all: [Workload], _ services: [(proto: IPProtocol, port: UInt16)], truth: Policy
    ) throws -> (precision: Double, recall: Double) {
        let right = PolicyEngine(workloads: all, policy: truth.lowered())
        let made = PolicyEngine(workloads: all, policy: Policy(rulesets: advice.rulesets).lowered())
        var (both, advised, wanted) = (0, 0, 0)
        for source in all {
            for destination in all where destination.id != source.id {
                for (proto, port) in services {
                    let flow = Flow(
                        source: FlowEnd(try #require(source.addresses.first)),
                        destination: FlowEnd(try #require(destination.addresses.first)), proto: proto,
                        destinationPort: port)
                    let isRight = right.decide(flow, at: World.now).policy.outcome == .allowed
                    let isMade = made.decide(flow, at: World.now).policy.outcome == .allowed
                    wanted += isRight ? 1 : 0
                    advised += isMade ? 1 : 0
                    both += isRight && isMade ? 1 : 0
                }
            }
        }
        return (Double(both) / Double(max(1, advised)), Double(both) / Double(max(1, wanted)))
    }

    @Test func theTruePolicyIsFoundFromAPartOfItsTraffic() throws {
        let advice = try Self.advise(try Self.traffic())
        let (precision, recall) = try Self.quality(advice)
        // Of 41 pairs and services 3 are the only one of their groups, and were not seen.
        #expect(precision == 1 && recall == 38.0 / 41, "\(precision), \(recall)")
        #expect(advice.doubted.isEmpty && advice.trustedCoverage.edges.allowed == advice.trustedCoverage.edges.all)
        #expect(advice.isProvisional)
        #expect(advice.rulesets.contains { $0.id.hasPrefix("core-dns-") })
        #expect(advice.rules.allSatisfy { !$0.evidence.examples.isEmpty && $0.evidence.connections > 0 })
    }

    /// A host of the development web tier tries 30 hosts on SSH, three of which answer; one host copies the production
    /// database once; somebody administers a web host once.
    static func noise() throws -> [TimedEdge] {
        var edges: [TimedEdge] = []
        for host in 1...27 { edges.append(try timed("10.1.1.3", "10.0.7.\(host)", 22, at: [700], failed: 1)) }
        for host in ["10.0.1.1", "10.0.2.1", "10.0.3.1"] { edges.append(try timed("10.1.1.3", host, 22, at: [701])) }
        edges.append(try timed("10.1.3.1", "10.0.3.1", 5432, at: [900, 901, 905]))
        edges.append(try timed("10.9.0.2", "10.0.1.2", 22, at: [1000]))
        return edges
    }

    @Test func aScanAndAOneOffJobBecomeNoRules() throws {
        let advice = try Self.advise(try Self.traffic() + Self.noise())
        let (precision, recall) = try Self.quality(advice)
        #expect(precision == 1 && recall == 38.0 / 41, "\(precision), \(recall)")
        let reasons = Dictionary(grouping: advice.doubted, by: \.doubt.name).mapValues(\.count)
        #expect(reasons == ["scan": 30, "one-off": 1, "administration": 1])
        #expect(advice.doubted.prefix(31).allSatisfy { $0.doubt.isSuspicious })
    }

    /// What the habits of `Sources/Lab/LabScenario.swift` do, against the policy that the lab applies in the end: a visitor asks web,
    /// web asks app, app asks the database, and web takes a shortcut to the database, which that policy forbids.
    @Test func aShortcutThatHappensIsLearnt() throws {
        let hosts = try [("web", 2), ("app", 3), ("database", 4)].map { name, subnet in
            try World.workload(name, "app=shop,env=lab,role=\(name)", ["10.77.\(subnet).10"])
        }
        let truth = Policy(rulesets: [
            Ruleset(
                id: "tiers", scopes: [try Selector(parsing: "app = shop")],
                rules: try [("web", "app", 8080, 8125), ("app", "database", 5432, 11_211)].map { from, to, tcp, udp in
                    Rule(
                        id: RuleID(rawValue: "tiers/\(from)"),
                        match: try World.match(
                            "role = \(from)", "role = \(to)",
                            [
                                .ports(.tcp, destination: PortSet(tcp), source: .all),
                                .ports(.udp, destination: PortSet(udp), source: .all),
                            ]), documentation: World.documentation)
                })
        ])
        let habits: [(String, String, UInt16, IPProtocol)] = [
            ("10.77.1.10", "10.77.2.10", 443, .tcp), ("10.77.2.10", "10.77.3.10", 8080, .tcp),
            ("10.77.2.10", "10.77.3.10", 8125, .udp), ("10.77.3.10", "10.77.4.10", 5432, .tcp),
            ("10.77.3.10", "10.77.4.10", 11_211, .udp), ("10.77.2.10", "10.77.4.10", 5432, .tcp),
            ("10.77.2.10", "10.77.4.10", 11_211, .udp),
        ]
        let edges = try habits.map { try Self.timed($0.0, $0.1, $0.2, $0.3, at: [0]) }
        let advice = try Self.advise(edges, workloads: hosts)
        let services: [(proto: IPProtocol, port: UInt16)] = [
            (.tcp, 8080), (.udp, 8125), (.tcp, 5432), (.udp, 11_211), (.tcp, 443),
        ]
        let (precision, recall) = try Self.quality(advice, among: hosts, services, truth: truth)
        #expect(precision == 4.0 / 6 && recall == 1, "\(precision), \(recall)")
        // The visitor is nobody's host.
        #expect(advice.doubted.map(\.doubt.name) == ["external-peer"] && advice.isProvisional)
    }

    // MARK: One thing at a time

    @Test(arguments: [
        (Tightness.port, [ServiceTerm.ports(.tcp, destination: PortSet(8080), source: .all)]), (.tier, [.any]),
        (.app, [.any]),
    ])
    func tightnessSaysHowNarrowRulesAre(tightness: Tightness, services: [ServiceTerm]) throws {
        let advice = try Self.advise(
            [try Self.timed("10.0.1.1", "10.0.2.1", 8080, at: [0, 100])], tightness: tightness)
        let rule = try #require(advice.rules.first?.rule)
        #expect(rule.match.services == services)
        let (from, to) =
            tightness == .app
            ? ("app = shop and env = prod", "app = shop and env = prod")
            : ("app = shop and env = prod and role = web", "app = shop and env = prod and role = app")
        let ends = [try World.select(from), try World.select(to)]
        #expect([rule.match.from, rule.match.to] == ends)
        #expect(advice.rulesets.count == 1 && advice.coverage.connections.allowed == 2)
    }

    @Test func whatARuleAllowsAlreadyNeedsNone() throws {
        let advice = try Self.advise(try Self.traffic(), try Self.truth())
        #expect(advice.rules.isEmpty && advice.rulesets.isEmpty)
        #expect(advice.reused.map(\.rule).contains("core/0"))
        let count = try Self.traffic().count
        #expect(advice.reused.reduce(0) { $0 + $1.evidence.edges } == count)
    }

    @Test func remoteProcedureCallsTakeTheDynamicRange() throws {
        let advice = try Self.advise([
            try Self.timed("10.0.1.1", "10.0.2.1", 135, at: [0, 100]),
            try Self.timed("10.0.1.1", "10.0.2.1", 49_700, at: [1, 101]),
        ])
        let rule = try #require(advice.rules.first)
        #expect(
            rule.rule.match.services == [
                .ports(.tcp, destination: PortSet(135), source: .all),
                .ports(.tcp, destination: PortSet([49_152...65_535]), source: .all),
            ])
        #expect(rule.note?.contains("remote procedure calls") == true)
    }

    @Test func passiveTransfersTakeTheRangeThatWasSeen() throws {
        let advice = try Self.advise(
            try [21, 30_010, 30_004, 30_090].map { try Self.timed("10.0.1.1", "10.0.2.1", $0, at: [0, 100]) })
        let services = try #require(advice.rules.first).rule.match.services
        #expect(
            services == [
                .ports(.tcp, destination: PortSet(21), source: .all),
                .ports(.tcp, destination: PortSet([30_004...30_090]), source: .all),
            ])
    }

    /// Twenty-two calls to an outside address every ten minutes, the last two late; another one at random.
    @Test func evenIntervalsToAnUnnamedAddressAreABeacon() throws {
        let even = (0..<20).map { Int64($0 * 10) } + [300, 500]
        let uneven = (0..<22).map { Int64($0 * $0 * 3) }
        let advice = try Self.advise([
            try Self.timed("10.0.1.1", "203.0.113.7", 443, at: even),
            try Self.timed("10.0.1.2", "203.0.113.8", 443, at: uneven),
        ])
        #expect(advice.rules.isEmpty)
        #expect(advice.doubted.map(\.doubt) == [.beacon(seconds: 600, connections: 22), .externalPeer])
        #expect(advice.coverage.edges.allowed == 0)
    }

    @Test func aNamedSetMayBeReached() throws {
        let set = AddressSet([try #require(Prefix("203.0.113.0/24"))])
        let advice = try Self.advise(
            [try Self.timed("10.0.1.1", "203.0.113.7", 443, at: [0, 100])], Policy(addressSets: ["partner": set]))
        let rule = try #require(advice.rules.first).rule
        #expect(rule.match.to == .addressSet("partner") && advice.coverage.edges.allowed == 1)
        let scope = try Selector(parsing: "app = shop and env = prod and role = web")
        #expect(advice.rulesets.first?.scopes == [scope])
    }

    @Test func strangersAreMetOneByOneUnlessTheServiceIsPublic() throws {
        func clients(_ count: Int) throws -> [TimedEdge] {
            try (1...count).map { try Self.timed("198.51.100.\($0)", "10.0.1.1", 443, at: [0, 100]) }
        }
        let few = try Self.advise(try clients(24))
        #expect(few.rules.isEmpty && few.doubted.count == 24 && few.doubted.allSatisfy { $0.doubt == .externalPeer })
        let many = try Self.advise(try clients(25))
        #expect(many.rules.map(\.rule.match.from) == [.any] && many.rules.first?.rule.anywhere == true)
        #expect(many.rules.first?.note?.contains("taken for public") == true && many.doubted.isEmpty)
    }

    /// Wide rules are for those inside: the internet meets the tier that it asks for, not the whole application.
    @Test func aPublicServiceOpensItsTierAlone() throws {
        let edges = try (1...25).map { try Self.timed("198.51.100.\($0)", "10.0.1.1", 443, at: [0, 100]) }
        let advice = try Self.advise(edges, tightness: .app)
        let web = try Selector(parsing: "app = shop and env = prod and role = web")
        #expect(advice.rules.map(\.rule.match.to) == [.selector(web)])
        #expect(advice.rules.map(\.rule.match.services.count) == [1])
    }

    @Test func whatIsLeftOutButAllowedAllTheSameIsSaid() throws {
        let edges = [
            try Self.timed("10.0.1.1", "10.0.2.1", 8080, at: [0, 100]),
            try Self.timed("10.0.1.1", "10.0.2.1", 22, at: [5]), try Self.timed("10.0.1.1", "10.9.0.1", 22, at: [5]),
        ]
        func allowed(_ tightness: Tightness) throws -> [Bool] {
            let doubted = try Self.advise(edges, tightness: tightness).doubted
            #expect(doubted.map(\.doubt) == [.administration, .administration])
            return doubted.map(\.isAllowed)
        }
        #expect(try allowed(.tier) == [true, false])
        #expect(try allowed(.port) == [false, false])
    }

    /// What a rule opens beyond what was seen is counted: three servers by two, of which two pairs talked.
    @Test func aRuleSaysHowManyOfItsPairsWereSeen() throws {
        let advice = try Self.advise([
            try Self.timed("10.0.1.1", "10.0.2.1", 8080, at: [0, 100]),
            try Self.timed("10.0.1.2", "10.0.2.1", 8080, at: [0, 100]),
            try Self.timed("10.0.1.1", "10.0.1.2", 7000, at: [0, 100]),
        ])
        #expect(advice.rules.map { $0.pairs?.seen } == [2, 1] && advice.rules.map { $0.pairs?.all } == [6, 6])
    }

    /// Who asks a desktop from a system port does not pass for its server: ports alone told who began.
    @Test(arguments: [UInt16(3389), 40_000]) func administrationTurnedRoundIsNotTrusted(port: UInt16) throws {
        var timed = try Self.timed("10.0.2.1", "10.0.1.1", 443, at: [0, 100])
        timed.edge.direction = .ports
        timed.edge.initiatorPorts = [port: 2]
        #expect(try Self.advise([timed]).doubted.map(\.doubt) == (port == 3389 ? [.administration] : []))
    }

    /// Whoever asks from a system port is taken for the one who is asked: people are told where nothing else spoke for it.
    @Test(arguments: [DirectionSource.ports, .firstSYN]) func aRuleThatRestsOnPortsAloneSaysSo(
        direction: DirectionSource
    )
        throws
    {
        var timed = try Self.timed("10.0.2.1", "10.0.1.1", 443, at: [0, 100])
        timed.edge.direction = direction
        let note = try Self.advise([timed]).rules.first?.note
        #expect((note?.contains("ports alone told who began") ?? false) == (direction == .ports))
    }

    /// An address that workloads of two tiers share is named by neither, also where applications are not divided.
    @Test(arguments: [Tightness.port, .app]) func aPublicSharedAddressIsLeftOut(tightness: Tightness) throws {
        let twin = try World.workload("twin", "env=prod,app=shop,role=proxy", ["10.0.1.1"])
        let edges = try (1...25).map { try Self.timed("198.51.100.\($0)", "10.0.1.1", 443, at: [0, 100]) }
        let advice = try Self.advise(edges, tightness: tightness, workloads: try Self.workloads() + [twin])
        #expect(advice.rules.isEmpty && advice.doubted.map(\.doubt) == Array(repeating: .sharedAddress, count: 25))
    }

    /// What one scan tried is one thing to look at; JSON has each edge.
    @Test func edgesOfOneFindingStandTogether() throws {
        var edges = try (1...30).map { try Self.timed("10.0.1.1", "10.7.0.\($0)", 445, at: [0], failed: 1) }
        edges += try (1...3).map { try Self.timed("10.0.1.2", "10.0.2.1", 9000 + $0, at: [0], failed: 1) }
        edges.append(try Self.timed("10.0.1.3", "10.0.2.2", 9000, at: [0], failed: 1))
        let findings = DoubtFinding.list(try Self.advise(edges).doubted)
        #expect(findings.map(\.doubt) == [.scan(targets: 30), .failed, .failed])
        #expect(findings.map(\.destinations.count) == [30, 1, 1] && findings.map(\.services.count) == [1, 3, 1])
        #expect(findings.map(\.connections) == [30, 3, 1])
    }

    /// Ports of the dynamic range are those of remote procedure calls where the endpoint mapper is asked.
    @Test(arguments: [false, true]) func aHighPortIsAdministrationBesideTheEndpointMapper(asks: Bool) throws {
        var edges = [try Self.timed("10.0.1.1", "10.0.1.2", 50_164, at: [0])]
        if asks { edges.append(try Self.timed("10.0.1.3", "10.0.1.2", 135, at: [0])) }
        let doubt = try Self.advise(edges).doubted.first { $0.edge.key.service == .port(50_164) }?.doubt
        #expect(doubt == (asks ? .administration : nil))
    }

    @Test func aShortVisitToManyIsAFanOut() throws {
        let all = try (1...12).map { try World.workload("h\($0)", "app=farm,role=node", ["10.5.0.\($0)"]) }
        let visitor = try World.workload("v", "app=desk,role=client", ["10.5.1.1"])
        func edges(_ minutes: [Int64]) throws -> [TimedEdge] {
            try (1...12).map { try Self.timed("10.5.1.1", "10.5.0.\($0)", 445, at: minutes) }
        }
        let once = try Self.advise(try edges([5]), workloads: all + [visitor])
        #expect(once.rules.isEmpty && once.doubted.allSatisfy { $0.doubt == .fanOut(destinations: 12) })
        let daily = try Self.advise(try edges([5, 1445, 2885]), workloads: all + [visitor])
        #expect(daily.doubted.isEmpty && daily.rules.count == 1)
    }

    @Test func endsThatNobodyNamedBecomeNoRules() throws {
        let shared = try World.workload("twin", "env=prod,app=other,role=web", ["10.0.1.1"])
        let advice = try Self.advise(
            [
                try Self.timed("10.0.1.1", "10.0.2.1", 8080, at: [0, 100]),
                try Self.timed("10.0.1.2", "10.0.2.99", 8080, at: [0, 100]),
                try Self.timed("10.0.1.2", "224.0.0.251", 5353, .udp, at: [0, 100]),
                try Self.timed("10.0.1.2", "10.0.2.1", 8081, at: [0, 100], failed: 2),
            ], workloads: try Self.workloads() + [shared])
        #expect(advice.rules.isEmpty)
        #expect(Set(advice.doubted.map(\.doubt)) == [.sharedAddress, .unknownHost, .noHost, .failed])
    }

    @Test func nothingComesOfNothing() throws {
        let advice = try Self.advise([])
        #expect(advice.rules.isEmpty && advice.doubted.isEmpty && advice.span == nil && advice.isProvisional)
    }
}
