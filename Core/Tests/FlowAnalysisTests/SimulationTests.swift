import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

@Suite struct SimulationTests {
    private func workloads(_ mode: EnforcementMode? = .full) throws -> [Workload] {
        [
            try World.workload("web-1", "role=web", ["10.0.1.1"], mode: mode),
            try World.workload("web-2", "role=web", ["10.0.1.2"], mode: mode),
            try World.workload("db-1", "role=db", ["10.0.2.1"], mode: mode),
        ]
    }

    private func simulate(
        _ edges: [ObservedEdge], _ active: PolicyEngine, _ draft: PolicyEngine, view: VerdictView = .policy
    ) -> Simulation {
        Simulation(edges, active: active, draft: draft, at: World.now, view: view)
    }

    @Test(
        arguments: [
            (.allowed, .allowed, .stillAllowed), (.denied, .denied, .stillDenied), (.allowed, .denied, .broken),
            (.denied, .allowed, .opened), (.indeterminate(.sourceProcess), .denied, .undecided),
            (.allowed, .indeterminate(.icmpType), .undecided), (.partly(denied: .all), .denied, .undecided),
            (.allowed, .partly(denied: .all), .undecided),
            (.indeterminate(.sourceProcess), .indeterminate(.sourceProcess), .undecided),
        ] as [(Outcome, Outcome, SimulatedEffect)])
    func effects(active: Outcome, draft: Outcome, effect: SimulatedEffect) {
        #expect(SimulatedEffect(active: active, draft: draft) == effect)
    }

    @Test func whatChangesIsListedWithWhatDecided() throws {
        let webToDatabase = try World.match("role = web", "role = db", [World.tcp(443...443)])
        let webToWeb = try World.match("role = web", "role = web", [World.tcp(443...443)])
        let active = try World.engine(try workloads(), allow: [webToDatabase])
        let draft = try World.engine(try workloads(), allow: [webToWeb, webToDatabase], guard: [webToDatabase])
        let simulation = simulate(
            [
                try World.edge("10.0.1.1", "10.0.2.1", connections: 5, failed: 2, bytes: 9, seconds: 3...4),
                try World.edge("10.0.1.2", "10.0.2.1", connections: 6),
                try World.edge("10.0.1.1", "10.0.1.2", connections: 7),
                try World.edge("10.0.2.1", "10.0.1.1", connections: 8),
            ], active, draft)
        #expect(simulation.edges.map(\.effect) == [.broken, .broken, .opened])
        #expect(simulation.edges.map(\.edge.connections) == [6, 5, 7])
        #expect(simulation.policy[.broken].edges == 2 && simulation.policy[.broken].connections == 11)
        #expect(simulation.policy[.opened].connections == 7 && simulation.policy[.stillDenied].connections == 8)
        #expect(simulation.policy[.stillAllowed].edges == 0 && simulation.breaksSomething)
        let broken = try #require(simulation.edges(.broken).last)
        #expect(broken.edge.failed == 2 && broken.edge.lastSeen.rawValue == 4_000_000_000)
        #expect(rule(broken.draft.source) == "guard-0" && rule(broken.draft.destination) == "guard-0")
        #expect(broken.draft.source.kind == .denied && broken.draft.destination.kind == .denied)
        #expect(rule(broken.active.source) == "team/allow-0" && rule(broken.active.destination) == "team/allow-0")
    }

    private func rule(_ end: EndDecision) -> RuleID? {
        if case .rule(let id, _, _) = end.decider { return id }
        return nil
    }

    /// Many edges are judged by a table, few by the engine; nobody may see a difference.
    @Test func manyEdgesAreJudgedAsFewAre() throws {
        let active = try World.engine(try workloads(), allow: [try World.match("all", "all", [World.tcp(1...1500)])])
        let draft = try World.engine(try workloads(), allow: [try World.match("all", "all", [World.tcp(900...2200)])])
        var edges: [ObservedEdge] = []
        for port in UInt16(1)...2500 {
            edges.append(try World.edge("10.0.1.1", "10.0.2.1", .tcp, .port(port), connections: Int(port)))
        }
        let all = simulate(edges, active, draft)
        // 1–899 break, 1501–2200 open.
        #expect(all.policy[.broken].edges == 899 && all.policy[.opened].edges == 700)
        let few = stride(from: 0, to: edges.count, by: 500).flatMap {
            simulate(Array(edges[$0..<$0 + 500]), active, draft).edges
        }
        #expect(Set(few) == Set(all.edges) && few.count == all.edges.count)
    }

