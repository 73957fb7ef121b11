import FlowStore
import Flows
import Foundation
import NetworkTypes
import Testing

/// Counters near the ends of 64 bits must not make the store unusable: SQLite's `SUM` fails beyond 2⁶³ − 1.
@Suite struct HugeCounterTests {
    private static func line(_ port: Int, bytes: UInt64) -> String {
        """
        {"_path":"conn","ts":1.5,"uid":"C\(port)","id.orig_h":"10.0.0.1","id.orig_p":\(port),\
        "id.resp_h":"10.0.0.2","id.resp_p":443,"proto":"tcp","orig_pkts":1,"orig_ip_bytes":\(bytes),\
        "resp_pkts":1,"resp_ip_bytes":7}

        """
    }

    /// The sums are those of arithmetic without bounds, cut at 2⁶³ − 1.
    static let cases: [(name: String, bytes: [UInt64], sum: UInt64)] = [
        ("one at the end", [0x7FFF_FFFF_FFFF_FFFF], 0x7FFF_FFFF_FFFF_FFFF),
        ("one beyond the end", [.max], 0x7FFF_FFFF_FFFF_FFFF),
        ("then an honest one", [0x7FFF_FFFF_FFFF_FFFF, .max, 60], 0x7FFF_FFFF_FFFF_FFFF),
        ("one more than fits", [1 << 62, 1 << 62], 0x7FFF_FFFF_FFFF_FFFF),
        ("just what fits", [1 << 62, (1 << 62) - 1], 0x7FFF_FFFF_FFFF_FFFF),
        ("beyond the whole numbers of a Double", [1 << 53, 1, 1, 1], (1 << 53) + 3),
        ("the sum is exact to the last octet", [0x7FFF_FFFF_FFFF_FFF0, 1, 2, 3], 0x7FFF_FFFF_FFFF_FFF6),
        ("halves that carry", [0xFFFF_FFFF, 1, 0xFFFF_FFFF], 0x1_FFFF_FFFF),
    ]

    @Test(arguments: cases)
    func sumsStayAtTheEnd(name: String, bytes: [UInt64], sum: UInt64) throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        for (index, count) in bytes.enumerated() {
            let path = try fixture.write(Self.line(1000 + index, bytes: count).utf8, to: "\(index).log")
            let report = try store.importFiles([path])
            #expect(report.files[0].failure == nil && report.newConnections == 1)
        }
        let edges = try store.edges()
        #expect(edges.map(\.key) == [try #require(edge("10.0.0.1", "10.0.0.2", .tcp, 443))])
        #expect(edges.first?.connections == bytes.count)
        #expect(edges.first?.initiator.bytes == sum)
        #expect(edges.first?.responder.bytes == 7 * UInt64(bytes.count))
    }

    /// The second sum, over hours, is no smaller than the first.
    @Test func hoursAddUpWithoutOverflow() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let text = [1.5, 7201.5].enumerated().map { index, time in
            Self.line(1000 + index, bytes: .max).replacingOccurrences(of: "\"ts\":1.5", with: "\"ts\":\(time)")
        }.joined()
        #expect(try store.importFiles([try fixture.write(text.utf8, to: "a.log")]).newConnections == 2)
        #expect(try store.edges().map(\.initiator.bytes) == [0x7FFF_FFFF_FFFF_FFFF])
    }

    @Test func whatNobodyCountedStaysUncounted() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let text =
            #"{"_path":"conn","ts":1,"uid":"C","id.orig_h":"10.0.0.1","id.orig_p":1,"#
            + #""id.resp_h":"10.0.0.2","id.resp_p":443,"proto":"tcp"}"# + "\n"
        _ = try store.importFiles([try fixture.write(text.utf8, to: "a.log")])
        let edge = try #require(try store.edges().first)
        #expect(edge.initiator.bytes == nil && edge.responder.packets == nil)
    }

    /// Another writer holds the store for longer than an import waits.
    @Test func aFailureOfTheDatabaseIsTheFilesFailure() throws {
        let fixture = try StoreFixture()
        let (busy, waiting) = (try fixture.store(), try fixture.store())
        let first = try fixture.write(Self.line(1, bytes: 1).utf8, to: "1.log")
        let second = try fixture.write(Self.line(2, bytes: 1).utf8, to: "2.log")
        var blocked: FileReport?
        _ = try busy.importFiles([first]) { _ in
            if blocked == nil { blocked = try waiting.importFiles([second]).files.first }
        }
        #expect(blocked?.failure?.code == .database)
        #expect(blocked?.failure?.message.contains("2.log") == true)
        #expect(try waiting.importFiles([second]).newConnections == 1)
        #expect(try waiting.counts().connections == 2)
    }
}
