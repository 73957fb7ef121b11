import FlowFormats
import FlowStore
import Flows
import Foundation
import NetworkTypes
import Testing

/// apt29-day1: two Zeek sensors in one network, 479 and 134 records.
///
/// Expectations were computed in Python from the logs, by another method than the store's: all records of a five-tuple
/// at once, pairs of records of different `@system` joined by union-find when their times lie at most one second apart.
/// 44 pairs come out, no group has two records of one sensor, so 613 records are 569 connections. Without the
/// second's tolerance there would be 583: 14 of the pairs are lone SYNs, instants that the sensors' clocks put
/// 14 ms apart.
@Suite struct RecordedNetworkTests {
    @Test func twoSensorsOneNetwork() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let report = try store.importFiles([StoreFixture.nashua, StoreFixture.scranton])
        #expect(report.files.map(\.lines.records) == [479, 134])
        #expect(report.files.map(\.newConnections) == [479, 90])
        #expect(report.files.map(\.merged) == [0, 44])
        #expect(report.files.map(\.duplicates) == [0, 0])
        #expect(report.refusedLines == 0 && !report.hasFailures)
        let counts = try store.counts()
        #expect(counts.connections == 569 && counts.observations == 613 && counts.seenTwice == 44)
        #expect(counts.points == 2 && counts.edges == 31)
        #expect(
            try store.observationPoints().map(\.name) == ["bobs.bigwheel.local", "simplerockbuild.simplerock.lan"])
        #expect(try store.edges().reduce(0) { $0 + $1.connections } == 569)
        #expect(try store.edges().reduce(0) { $0 + $1.failed } == 31)
    }

    @Test func theOrderOfImportsDoesNotMatter() throws {
        let fixture = try StoreFixture()
        let (one, other) = (try fixture.store("one"), try fixture.store("other"))
        _ = try one.importFiles([StoreFixture.nashua, StoreFixture.scranton])
        _ = try other.importFiles([StoreFixture.scranton, StoreFixture.nashua])
        #expect(try one.visible() == other.visible())
        #expect(try one.visible().connections.count == 569)
    }

    /// Packets and bytes take the larger count of the two sensors, connection by connection.
    @Test(
        arguments: [
            (
                "10.0.1.4", "10.0.1.6", 445, 15, 0, 1_588_206_925_606_391, 1_588_207_516_751_755, 713, 3_897_780, 442,
                123_280
            ),
            ("10.0.1.4", "10.0.1.6", 5985, 4, 0, 1_588_206_806_283_442, 1_588_206_809_308_965, 78, 59_920, 57, 29_981),
            ("10.0.1.4", "10.0.1.6", 55121, 18, 18, 1_588_206_977_869_289, 1_588_207_500_056_052, 30, 1560, 0, 0),
            ("10.0.1.4", "192.168.0.4", 445, 5, 5, 1_588_206_734_891_382, 1_588_206_737_071_374, 5, 260, 5, 200),
            ("10.0.1.6", "10.0.0.4", 445, 4, 0, 1_588_205_199_827_696, 1_588_207_010_972_632, 221, 37_462, 217, 42_291),
        ] as [(String, String, UInt16, Int, Int, Int64, Int64, UInt64, UInt64, UInt64, UInt64)])
    func edges(
        source: String, destination: String, port: UInt16, connections: Int, failed: Int, first: Int64, last: Int64,
        packetsOut: UInt64, bytesOut: UInt64, packetsIn: UInt64, bytesIn: UInt64
    ) throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        _ = try store.importFiles([StoreFixture.nashua, StoreFixture.scranton])
        let found = try #require(try store.edges().first { $0.key == edge(source, destination, .tcp, port) })
        #expect(found.connections == connections && found.failed == failed)
        #expect(found.firstSeen.rawValue / 1000 == first)
        // Python's floats print to the nearest microsecond.
        #expect(abs(found.lastSeen.rawValue / 1000 - last) <= 1)
        #expect(found.initiator == FlowCounters(packets: packetsOut, bytes: bytesOut))
        #expect(found.responder == FlowCounters(packets: packetsIn, bytes: bytesIn))
        #expect(found.direction == .asRecorded)
    }

    @Test func aWindowTakesTheConnectionsThatBeganInIt() throws {
        let fixture = try StoreFixture()
        let flows = try fixture.store()
        _ = try flows.importFiles([StoreFixture.nashua, StoreFixture.scranton])
        // 2020-04-30T00:00:00Z is the hour of the first record.
        let hour: Int64 = 3_600_000_000_000
        let midnight = Int64(1_588_204_800_000_000_000)
        func window(_ from: Int64, _ to: Int64) -> Range<Instant> {
            Instant(rawValue: midnight + from)..<Instant(rawValue: midnight + to)
        }
        #expect(try flows.edges(window: window(0, hour)).reduce(0) { $0 + $1.connections } == 569)
        // Counted in the logs by their `ts`, those of both observers once.
        let minute = hour / 60
        #expect(try flows.edges(window: window(33 * minute, 34 * minute)).reduce(0) { $0 + $1.connections } == 11)
        #expect(try flows.edges(window: window(1, hour - 1)) == flows.edges())
        #expect(try flows.edges(window: window(-hour, 0)).isEmpty)
        #expect(try flows.edges(window: window(0, 0)).isEmpty)
        #expect(try flows.edges(window: window(-hour, 24 * hour)) == flows.edges())
    }

    @Test func otherLogsAddNothingAndAreNoError() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let folder = StoreFixture.testData.appending(path: "zeek/apt29-day1")
        let report = try store.importFiles(
            ["NASHUA_dns.log", "NASHUA_kerberos.log"].map { folder.appending(path: $0).path })
        #expect(report.files.map(\.lines.otherStreams) == [["dns": 21], ["kerberos": 13]])
        #expect(report.refusedLines == 0 && !report.hasFailures)
        #expect(try store.counts().connections == 0)
    }

    @Test func decodingWritesOneJSONLinePerRecord() throws {
        var lines: [Data] = []
        let reports = try FlowDecoding.decode([StoreFixture.nashua, StoreFixture.scranton]) { lines.append(Data($0)) }
        #expect(reports.map(\.lines.records) == [479, 134])
        #expect(lines.count == 613)
        let objects = try lines.map { try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any]) }
        // The first line of NASHUA_conn.log, by eye.
        #expect(objects.first?["source"] as? String == "10.0.1.6")
        #expect(objects.first?["destinationPort"] as? Int == 53)
        #expect(Set(objects.compactMap { $0["uid"] as? String }).count == 613)
    }
}
