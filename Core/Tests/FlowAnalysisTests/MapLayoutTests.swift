import FlowAnalysis
import NetworkTypes
import PolicyModel
import Testing

@Suite struct MapLayoutTests {
    /// A network of some groups: environments, applications and tiers, with traffic to everywhere.
    private static func network(_ groups: Int) throws -> (map: FlowMap, workloads: [Workload]) {
        let tiers = ["web", "app", "db"]
        var workloads: [Workload] = []
        var edges: [ObservedEdge] = []
        for group in 0..<groups {
            let labels = "env=e\(group / 3 % 4),app=a\(group / 12),role=\(tiers[group % 3])"
            for member in 0...(group % 7) {
                let address = "10.\(group / 250).\(group % 250).\(member + 1)"
                workloads.append(try World.workload("host-\(group)-\(member)", labels, [address]))
            }
            let address = "10.\(group / 250).\(group % 250).1"
            for peer in ["10.0.\(group * 7 % min(groups, 250)).1", "192.168.\(group % 9).1", "8.8.8.\(group % 200)"] {
                edges.append(try World.edge(address, peer))
            }
        }
        let keys = try World.keys("env", "app", "role")
        return (FlowMap(edges, workloads: workloads, by: keys, at: World.now), workloads)
    }

    private static func overlap(_ a: MapLayout.Frame, _ b: MapLayout.Frame) -> Bool {
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
    }

    private static func holds(_ outer: MapLayout.Frame, _ inner: MapLayout.Frame) -> Bool {
        outer.x <= inner.x && outer.y + MapLayout.titleHeight <= inner.y
            && inner.x + inner.width <= outer.x + outer.width
            && inner.y + inner.height <= outer.y + outer.height
    }

    @Test(arguments: [1, 10, 40, 200, 999])
    func nothingOverlaps(groups: Int) throws {
        let network = try Self.network(groups)
        let layout = MapLayout(network.map, workloads: network.workloads)
        let cards = layout.cards
        #expect(cards.count >= groups)
        #expect(Set(cards.map(\.group)).count == cards.count)
        for (number, card) in cards.enumerated() {
            #expect(!cards[..<number].contains { Self.overlap($0.frame, card.frame) })
            // Inside its own places, and clear of all others.
            let around = layout.places.filter { Self.overlap($0.frame, card.frame) }
            #expect(!around.isEmpty && around.allSatisfy { Self.holds($0.frame, card.frame) })
            #expect(Set(around.map(\.depth)).count == around.count)
        }
        for (number, place) in layout.places.enumerated() {
            for other in layout.places[..<number] where Self.overlap(other.frame, place.frame) {
                #expect(other.depth < place.depth && Self.holds(other.frame, place.frame))
            }
            #expect(place.frame.x >= 0 && place.frame.x + place.frame.width <= layout.width)
            #expect(place.frame.y >= 0 && place.frame.y + place.frame.height <= layout.height)
        }
        let between = network.map.edges.filter { $0.source != $0.destination }
        #expect(layout.curves.count == between.count)
    }

    @Test func aGroupStaysWhereItWasWhateverTheTraffic() throws {
        let network = try Self.network(40)
        let quiet = FlowMap(
            [try World.edge("10.0.0.1", "10.0.1.1")], workloads: network.workloads,
            by: try World.keys("env", "app", "role"), at: World.now)
        let busy = MapLayout(network.map, workloads: network.workloads)
        let calm = MapLayout(quiet, workloads: network.workloads)
        func places(_ layout: MapLayout) -> [MapGroup: Double] {
            var result: [MapGroup: Double] = [:]
            for card in layout.cards { if case .labels = card.group { result[card.group] = card.frame.x } }
            return result
        }
        #expect(places(busy) == places(calm))
        #expect(calm.curves.count == 1)
    }

    /// Presentation, application, data: the order of the three-tier model, whatever the words' alphabet.
    @Test func tiersStandInTheirOrder() throws {
        let network = try Self.network(3)
        let layout = MapLayout(network.map, workloads: network.workloads)
        let titles = layout.cards.filter { if case .labels = $0.group { true } else { false } }
            .sorted { $0.frame.x < $1.frame.x }.map(\.title)
        #expect(titles == ["web", "app", "db"])
        #expect(layout.places.map(\.title).contains("outside"))
    }

    @Test func membersBeyondTheFirstAreCounted() throws {
        let network = try Self.network(7)
        let layout = MapLayout(network.map, workloads: network.workloads)
        let card = try #require(layout.cards.first { $0.members.first == "host-6-0" })
        #expect(card.members == ["host-6-0", "host-6-1", "host-6-2", "host-6-3"] && card.count == 7)
    }
}