    @Test func onePolicyChangesNothing() throws {
        let engine = try World.engine(
            try workloads(), allow: [try World.match("role = web", "role = db", [World.tcp(1...1000)])])
        let edges = [
            // Allowed as recorded and denied the other way round, before and after.
            try World.edge("10.0.1.1", "10.0.2.1", direction: .asRecorded, initiatorPorts: [40_000: 1]),
            try World.edge("10.0.2.1", "10.0.1.1"),
            try World.edge("8.8.8.8", "10.0.1.1", direction: .asRecorded, initiatorPorts: [40_000: 1]),
        ]
        let simulation = simulate(edges, engine, engine)
        #expect(simulation.edges.isEmpty && !simulation.breaksSomething)
        #expect(simulation.policy[.stillAllowed].edges == 1 && simulation.policy[.stillDenied].edges == 2)
    }

    @Test func exchangingPoliciesExchangesBrokenAndOpened() throws {
        let (a, b) = (
            try World.engine(try workloads(), allow: [try World.match("role = web", "role = db", [.any])]),
            try World.engine(try workloads(), allow: [try World.match("role = db", "role = web", [.any])])
        )
        let edges = [
            try World.edge("10.0.1.1", "10.0.2.1", connections: 2),
            try World.edge("10.0.2.1", "10.0.1.2", connections: 3),
        ]
        let (forth, back) = (simulate(edges, a, b), simulate(edges, b, a))
        #expect(forth.edges(.broken).map(\.edge) == back.edges(.opened).map(\.edge))
        #expect(forth.edges(.opened).map(\.edge) == back.edges(.broken).map(\.edge))
        #expect(forth.policy[.broken].connections == 2 && back.policy[.broken].connections == 3)
    }

    @Test func whatCannotBeToldIsNeverBroken() throws {
        let any = try World.match("role = web", "role = db", [World.tcp(22...22)])
        let active = try World.engine(try workloads(), allow: [any])
        let needsProcess = try World.engine(
            try workloads(),
            allow: [try World.match("role = web", "role = db", [World.tcp(22...22)], fromProcess: "/usr/bin/ssh")])
        let needsPort = try World.engine(
            try workloads(),
            allow: [try World.match("role = web", "role = db", [World.tcp(22...22, from: PortSet(1024...2000))])])
        let edges = [try World.edge("10.0.1.1", "10.0.2.1", .tcp, .port(22), connections: 4)]
        for draft in [needsProcess, needsPort] {
            let simulation = simulate(edges, active, draft)
            #expect(simulation.edges.map(\.effect) == [.undecided])
            #expect(simulation.policy[.broken].connections == 0 && simulation.policy[.undecided].connections == 4)
            #expect(!simulation.breaksSomething)
        }
        let outcomes = [needsProcess, needsPort].map { simulate(edges, active, $0).edges.first?.draft.outcome }
        #expect(outcomes == [.indeterminate(.sourceProcess), .partly(denied: PortSet(2001...65535))])
    }

    @Test func viewsDifferWhereNothingIsEnforced() throws {
        let allow = [try World.match("role = web", "role = db", [.any])]
        for (mode, broken) in [(.full, 1), (.selective, 0), (.visibility, 0), (nil, 0)] as [(EnforcementMode?, Int)] {
            let active = try World.engine(try workloads(mode), allow: allow)
            let draft = try World.engine(try workloads(mode))
            let edges = [try World.edge("10.0.1.1", "10.0.2.1")]
            let simulation = simulate(edges, active, draft, view: .effective)
            #expect(simulation.policy[.broken].edges == 1, "\(String(describing: mode))")
            #expect(simulation.effective[.broken].edges == broken, "\(String(describing: mode))")
            #expect(simulation.edges.count == broken && simulation.breaksSomething == (broken == 1))
            #expect(simulate(edges, active, draft).edges.map(\.effect) == [.broken])
        }
    }

    @Test(arguments: DirectionSource.allCases)
    func whatALogOrPortsSayIsUncertain(_ source: DirectionSource) throws {
        let isUncertain = source == .asRecorded || source == .ports
        // The draft denies the recorded direction only.
        let both = [try World.match("all", "all", [.any])]
        let active = try World.engine(try workloads(), allow: both)
        let draft = try World.engine(
            try workloads(), allow: both, guard: [try World.match("role = web", "role = db", [.any])])
        let edge = try World.edge(
            "10.0.1.1", "10.0.2.1", connections: 2, direction: source, initiatorPorts: [50_000: 2])
        let simulation = simulate([edge], active, draft)
        #expect(simulation.edges.map(\.effect) == [isUncertain ? .dependsOnDirection : .broken])
        #expect(simulation.uncertainDirections == (isUncertain ? 1 : 0))
        #expect(simulation.edges.first?.asRecorded == .broken)
        #expect(simulation.edges.first?.reversed == (isUncertain ? [.stillAllowed: 2] : [:]))
        #expect(simulation.breaksSomething)
    }

