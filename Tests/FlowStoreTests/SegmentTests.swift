import FlowFormats
import FlowStore
import Flows
import Foundation
import NetworkTypes
import Testing

/// How connections are divided among rows of the store must not show.
@Suite struct SegmentTests {
    /// Segments of a few observations, few of them in memory, and the usual ones.
    private static let limits = [
        SegmentLimits(capacity: 1, loaded: 1), SegmentLimits(capacity: 7, loaded: 3),
        SegmentLimits(capacity: 16, loaded: 4),
    ]

    private static func lines(_ path: String) throws -> [[UInt8]] {
        try StoreFixture.bytes(path).split(separator: 10).map { Array($0) + [10] }
    }

    @Test(arguments: limits.indices)
    func smallSegmentsHoldWhatOneHolds(index: Int) throws {
        let fixture = try StoreFixture()
        let (usual, small) = (try fixture.store("usual"), try fixture.store("small", limits: Self.limits[index]))
        var random = SystemRandomNumberGenerator()
        // Out of order, in several files, with lines that come again.
        let nashua = try Self.lines(StoreFixture.nashua).shuffled(using: &random)
        let scranton = try Self.lines(StoreFixture.scranton).shuffled(using: &random)
        let parts = [nashua[..<200], nashua[150...], scranton[..<90], scranton[60...]]
        for (number, part) in parts.enumerated() {
            let path = try fixture.write(part.joined(), to: "part-\(number).log")
            let reports = try [usual, small].map { store in
                let files = try store.importFiles([path]).files
                return files.map { [$0.newConnections, $0.merged, $0.duplicates, $0.lines.refusedLines] }
            }
            #expect(reports[0] == reports[1])
        }
        #expect(try usual.visible() == small.visible())
        #expect(try usual.counts() == small.counts() && usual.counts().connections == 569)
        let hour = Int64(3_600_000_000_000)
        for start in stride(from: Int64(1_588_204_800_000_000_000), to: 1_588_212_000_000_000_000, by: 300_000_000_000)
        {
            for window in [start..<start + hour, start..<start + 300_000_000_000] {
                let range = Instant(rawValue: window.lowerBound)..<Instant(rawValue: window.upperBound)
                #expect(try usual.edges(window: range) == small.edges(window: range))
            }
        }
    }

    @Test(arguments: limits.indices)
    func aTableOfLiveConnectionsIsMatchedAcrossSegments(index: Int) throws {
        let fixture = try StoreFixture()
        let (usual, small) = (try fixture.store("usual"), try fixture.store("small", limits: Self.limits[index]))
        func entry(_ port: Int, _ packets: Int, _ timeout: Int) -> String {
            """
            ipv4     2 tcp      6 \(timeout) ESTABLISHED src=10.9.0.1 dst=10.9.0.2 sport=\(port) dport=8080 packets=\(packets) \
            bytes=\(packets * 60) src=10.9.0.2 dst=10.9.0.1 sport=8080 dport=\(port) packets=3 bytes=180 [ASSURED] mark=0 \
            use=1

            """
        }
        // The longer an entry may still live, the longer its connection may have lasted.
        for (round, timeout) in [2, 300, 5_000, 100_000].enumerated() {
            let text = (0..<40).map { entry(40_000 + $0, round * ($0 % 3 + 1), timeout) }.joined()
            let path = try fixture.write(Array(text.utf8), to: "table-\(round)")
            let time = Instant(rawValue: 1_795_342_220_000_000_000 + Int64(round) * 30_000_000_000)
            for store in [usual, small] { _ = try store.importFiles([path], observedAt: time) }
        }
        #expect(try usual.visible() == small.visible())
        #expect(try usual.counts() == small.counts())
    }

    /// Queries between the same two ports, every second, seen by two sensors whose logs come in any order.
    @Test(arguments: limits.indices)
    func connectionsOfOneTupleAreToldApartByTheirTimes(index: Int) throws {
        let fixture = try StoreFixture()
        let (usual, small) = (try fixture.store("usual"), try fixture.store("small", limits: Self.limits[index]))
        func line(_ sensor: String, _ number: Int, _ delay: Int) -> [UInt8] {
            Array(
                (#"{"ts":\#(1_795_000_000 + number * 3).\#(delay),"uid":"\#(sensor)\#(number)","id.orig_h":"10.0.0.1","#
                    + #""id.orig_p":123,"id.resp_h":"10.0.0.2","id.resp_p":123,"proto":"udp","duration":0.1,"#
                    + #""conn_state":"SF"}"# + "\n").utf8)
        }
        var random = SystemRandomNumberGenerator()
        for sensor in ["a", "b"] {
            let lines = (0..<300).map { line(sensor, $0, sensor == "a" ? 1 : 2) }.shuffled(using: &random)
            let path = try fixture.write(lines.joined(), to: "\(sensor).log")
            for store in [usual, small] {
                let report = try store.importFiles([path]).files[0]
                #expect(report.newConnections == (sensor == "a" ? 300 : 0))
                #expect(report.merged == (sensor == "a" ? 0 : 300))
            }
        }
        #expect(try usual.visible() == small.visible())
        #expect(try usual.counts().seenTwice == 300)
    }

    /// So many that what the points said is added up: by one uid, by two sensors, in any order of time.
    @Test(arguments: [false, true])
    func manyReportsOfOneConnectionAreOne(isFalling: Bool) throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        func line(_ uid: String, _ start: Int, _ duration: Int) -> [UInt8] {
            Array(
                (#"{"ts":\#(1_795_340_000 + start),"uid":"\#(uid)","id.orig_h":"10.0.0.1","id.orig_p":1000,"#
                    + #""id.resp_h":"10.0.0.2","id.resp_p":443,"proto":"tcp","duration":\#(duration),"conn_state":"SF"}"#
                    + "\n").utf8)
        }
        let times = isFalling ? Array((0..<40).reversed()) : Array(0..<40)
        for sensor in ["a", "b"] {
            let path = try fixture.write(times.map { line("C" + sensor, $0, 60) }.joined(), to: "\(sensor).log")
            _ = try store.importFiles([path], observationPoint: ObservationPoint(sensor))
        }
        let other = try fixture.write(line("Cc", 20, 60), to: "other.log")
        _ = try store.importFiles([other], observationPoint: ObservationPoint("a"))
        let seen = try store.visible().connections
        // The same sensor's other identifier is another connection.
        #expect(seen.map { $0.observationPoints.map(\.name) } == [["a", "b"], ["a"]])
        #expect(try store.counts().observations == 81)
        // Files that come one by one read the rows anew.
        let anew = try fixture.store()
        let last = try fixture.write(line("Cb", 50, 60), to: "last.log")
        #expect(try anew.importFiles([last], observationPoint: ObservationPoint("b")).files[0].merged == 1)
    }

    /// Whoever sends with one tuple and many identifiers at once gets connections, and the import an end.
    @Test func anyNumberOfConnectionsMayBeAliveOnOneTuple() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let count = 3000
        let lines = (0..<count).map { number in
            #"{"ts":\#(1_795_000_000 + number).5,"uid":"C\#(number)","id.orig_h":"10.0.0.1","id.orig_p":0,"#
                + #""id.resp_h":"10.0.0.2","id.resp_p":0,"proto":"unknown_transport","ip_proto":47,"duration":100000,"#
                + #""conn_state":"OTH"}"# + "\n"
        }
        let path = try fixture.write(lines.joined().utf8, to: "many.log")
        #expect(try store.importFiles([path]).files[0].newConnections == count)
        #expect(try store.importFiles([path]).files[0].duplicates == count)
    }
}
