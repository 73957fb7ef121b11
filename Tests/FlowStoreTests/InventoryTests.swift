import FlowStore
import NetworkTypes
import Testing

@Suite struct InventoryTests {
    private static func inventory(_ owner: String) -> [StoredWorkload] {
        [StoredWorkload(id: owner, labels: ["role": owner], addresses: ["10.0.0.5"])]
    }

    /// The same inventories, in every order in which they can be recorded.
    @Test func theOrderOfRecordingDoesNotMatter() throws {
        let facts: [(time: Int64, owner: String)] = [(1, "a"), (3, "a"), (2, "b"), (5, "a"), (4, "a")]
        let fixture = try StoreFixture()
        var orders: [[Int]] = [[]]
        for _ in facts {
            orders = orders.flatMap { order in facts.indices.filter { !order.contains($0) }.map { order + [$0] } }
        }
        #expect(orders.count == 120)
        let store = try fixture.store()
        for order in orders {
            // What is recorded for an instant replaces what was: all begin from an inventory that none of them has.
            for fact in facts { _ = try store.record([], at: Instant(rawValue: fact.time)) }
            for index in order {
                _ = try store.record(Self.inventory(facts[index].owner), at: Instant(rawValue: facts[index].time))
            }
            let kept = try store.inventories()
            #expect(kept.map(\.time.rawValue) == [1, 2, 3], "\(order)")
            func owner(_ time: Int64) -> String? { kept.last { $0.time.rawValue <= time }?.workloads.first?.id }
            #expect((1...6).map(owner) == ["a", "b", "a", "a", "a", "a"], "\(order)")
        }
    }

    @Test func whatSaysTheSameIsNotKeptTwice() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        #expect(try store.record(Self.inventory("a"), at: Instant(rawValue: 1)))
        #expect(try !store.record(Self.inventory("a"), at: Instant(rawValue: 2)))
        #expect(try store.inventories().map(\.time.rawValue) == [1])
    }
}
