import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

@Suite struct RuleUseTests {
    private func workloads() throws -> [Workload] {
        [
            try World.workload("web-1", "role=web,app=shop", ["10.0.1.1"], mode: .full),
            try World.workload("web-2", "role=web,app=shop", ["10.0.1.2"], mode: .full),
            try World.workload("web-3", "role=web,app=blog", ["10.0.1.3"], mode: .full),
            try World.workload("db-1", "role=db,app=shop", ["10.0.2.1"], mode: .full),
        ]
    }

    private func use(_ match: TrafficMatch, _ edges: [ObservedEdge]) throws -> [RuleUse.Excess] {
        let engine = try World.engine(try workloads(), allow: [match])
        let use = RuleUse(edges, of: engine, at: World.now)
        #expect(use.findings.allSatisfy { $0.rule == "team/allow-0" })
        return use.findings.map(\.excess)
    }

    @Test func aRuleThatDecidesNothingIsNeverHit() throws {
        let match = try World.match("role = web", "role = db", [World.tcp(443...443)])
        #expect(try use(match, []) == [.neverHit])
        // Another port, and another destination.
        let edges = [
            try World.edge("10.0.1.1", "10.0.2.1", .tcp, .port(80), connections: 3),
            try World.edge("10.0.1.1", "10.0.1.2", connections: 3),
        ]
        #expect(try use(match, edges) == [.neverHit])
    }

    @Test func aRuleThatIsAskedForAllThatItSaysHasNoExcess() throws {
        let match = try World.match("role = web", "role = db", [World.tcp(443...443)])
        let edges = try (1...3).map { try World.edge("10.0.1.\($0)", "10.0.2.1", connections: 1) }
        #expect(try use(match, edges).isEmpty)
    }

    @Test func portsThatNobodyAskedForAreTold() throws {
        let match = try World.match("role = web", "role = db", [World.tcp(440...445), World.tcp(50_000...50_999)])
        let edges = try (1...3).flatMap {
            [
                try World.edge("10.0.1.\($0)", "10.0.2.1", connections: 1),
                try World.edge("10.0.1.\($0)", "10.0.2.1", .tcp, .port(50_007)),
            ]
        }
        let used = [443, 50_007].map { MapService(proto: .tcp, service: .port($0)) }
        // One port of a dynamic range stands for all of it.
        let unused = ServiceTerm.ports(.tcp, destination: PortSet([440...442, 444...445]), source: .all)
        #expect(try use(match, edges) == [.services(unused: [unused], used: used)])
    }

    @Test func anyPortIsHeldAgainstTheFewThatWereAskedFor() throws {
        let match = try World.match("role = web", "role = db", [.proto(.tcp), .proto(.udp)])
        let edges = try (1...3).map { try World.edge("10.0.1.\($0)", "10.0.2.1") }
        let used = [MapService(proto: .tcp, service: .port(443))]
        let found: [RuleUse.Excess] = [
            .services(unused: [.proto(.udp)], used: used), .anyPort(.proto(.tcp), used: used),
        ]
        #expect(try use(match, edges) == found)
        // Too many to write down as a list.
        let many = try (1...17).map { try World.edge("10.0.1.\($0 % 3 + 1)", "10.0.2.1", .tcp, .port($0)) }
        #expect(try use(try World.match("role = web", "role = db", [.proto(.tcp)]), many).isEmpty)
    }

    /// Addresses in 192.0.2.0/24 that no workload has.
    @Test func fewOfManyAddressesAreToldAndOutsideIsHeldAgainstWorkloads() throws {
        let network = try #require(Prefix("192.0.2.0/24"))
        var match = try World.match("role = web", "role = db", [World.tcp(443...443)])
        match.to = .addresses(AddressSet([network]))
        let edges = try (1...3).map { try World.edge("10.0.1.\($0)", "192.0.2.7") }
        #expect(try use(match, edges) == [.addresses(.destination, used: [try World.address("192.0.2.7")])])
        match.to = .any
        #expect(
            try use(match, try (1...3).map { try World.edge("10.0.1.\($0)", "10.0.2.1") }).first
                == .outside(.destination))
    }

    @Test func whoTookPartMayBeToldByAFewLabels() throws {
        let match = try World.match("role = web", "role = db", [World.tcp(443...443)])
        let edges = try (1...2).map { try World.edge("10.0.1.\($0)", "10.0.2.1", connections: 1) }
        let app = try #require(LabelKey("app"))
        let shop = try #require(LabelValue("shop"))
        #expect(
            try use(match, edges) == [.members(.source, used: 2, of: 3, narrower: [app: shop], members: 2)])
        // The third of the same labels was not seen: no label tells it apart.
        #expect(try use(match, [edges[0], try World.edge("10.0.1.3", "10.0.2.1", connections: 1)]).isEmpty)
    }

    /// An edge without a handshake may have gone the other way round; that counts as use.
    @Test func anUncertainDirectionCountsAsUseBothWays() throws {
        let match = try World.match("role = db", "role = web", [World.tcp(443...443)])
        let edges = try (1...3).map {
            try World.edge(
                "10.0.1.\($0)", "10.0.2.1", .tcp, .port(5432), direction: .asRecorded, initiatorPorts: [443: 1])
        }
        #expect(try use(match, edges).isEmpty)
    }
}
