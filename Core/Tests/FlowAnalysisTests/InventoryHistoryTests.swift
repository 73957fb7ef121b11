import FlowAnalysis
import NetworkTypes
import PolicyModel
import Testing

/// Addresses belong to an interval of time (semantics §1), and a simulation asks who held them then (§7).
@Suite struct InventoryHistoryTests {
    private static func time(_ seconds: Int64) -> Instant { Instant(rawValue: seconds * 1_000_000_000) }

    /// The database moved from .5 to .6 at 200, and web2 took its address; a third is gone since 300.
    private static func history(_ labels: InventoryHistory.LabelTime) throws -> (InventoryHistory, [Workload]) {
        let present = [
            try World.workload("db", "role=db", ["10.0.0.6"]), try World.workload("web2", "role=web", ["10.0.0.5"]),
            try World.workload("web", "role=web", ["10.0.0.1"]),
        ]
        let records = [
            InventoryRecord(
                time: time(200),
                workloads: [
                    try World.workload("db", "role=db", ["10.0.0.6"]),
                    try World.workload("web2", "role=web", ["10.0.0.5"]),
                    try World.workload("web", "role=app", ["10.0.0.1"]),
                    try World.workload("old", "role=db", ["10.0.0.9"]),
                ]),
            InventoryRecord(
                time: time(100),
                workloads: [
                    try World.workload("db", "role=db", ["10.0.0.5"]),
                    try World.workload("web", "role=app", ["10.0.0.1"]),
                    try World.workload("old", "role=db", ["10.0.0.9"]),
                ]),
            InventoryRecord(time: time(300), workloads: present),
        ]
        return (InventoryHistory(records, present: [present], labels: labels), present)
    }

    @Test func aRecordHoldsUntilTheNextAndTheFirstBefore() throws {
        let (history, _) = try Self.history(.now)
        let minimum = Instant(rawValue: .min)
        #expect(history.periods.map(\.range.lowerBound) == [minimum, Self.time(200), Self.time(300)])
        #expect(
            history.periods.map(\.range.upperBound) == [Self.time(200), Self.time(300), Instant(rawValue: .max)])
        // Before and after the only record nothing better is known than what it says.
        let one = InventoryHistory(
            [InventoryRecord(time: Self.time(100), workloads: [])], present: [], labels: .now)
        #expect(one.periods.map(\.range) == [minimum..<Instant(rawValue: .max)])
    }

    @Test func withLabelsOfNowOnlyOwnersCount() throws {
        let (history, present) = try Self.history(.now)
        let moved = try ["10.0.0.5", "10.0.0.6"].map(World.address)
        #expect(history.changed == Set(moved))
        let then = history.workloads(present, in: history.periods[0])
        #expect(then.map(\.id.rawValue) == ["db", "web2", "web"])
        let (five, one) = (try World.address("10.0.0.5"), try World.address("10.0.0.1"))
        #expect(then.map(\.addresses) == [[five], [], [one]])
        #expect(then[2].labels == present[2].labels)
        #expect(history.workloads(present, in: history.periods[2]) == present)
    }

    @Test func withLabelsOfThenTheyCountTooAndTheGoneAreBack() throws {
        let (history, present) = try Self.history(.then)
        let addresses = try ["10.0.0.1", "10.0.0.5", "10.0.0.6", "10.0.0.9"].map(World.address)
        #expect(history.changed == Set(addresses))
        let then = history.workloads(present, in: history.periods[1])
        #expect(then.map(\.id.rawValue) == ["db", "web2", "web", "old"])
        let old = [
            try World.workload("web", "role=app", []), try World.workload("old", "role=db", ["10.0.0.9"], mode: nil),
        ]
        #expect(then[2].labels == old[0].labels)
        #expect(then[3].mode == nil && then[3].addresses == old[1].addresses)
    }

    @Test func ownersAreToldAlsoOfTheGone() throws {
        let (history, _) = try Self.history(.then)
        func owners(_ address: String, _ seconds: Int64) throws -> [String]? {
            history.owners(of: try World.address(address), at: Self.time(seconds))?.map(\.rawValue)
        }
        #expect(try owners("10.0.0.5", 50) == ["db"])
        #expect(try owners("10.0.0.5", 250) == ["web2"])
        #expect(try owners("10.0.0.5", 350) == ["web2"])
        #expect(try owners("10.0.0.6", 150) == [])
        #expect(try owners("10.0.0.9", 250) == ["old"])
        #expect(try owners("10.0.0.77", 250) == nil)
    }

    /// The address passed to web after the last record; when, nobody knows, and until then the record is the evidence.
    @Test func theLastRecordHoldsUntilNow() throws {
        let db = try World.workload("db", "role=db", ["10.0.0.5"])
        let present = [
            try World.workload("db", "role=db", []), try World.workload("web", "role=web", ["10.0.0.5", "10.0.0.7"]),
        ]
        let history = InventoryHistory(
            [InventoryRecord(time: Self.time(100), workloads: [db])], present: [present], labels: .now)
        let five = try World.address("10.0.0.5")
        #expect(history.changed == [five])
        #expect(history.owners(of: five, at: Self.time(200)) == [db.id])
        #expect(history.owners(of: five, at: Instant(rawValue: .max)) == [db.id])
        let then = history.workloads(present, in: try #require(history.periods.last))
        // No record has the other one, so that it was always web's.
        #expect(then.map(\.addresses) == [[five], [try World.address("10.0.0.7")]])
    }

    /// A draft gives a free address to a new workload, which has not the past of the one that held it.
    @Test func aDraftsNewWorkloadHasNotThePastOfOneThatIsGone() throws {
        let web = try World.workload("web", "role=web", ["10.0.0.1"])
        let new = try World.workload("new", "role=web", ["10.0.0.5"])
        let records = [
            InventoryRecord(
                time: Self.time(100), workloads: [web, try World.workload("db", "role=db", ["10.0.0.5"])]),
            InventoryRecord(time: Self.time(200), workloads: [web]),
        ]
        let history = InventoryHistory(records, present: [[web], [web, new]], labels: .now)
        #expect(history.changed == [try World.address("10.0.0.5")])
        for period in history.periods {
            #expect(history.workloads([web, new], in: period).map(\.addresses) == [web.addresses, []])
        }
    }

    @Test func withoutRecordsNothingChanged() throws {
        let present = [try World.workload("web", "role=web", ["10.0.0.1"])]
        let history = InventoryHistory([], present: [present], labels: .now)
        #expect(history.periods.isEmpty && history.changed.isEmpty)
    }
}
