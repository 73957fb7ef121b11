import FlowAnalysis
import Flows
import NetworkTypes
import PolicyModel
import Testing

@Suite struct InventorySuggestionTests {
    private func edge(_ from: String, _ to: String, _ port: UInt16, failed: Int = 0) throws -> ObservedEdge {
        try World.edge(from, to, .tcp, .port(port), connections: 1, failed: failed)
    }

    private func label(_ host: HostProposal, _ key: String) -> String? {
        host.labels.first { $0.key.description == key }.map { "\($0.value) \($0.confidence)" }
    }

    /// Two clients ask 10.0.1.1 for pages, which asks a database; nobody else talks.
    private func traffic() throws -> [ObservedEdge] {
        [
            try edge("10.0.5.1", "10.0.1.1", 443), try edge("10.0.5.2", "10.0.1.1", 443),
            try edge("10.0.1.1", "10.0.2.1", 5432),
            try edge("10.0.5.1", "10.0.9.9", 22, failed: 1), try edge("10.0.5.1", "203.0.113.7", 443),
            try edge("10.0.5.1", "10.0.5.255", 138),
        ]
    }

    @Test func hostsAreProposedByWhatTheyServe() throws {
        let hosts = InventorySuggestion(try traffic()).hosts
        // Not the address that never answered, the internet's, and the broadcast address.
        #expect(
            hosts.map { $0.addresses.map(\.description) } == [["10.0.1.1"], ["10.0.2.1"], ["10.0.5.1"], ["10.0.5.2"]])
        #expect(hosts.map { label($0, "role") } == ["web 90", "db 70", "client 60", "client 60"])
        #expect(hosts.map { label($0, "net") }.first == "10.0.1.0-24 50")
        #expect(hosts.map(\.name) == ["host-10-0-1-1", "host-10-0-2-1", "host-10-0-5-1", "host-10-0-5-2"])
    }

    /// An intruder's server in a private range of its own serves one host, on ports that anybody serves.
    @Test func whoMayBeAStrangerIsNoHost() throws {
        let channel = try edge("10.0.5.1", "192.168.0.5", 443)
        let suggestion = InventorySuggestion(try traffic() + [channel, try edge("10.0.5.1", "192.168.0.5", 1234)])
        #expect(suggestion.strangers == [try World.address("192.168.0.5")])
        #expect(suggestion.hosts.map(\.name) == InventorySuggestion(try traffic()).hosts.map(\.name))
        // Asked by two, having a neighbour, asking itself, or serving a database: any of these is enough.
        let others = [
            try edge("10.0.5.2", "192.168.0.5", 443), try edge("192.168.0.6", "10.0.1.1", 443),
            try edge("192.168.0.5", "10.0.1.1", 443), try edge("10.0.5.1", "192.168.0.5", 5432),
        ]
        for other in others { #expect(InventorySuggestion(try traffic() + [channel, other]).strangers.isEmpty) }
    }

    @Test func namesAndListsSayMore() throws {
        let web = try World.address("10.0.1.1")
        let database = try World.address("10.0.2.1")
        let key = try #require(LabelKey("app"))
        let facts = HostFacts(
            names: [web: "shop-web-prod-01.example.net", database: "OLIVE"],
            labels: [database: [key: try #require(LabelValue("billing"))]])
        let hosts = InventorySuggestion(try traffic(), facts: facts).hosts
        #expect(hosts[0].name == "shop-web-prod-01.example.net" && hosts[1].name == "olive")
        #expect(label(hosts[0], "app") == "shop 80" && label(hosts[0], "env") == "prod 80")
        #expect(label(hosts[0], "role") == "web 90" && label(hosts[1], "app") == "billing 100")
        #expect(hosts[1].workload.labels[key] == LabelValue("billing"))
    }

    /// Whoever runs a server on the internet gives it any name.
    @Test func aNameMakesNoAddressOfTheInternetAHost() throws {
        let server = try World.address("203.0.113.66")
        let edges = try traffic() + [try edge("10.0.1.1", "203.0.113.66", 443)]
        let named = InventorySuggestion(edges, facts: HostFacts(names: [server: "shop-web.example.net"]))
        #expect(!named.hosts.contains { $0.addresses.contains(server) })
        // A list of people does.
        let stated = InventorySuggestion(edges, facts: HostFacts(labels: [server: [:]]))
        #expect(stated.hosts.contains { $0.addresses.contains(server) })
    }

    @Test func addressesOfOneNameAreOneHost() throws {
        let addresses = try ["10.0.5.2", "10.0.5.1"].map(World.address)
        let facts = HostFacts(names: [addresses[0]: "desk", addresses[1]: "Desk"])
        let hosts = InventorySuggestion(try traffic(), facts: facts).hosts
        #expect(hosts.last?.addresses == addresses.sorted() && hosts.count == 3)
    }

    /// Three clients ask for the same, a fourth for something else.
    @Test func whoTalksAlikeIsTogether() throws {
        var edges: [ObservedEdge] = []
        for host in 1...3 {
            edges += [try edge("10.0.5.\(host)", "10.0.1.1", 443), try edge("10.0.5.\(host)", "10.0.1.2", 8080)]
        }
        edges.append(try edge("10.0.5.4", "10.0.1.3", 25))
        let hosts = InventorySuggestion(edges).hosts.filter { $0.name.hasPrefix("host-10-0-5") }
        #expect(hosts.map { label($0, "app") } == ["group-1 50", "group-1 50", "group-1 50", nil])
    }

    @Test func anInventoryIsHeldAgainstTraffic() throws {
        let known = [
            try World.workload("web-1", "app=shop,env=prod,role=db", ["10.0.1.1"]),
            try World.workload("db-1", "app=shop,role=db", ["10.0.2.1"]),
            try World.workload("twin", "app=shop,env=prod,role=db", ["10.0.2.1", "10.0.7.7"]),
            try World.workload("ghost", "app=shop,env=prod,role=client", ["10.0.8.8"]),
        ]
        let suggestion = InventorySuggestion(try traffic(), known: known)
        #expect(suggestion.hosts.map(\.name) == ["host-10-0-5-1", "host-10-0-5-2"])
        guard suggestion.issues.count == 4 else {
            Issue.record("\(suggestion.issues)")
            return
        }
        #expect(suggestion.issues[0] == .duplicateAddress(try World.address("10.0.2.1"), ["db-1", "twin"]))
        guard case .mislabel("web-1", let key, let value, let proposal) = suggestion.issues[1] else {
            Issue.record("\(suggestion.issues[1])")
            return
        }
        #expect("\(key) \(value) \(proposal.value)" == "role db web")
        let env = try #require(LabelKey("env"))
        #expect(suggestion.issues[2] == .gap("db-1", env, nil) && suggestion.issues[3] == .unseen("ghost"))
    }
}
