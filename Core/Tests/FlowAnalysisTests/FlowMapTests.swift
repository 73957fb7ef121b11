import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

@Suite struct FlowMapTests {
    private func workloads() throws -> [Workload] {
        [
            try World.workload("web-1", "app=shop,role=web", ["10.0.1.1", "2001:db8:1::1"]),
            try World.workload("web-2", "app=shop,role=web", ["10.0.1.2", "10.0.1.9"]),
            try World.workload("db-1", "app=shop,role=db", ["10.0.2.1", "10.0.1.9"]),
            try World.workload("odd-1", "app=odd", ["10.0.3.1", "10.0.3.9"]),
            try World.workload("odd-2", "app=odd", ["10.0.3.2", "10.0.3.9"]),
        ]
    }

    private let sets: [AddressSetID: AddressSet] = [
        "a-office": AddressSet(["192.0.2.0/24", "10.9.0.0/16"].compactMap { Prefix($0) }),
        "printer": AddressSet(["10.9.1.1/32"].compactMap { Prefix($0) }),
        "a-printer": AddressSet(["10.9.1.1/32"].compactMap { Prefix($0) }),
        "everybody": AddressSet(["203.0.113.0/24"].compactMap { Prefix($0) }),
    ]

    /// Private networks from RFC 1918, 4193, 3927, 6598 and 4291; special ones from RFC 1122 and 4291.
    @Test(
        arguments: [
            ("10.0.1.1", "shop/web"), ("2001:db8:1::1", "shop/web"), ("10.0.2.1", "shop/db"), ("10.0.3.1", "odd/-"),
            ("10.0.1.9", "shared addresses"), ("10.0.3.9", "odd/-"),
            ("192.0.2.7", "set a-office"), ("10.9.1.2", "set a-office"), ("10.9.1.1", "set a-printer"),
            ("203.0.113.9", "set everybody"),
            ("10.0.1.77", "10.0.1.0/24"), ("172.16.255.1", "172.16.255.0/24"), ("172.31.0.1", "172.31.0.0/24"),
            ("192.168.7.255", "192.168.7.0/24"), ("169.254.1.1", "169.254.1.0/24"), ("127.0.0.1", "127.0.0.0/24"),
            ("100.64.0.1", "100.64.0.0/24"), ("fd00:1:2:3:4::5", "fd00:1:2:3::/64"), ("fe80::1", "fe80::/64"),
            ("172.32.0.1", "internet"), ("100.128.0.1", "internet"), ("8.8.8.8", "internet"),
            ("2001:db8:2::1", "internet"), ("224.0.0.251", "multicast"), ("ff02::1", "multicast"),
            ("0.0.0.0", "no host"), ("255.255.255.255", "no host"), ("::", "no host"),
        ])
    func anAddressStandsWith(_ address: String, _ group: String) throws {
        let owner = address.contains(":") ? "2001:db8:1::1" : "10.0.1.1"
        let map = FlowMap(
            [try World.edge(owner, address)], workloads: try workloads(), addressSets: sets,
            by: try World.keys("app", "role"), at: World.now)
        #expect(map.edges.map(\.destination.description) == [group])
        #expect(map.edges.map(\.source.description) == ["shop/web"])
    }