    /// Zeek's word alone does not tell the initiator, but a handshake does, and in UDP there is none.
    @Test(
        arguments: [
            (.tcp, [.established, .attempted, .rejected], true), (.sctp, [.established], true),
            (.dccp, [.rejected], true),
            (.tcp, [.established, .unknown], false), (.tcp, [], false), (.udp, [.established], false),
            (.gre, [.established], false),
        ] as [(IPProtocol, [ConnectionState], Bool)])
    func aHandshakeTellsTheInitiator(proto: IPProtocol, states: [ConnectionState], isCertain: Bool) throws {
        var edge = try World.edge(
            "10.0.1.1", "10.0.2.1", proto, proto.hasPorts ? .port(1) : .unspecified, connections: max(states.count, 1),
            direction: .asRecorded)
        for state in states { edge.addEvidence(initiatorPort: 50_000, state: state) }
        #expect(edge.hasCertainDirection == isCertain)
        #expect(edge.initiatorPorts == (proto.hasPorts && !states.isEmpty ? [50_000: states.count] : [:]))
        let engine = try World.engine(try workloads())
        #expect(simulate([edge], engine, engine).uncertainDirections == (isCertain ? 0 : 1))
    }

    /// The log says that the database opened connections to ports of web servers.
    ///
    /// If in truth the servers opened them, they reached the port that the log gives for the initiator.
    @Test func reversedEdgesReachTheInitiatorsPort() throws {
        let both = [try World.match("all", "all", [.any])]
        let active = try World.engine(try workloads(), allow: both)
        let draft = try World.engine(
            try workloads(), allow: both, guard: [try World.match("role = web", "role = db", [World.tcp(5432...5432)])])
        func edge(_ ports: [UInt16: Int]) throws -> ObservedEdge {
            try World.edge(
                "10.0.2.1", "10.0.1.1", .tcp, .port(50_001), connections: 3, direction: .asRecorded,
                initiatorPorts: ports)
        }
        let found = simulate([try edge([5432: 2, 5433: 1])], active, draft)
        #expect(found.edges.map(\.effect) == [.dependsOnDirection])
        #expect(found.edges.first?.reversed == [.broken: 2, .stillAllowed: 1])
        #expect(found.breaksSomething && found.policy[.broken].edges == 0)
        #expect(simulate([try edge([5433: 3])], active, draft).edges.isEmpty)
        // Without the port the same service is asked for: nothing changes there.
        #expect(simulate([try edge([:])], active, draft).edges.isEmpty)
    }

    @Test func directionDoesNotMatterWhereBothWaysBreak() throws {
        let both = [try World.match("all", "all", [.any])]
        let active = try World.engine(try workloads(), allow: both)
        let draft = try World.engine(
            try workloads(), allow: both, guard: [try World.match("role = web", "role = web", [.any])])
        let edge = try World.edge(
            "10.0.1.1", "10.0.1.2", connections: 2, direction: .asRecorded, initiatorPorts: [50_000: 2])
        let simulation = simulate([edge], active, draft)
        #expect(simulation.edges.map(\.effect) == [.broken] && simulation.uncertainDirections == 1)
    }

    @Test func ipv4AndIPv6AreTreatedAlike() throws {
        let hosts = [
            try World.workload("a", "role=web", ["10.0.1.1", "2001:db8::1"]),
            try World.workload("b", "role=db", ["10.0.2.1", "2001:db8::2"]),
        ]
        let active = try World.engine(hosts, allow: [try World.match("role = web", "role = db", [.any])])
        let draft = try World.engine(hosts)
        let edges = [try World.edge("10.0.1.1", "10.0.2.1"), try World.edge("2001:db8::1", "2001:db8::2")]
        #expect(simulate(edges, active, draft).edges.map(\.effect) == [.broken, .broken])
    }

    @Test func everyEdgeIsCountedOnce() throws {
        let active = try World.engine(try workloads(), allow: [try World.match("all", "all", [World.tcp(1...500)])])
        let draft = try World.engine(try workloads(), allow: [try World.match("all", "all", [World.tcp(400...900)])])
        var edges: [ObservedEdge] = []
        for port in stride(from: UInt16(100), to: 1100, by: 100) {
            let direction: DirectionSource = port % 200 == 0 ? .asRecorded : .firstSYN
            edges.append(
                try World.edge(
                    "10.0.1.1", "10.0.2.1", .tcp, .port(port), connections: Int(port), direction: direction,
                    initiatorPorts: [port: Int(port)]))
        }
        let simulation = simulate(edges, active, draft)
        for tally in [simulation.policy, simulation.effective] {
            #expect(SimulatedEffect.allCases.reduce(0) { $0 + tally[$1].edges } == 10)
            #expect(SimulatedEffect.allCases.reduce(0) { $0 + tally[$1].connections } == 5500)
        }
        // 100–300 break, 400 and 500 stay, 600–900 open, 1000 stays denied.
        #expect(simulation.policy[.broken].edges == 3 && simulation.policy[.opened].edges == 4)
        #expect(simulation.policy[.stillAllowed].edges == 2 && simulation.policy[.stillDenied].edges == 1)
        #expect(simulate(edges.reversed(), active, draft).edges == simulation.edges)
    }
}