    /// A country's registry takes names below `co.uk` (Nominet); other names belong to whoever has the last two labels.
    @Test(
        arguments: [
            ("a.cdn.example.com", "example.com"), ("www.shop.co.uk", "shop.co.uk"), ("Example.COM", "example.com"),
            ("example.de", "example.de"), ("localhost", "localhost"),
        ])
    func hostsOfTheInternetStandWithTheirDomain(_ name: String, _ domain: String) throws {
        let edges = [try World.edge("10.0.1.1", "8.8.8.8"), try World.edge("10.0.1.1", "9.9.9.9")]
        let names = [try #require(IPAddress("8.8.8.8")): name, try #require(IPAddress("10.0.1.1")): "x.example.com"]
        let map = FlowMap(
            edges, workloads: try workloads(), addressSets: sets, names: names, by: try World.keys("app"), at: World.now
        )
        #expect(Set(map.edges.map { "\($0.source) > \($0.destination)" }) == ["shop > \(domain)", "shop > internet"])
        #expect(map.members[.internet] == [try #require(IPAddress("9.9.9.9"))])
    }

    @Test func dimensionsAreTheCallers() throws {
        let edges = [try World.edge("10.0.1.1", "10.0.2.1"), try World.edge("10.0.2.1", "10.0.3.1")]
        func groups(_ keys: [LabelKey]) throws -> [String] {
            FlowMap(edges, workloads: try workloads(), by: keys, at: World.now).edges
                .map { "\($0.source) > \($0.destination)" }
        }
        #expect(try groups(World.keys("app")) == ["shop > odd", "shop > shop"])
        #expect(try groups(World.keys("role")) == ["db > -", "web > db"])
        #expect(try groups(World.keys("role", "app")) == ["db/shop > -/odd", "web/shop > db/shop"])
    }

    @Test func withoutLabelsSubnetsAreShownAndSaid() throws {
        let edges = [try World.edge("10.0.1.1", "10.0.2.1")]
        let keys = try World.keys("app")
        let bare = FlowMap(edges, by: keys, at: World.now)
        #expect(bare.grouping == .subnetsWithoutPolicy)
        let strangers = [try World.workload("far", "app=far", ["10.77.0.1"])]
        let unmet = FlowMap(edges, workloads: strangers, by: keys, at: World.now)
        #expect(unmet.grouping == .subnetsWithoutLabels(keys))
        let otherKeys = FlowMap(edges, workloads: try workloads(), by: try World.keys("loc"), at: World.now)
        #expect(otherKeys.grouping == .subnetsWithoutLabels(try World.keys("loc")))
        for map in [bare, unmet, otherKeys] {
            #expect(map.edges.map { "\($0.source) > \($0.destination)" } == ["10.0.1.0/24 > 10.0.2.0/24"])
            #expect(map.total?.policy == nil)
        }
        #expect(FlowMap(edges, workloads: try workloads(), by: keys, at: World.now).grouping == .labels(keys))
    }

    @Test func sumsAreThoseOfTheEdges() throws {
        let edges = [
            try World.edge("10.0.1.1", "10.0.2.1", connections: 3, failed: 1, bytes: 100, seconds: 20...30),
            try World.edge("10.0.1.2", "10.0.2.1", connections: 4, failed: 0, bytes: nil, seconds: 10...15),
            try World.edge("10.0.1.1", "10.0.2.1", .udp, .port(53), connections: 9, bytes: 1, seconds: 40...41),
            try World.edge(
                "10.0.2.1", "10.0.1.1", .icmp, .icmp(ICMPMessage(type: 3, code: 4)), connections: 16, seconds: 12...12),
        ]
        let map = FlowMap(edges, workloads: try workloads(), by: try World.keys("role"), at: World.now)
        // 3 + 4 + 9 = 16 as well: then the name decides.
        #expect(map.edges.map(\.source.description) == ["db", "web"])
        let web = try #require(map.edges.last)
        #expect(web.services.map(\.service.description) == ["udp/53", "tcp/443"])
        #expect(web.services.map(\.count.connections) == [9, 7])
        #expect(web.services.map(\.count.failed) == [0, 1])
        #expect(web.services.map(\.count.bytes) == [1, 100])
        #expect(web.total.connections == 16 && web.total.failed == 1 && web.total.bytes == 101)
        #expect(web.total.firstSeen.rawValue == 10_000_000_000 && web.total.lastSeen.rawValue == 41_000_000_000)
        let error = try #require(map.edges.first)
        #expect(error.services.map(\.service.description) == ["icmp/3:4"])
        #expect(error.total.bytes == nil)
        #expect(map.total?.connections == 32 && map.total?.bytes == 101)
    }

    @Test func countsStopAtTheirBound() throws {
        let edges = [
            try World.edge("10.0.1.1", "10.0.2.1", connections: .max, failed: .max, bytes: .max),
            try World.edge("10.0.1.2", "10.0.2.1", connections: 5, failed: 5, bytes: 5),
        ]
        let map = FlowMap(edges, by: try World.keys("app"), at: World.now)
        #expect(map.total?.connections == .max && map.total?.failed == .max && map.total?.bytes == .max)
    }

    @Test func orderOfArrivalDoesNotMatter() throws {
        var edges: [ObservedEdge] = []
        for source in ["10.0.1.1", "10.0.1.2", "10.0.3.1", "8.8.8.8"] {
            for destination in ["10.0.2.1", "10.0.9.9", "9.9.9.9", "192.0.2.1"] {
                for port: UInt16 in [80, 443] { edges.append(try World.edge(source, destination, .tcp, .port(port))) }
            }
        }
        func map(_ edges: [ObservedEdge]) throws -> [MapEdge] {
            FlowMap(edges, workloads: try workloads(), addressSets: sets, by: try World.keys("app"), at: World.now)
                .edges
        }
        let expected = try map(edges)
        #expect(expected.count == 12)
        #expect(
            expected
                == expected.sorted { a, b in
                    if a.total.connections != b.total.connections { return a.total.connections > b.total.connections }
                    return a.source == b.source ? a.destination < b.destination : a.source < b.source
                })
        #expect(try map(edges.reversed()) == expected)
        #expect(try map(Array(edges[7...] + edges[..<7])) == expected)
    }

    @Test func verdictsAreCountedByConnection() throws {
        let engine = try World.engine(
            try workloads(),
            allow: [
                try World.match("role = web", "role = db", [World.tcp(443...443)]),
                try World.match("role = web", "role = db", [World.tcp(22...22)], fromProcess: "/usr/bin/ssh"),
            ])
        let edges = [
            try World.edge("10.0.1.1", "10.0.2.1", connections: 3),
            try World.edge("10.0.1.1", "10.0.2.1", .tcp, .port(80), connections: 5),
            try World.edge("10.0.1.1", "10.0.2.1", .tcp, .port(22), connections: 7),
        ]
        let map = FlowMap(
            edges, workloads: engine.workloads, by: try World.keys("role"), engine: engine, at: World.now)
        let count = try #require(map.total?.policy)
        #expect(count.allowed == 3 && count.denied == 5 && count.undecided == 7)
        #expect(map.total?.effective == count)
        #expect(map.edges.first?.services.map(\.count.policy?.denied) == [0, 5, 0])
    }

    @Test func nothingObservedIsNothingShown() throws {
        let map = FlowMap([], workloads: try workloads(), by: try World.keys("app"), at: World.now)
        #expect(map.edges.isEmpty && map.total == nil)
    }
}
