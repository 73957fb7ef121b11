import FlowStore
import Flows
import Foundation
import NetworkTypes
import Testing

@Suite struct ReimportTests {
    @Test func theSameBytesAgainAddNothing() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        _ = try store.importFiles([StoreFixture.scranton])
        let before = try store.visible()
        let copy = try fixture.write(try StoreFixture.bytes(StoreFixture.scranton), to: "elsewhere/renamed.log")
        let packed = try fixture.packed(StoreFixture.scranton, to: "SCRANTON_conn.log.gz")
        let report = try store.importFiles([StoreFixture.scranton, copy, packed])
        #expect(report.files.map(\.newConnections) == [0, 0, 0])
        #expect(report.files.map(\.merged) == [0, 0, 0])
        #expect(report.files.map(\.duplicates) == [134, 134, 134])
        #expect(try store.visible() == before)
    }

    @Test func aCompressedLogIsTheSameLog() throws {
        let fixture = try StoreFixture()
        let (plain, packed) = (try fixture.store("plain"), try fixture.store("packed"))
        _ = try plain.importFiles([StoreFixture.nashua])
        _ = try packed.importFiles([try fixture.packed(StoreFixture.nashua, to: "n.gz")])
        #expect(try plain.visible() == packed.visible())
    }

    @Test func linesThatComeAgainInAnotherFileCountOnce() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let lines = try StoreFixture.bytes(StoreFixture.scranton).split(separator: 10).map { Array($0) + [10] }
        let tail = try fixture.write(lines[100...].joined(), to: "tail.log")
        let whole = try fixture.write((lines[30...] + lines[..<30]).joined(), to: "shuffled.log")
        #expect(try store.importFiles([tail]).newConnections == 34)
        let report = try store.importFiles([whole])
        #expect(report.newConnections == 100 && report.files[0].duplicates == 34)
        #expect(try store.counts().connections == 134)
    }

    @Test func aGrownLogAddsItsNewLinesOnly() throws {
        let fixture = try StoreFixture()
        let bytes = try StoreFixture.bytes(StoreFixture.scranton)
        let direct = try fixture.store("direct")
        _ = try direct.importFiles([StoreFixture.scranton])
        for cut in [0, 1, 300, 479, 480, 481, 30_000, bytes.count - 1] {
            let store = try fixture.store("cut-\(cut)")
            let path = try fixture.write(bytes[..<cut], to: "growing.log")
            let first = try store.importFiles([path])
            #expect(first.refusedLines == 0)
            _ = try fixture.write(bytes, to: "growing.log")
            let second = try store.importFiles([path])
            #expect(first.newConnections + second.newConnections == 134)
            #expect(try store.visible() == direct.visible(), "cut at \(cut)")
        }
    }

    /// A line of this table that ends early may still read as an entry, with `dport=8` for `dport=8080`.
    @Test func aLastLineThatWasCutIsTakenBackWhenTheFileHasGrown() throws {
        let fixture = try StoreFixture()
        let text = """
            tcp      6 300 ESTABLISHED src=10.9.0.1 dst=10.9.0.2 sport=1000 dport=443 src=10.9.0.2 dst=10.9.0.1 \
            sport=443 dport=1000 [ASSURED] mark=0 use=1
            udp      17 29 src=10.9.0.1 dst=10.9.0.3 sport=2000 dport=5353 src=10.9.0.3 dst=10.9.0.1 sport=5353 \
            dport=2000
            tcp      6 100 SYN_SENT src=10.9.0.1 dst=10.9.0.4 sport=3000 dport=8080 [UNREPLIED] src=10.9.0.4 \
            dst=10.9.0.1 sport=8080 dport=3000 mark=0 use=1

            """
        let bytes = Array(text.utf8)
        let direct = try fixture.store("direct")
        _ = try direct.importFiles([try fixture.write(bytes, to: "table.txt")])
        #expect(try direct.counts().connections == 3)
        let firstLine = (bytes.firstIndex(of: 10) ?? 0) + 1
        for cut in stride(from: firstLine, to: bytes.count, by: 11) {
            let store = try fixture.store("cut-\(cut)")
            let path = try fixture.write(bytes[..<cut], to: "table.txt")
            _ = try store.importFiles([path])
            _ = try fixture.write(bytes, to: "table.txt")
            _ = try store.importFiles([path])
            #expect(try store.visible() == direct.visible(), "cut at \(cut)")
        }
    }

    @Test func aLineWithoutAnIdentifierCountsAsOftenAsOneFileHasIt() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let line =
            #"{"ts":1.5,"id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":2,"#
            + #""proto":"udp","conn_state":"S0"}"# + "\n"
        let twice = try fixture.write((line + line).utf8, to: "twice.log")
        #expect(try store.importFiles([twice]).files[0].duplicates == 0)
        let again = try store.importFiles([twice, try fixture.write(line.utf8, to: "once.log")])
        #expect(again.files.map(\.duplicates) == [2, 1])
        #expect(try store.counts().observations == 2)
    }

    @Test func anImportThatStopsHalfwayLeavesTheFormerState() throws {
        struct Stop: Error {}
        let fixture = try StoreFixture()
        let store = try fixture.store()
        _ = try store.importFiles([StoreFixture.scranton])
        let before = try store.visible()
        var calls = 0
        #expect(throws: Stop.self) {
            try store.importFiles([StoreFixture.nashua]) { progress in
                calls += 1
                #expect(progress.records > 0 && progress.bytes <= progress.totalBytes)
                if calls == 2 { throw Stop() }
            }
        }
        #expect(calls == 2)
        #expect(try store.visible() == before)
        #expect(try store.counts().observations == 134)
        #expect(try store.importFiles([StoreFixture.nashua]).files[0].newConnections == 435)
    }

    /// As `logrotate` does it with `copytruncate`.
    @Test func aLogThatIsTruncatedMeanwhileIsNotTakenForKnown() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let bytes = try StoreFixture.bytes(StoreFixture.nashua)
        let path = try fixture.write(bytes, to: "conn.log")
        let report = try store.importFiles([path]) { _ in truncate(path, 1000) }
        #expect(report.files[0].failure?.code == .changed)
        #expect(try store.counts().connections == 0)
        _ = try fixture.write(bytes, to: "conn.log")
        let direct = try fixture.store("direct")
        #expect(try store.importFiles([path]).newConnections == direct.importFiles([path]).newConnections)
        #expect(try store.visible() == direct.visible())
    }

    @Test func anEmptyFileCanComeTwice() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let path = try fixture.write([], to: "empty.log")
        let report = try store.importFiles([path, path])
        #expect(report.files.map { $0.failure?.code } == [nil, nil])
    }

    /// Two sensors saw the connection; their logs have the same header line and nothing else in common.
    @Test func logsWithTheSameHeaderAreTwoObservationPoints() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        func log(_ uid: String, _ start: String) -> String {
            Self.header + "\n" + "\(start)\t\(uid)\t10.0.0.1\t40000\t10.0.0.2\t443\ttcp\t-\t1.0\t10\t20\tSF\n"
        }
        let one = try fixture.write(log("Ca", "1795340000.000000").utf8, to: "a/conn.log")
        let two = try fixture.write(log("Cb", "1795340000.010000").utf8, to: "b/conn.log")
        let report = try store.importFiles([one, two])
        #expect(report.files.map(\.newConnections) == [1, 0] && report.files.map(\.merged) == [0, 1])
        #expect(try store.visible().connections.map(\.observationPoints.count) == [2])
    }

    /// The header line of a Zeek log of tab-separated values, with the fields that a flow needs.
    private static let header =
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes"
        + "\tresp_bytes\tconn_state"

    /// The unfinished line reads as an entry with another reply port.
    @Test func aCutLineIsTakenBackThoughAnotherLogWithItsHeaderCameBetween() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let first =
            "tcp 6 300 ESTABLISHED src=10.9.0.1 dst=10.9.0.2 sport=1000 dport=443 src=10.9.0.2 dst=10.9.0.1 sport=443 dport=1000 mark=0 use=1\n"
        let second =
            "udp 17 29 src=10.9.0.1 dst=10.9.0.3 sport=2000 dport=5353 src=10.9.0.3 dst=10.9.0.1 sport=5353 dport=2000"
        let other =
            "udp 17 29 src=10.8.0.1 dst=10.8.0.3 sport=2000 dport=53 src=10.8.0.3 dst=10.8.0.1 sport=53 dport=2000\n"
        let path = try fixture.write((first + second.dropLast(2)).utf8, to: "table.txt")
        _ = try store.importFiles([path])
        _ = try store.importFiles([try fixture.write((first + other).utf8, to: "other.txt")])
        _ = try fixture.write((first + second + "\n").utf8, to: "table.txt")
        _ = try store.importFiles([path])
        let ports = try store.visible().connections.filter { $0.edge.destination.description == "10.9.0.3" }
        #expect(ports.map(\.sourcePort) == [2000])
    }

    /// Two logs end in one line without line feed, or one has it whole; then the first says something else.
    @Test(arguments: [true, false])
    func whatAnotherLogSaysTooIsNotTakenBack(isWhole: Bool) throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        func line(_ uid: String, _ port: Int) -> String {
            #"{"ts":1795340000.5,"uid":"\#(uid)","id.orig_h":"10.0.0.1","id.orig_p":\#(port),"id.resp_h":"10.0.0.2","#
                + #""id.resp_p":443,"proto":"tcp","conn_state":"SF"}"#
        }
        let path = try fixture.write(line("Ca", 1000).utf8, to: "conn.log")
        _ = try store.importFiles([path], observationPoint: ObservationPoint("tap"))
        let start = line("Cb", 2000) + "\n" + line("Ca", 1000)
        let second = try fixture.write((start + (isWhole ? "\n" : "")).utf8, to: "other.log")
        #expect(try store.importFiles([second], observationPoint: ObservationPoint("tap")).files[0].duplicates == 1)
        _ = try fixture.write((line("Ca", 1000) + "x\n").utf8, to: "conn.log")
        _ = try store.importFiles([path], observationPoint: ObservationPoint("tap"))
        #expect(try Set(store.visible().connections.map(\.sourcePort)) == [1000, 2000])
        // The other one goes on too: now nobody says it.
        _ = try fixture.write((start + "x\n").utf8, to: "other.log")
        _ = try store.importFiles([second], observationPoint: ObservationPoint("tap"))
        #expect(try Set(store.visible().connections.map(\.sourcePort)) == (isWhole ? [1000, 2000] : [2000]))
    }

    /// A packet of TCP between 10.0.0.1 at port 40000 and 10.0.0.2 at port 50000, in pcap.
    private static func packet(_ seconds: UInt8, fromFirst: Bool, _ flags: UInt8) -> [UInt8] {
        let one: [UInt8] = [0x9C, 0x40]
        let other: [UInt8] = [0xC3, 0x50]
        let ends: [UInt8] = fromFirst ? [10, 0, 0, 1, 10, 0, 0, 2] : [10, 0, 0, 2, 10, 0, 0, 1]
        let tcp =
            (fromFirst ? one + other : other + one) + [0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0]
        return [seconds, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 40, 0, 0, 0]
            + [0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0] + ends + tcp
    }

    /// The header of pcap with raw IP, little-endian (draft-ietf-opsawg-pcap).
    private static let captureHeader: [UInt8] = [
        0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 101, 0, 0, 0,
    ]

    /// What comes later in a capture tells that the other end began the flow, with a time of its own.
    @Test(arguments: [UInt8(101), 98]) func aCaptureThatGoesOnCanTurnAFlowRound(granted: UInt8) throws {
        let begun =
            Self.captureHeader + Self.packet(100, fromFirst: true, 16) + Self.packet(100, fromFirst: true, 16)
        let whole = begun + Self.packet(granted, fromFirst: true, 18) + Self.packet(102, fromFirst: false, 16)
        let fixture = try StoreFixture()
        let direct = try fixture.store("direct")
        _ = try direct.importFiles([fixture.write(whole, to: "whole.pcap")], observationPoint: ObservationPoint("tap"))
        let expected = try direct.visible()
        #expect(expected.edges.map(\.key.source.description) == ["10.0.0.2"])
        #expect(expected.edges.map(\.initiator.packets) == [1])
        // The shorter first, or last, or again, alone or in one file with the whole.
        for (number, order) in [[begun, whole], [whole, begun], [begun, whole, begun, whole]].enumerated() {
            let store = try fixture.store("store\(number)")
            for (place, bytes) in order.enumerated() {
                let path = try fixture.write(bytes, to: "\(number)-\(place).pcap")
                _ = try store.importFiles([path], observationPoint: ObservationPoint("tap"))
            }
            #expect(try store.visible().connections == expected.connections, "\(number)")
            #expect(try store.visible().edges == expected.edges, "\(number)")
        }
    }

    /// An answer that nobody asked for proves nothing, but what came later is nearer to it.
    @Test func ofTwoUncertainBeginnersTheLongerCaptureTells() throws {
        let begun = Self.captureHeader + Self.packet(100, fromFirst: true, 16)
        let longer = begun + Self.packet(101, fromFirst: true, 18)
        let fixture = try StoreFixture()
        let paths = [try fixture.write(begun, to: "a.pcap"), try fixture.write(longer, to: "b.pcap")]
        for order in [[1], [0, 1], [1, 0], [0, 1, 0]] {
            let store = try fixture.store("store\(order)")
            for index in order {
                _ = try store.importFiles([paths[index]], observationPoint: ObservationPoint("tap"))
            }
            #expect(try store.edges().map(\.key.source.description) == ["10.0.0.2"], "\(order)")
            #expect(try store.edges().map(\.responder.packets) == [2], "\(order)")
        }
    }

    /// Another point's report of the connection stays when the first one's is turned round, and is found at its time.
    @Test func whatATurnLeavesBehindIsFound() throws {
        let begun = Self.captureHeader + Self.packet(100, fromFirst: true, 16)
        let other = Self.captureHeader + Self.packet(101, fromFirst: true, 16)
        let whole = begun + Self.packet(101, fromFirst: true, 18) + Self.packet(102, fromFirst: false, 16)
        let fixture = try StoreFixture()
        let paths = [
            try fixture.write(begun, to: "a.pcap"), try fixture.write(other, to: "b.pcap"),
            try fixture.write(whole, to: "c.pcap"),
        ]
        for (path, point) in zip(paths, ["tap", "sensor", "tap"]) {
            // Each import reads from the store what the one before wrote.
            _ = try fixture.store().importFiles([path], observationPoint: ObservationPoint(point))
        }
        let from = Instant(rawValue: 100_500_000_000)
        let window = try fixture.store().edges(window: from..<Instant(rawValue: 200_000_000_000))
        #expect(window.map(\.key.source.description) == ["10.0.0.1"])
        #expect(try fixture.store().edges().count == 2)
    }

    /// Messages that stand alone go one way.
    @Test func errorsOfOneMomentBothWaysAreTwo() throws {
        func packet(_ ends: [UInt8]) -> [UInt8] {
            [100, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28, 0, 0, 0] + [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0] + ends
                + [3, 3, 0, 0, 0, 0, 0, 0]
        }
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let bytes = Self.captureHeader + packet([10, 0, 0, 1, 10, 0, 0, 2]) + packet([10, 0, 0, 2, 10, 0, 0, 1])
        _ = try store.importFiles([fixture.write(bytes, to: "a.pcap")])
        #expect(try store.edges().map(\.initiator.packets) == [1, 1])
        #expect(try store.edges().map(\.responder.packets) == [0, 0])
    }

    /// An identifier of a log that names one end's part each time: these are two connections.
    @Test func recordsOfBothDirectionsAreNotTurned() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        func line(_ from: Int, _ to: Int) -> String {
            #"{"ts":1795340000.5,"uid":"C1","id.orig_h":"10.0.0.\#(from)","id.orig_p":7,"id.resp_h":"10.0.0.\#(to)","#
                + #""id.resp_p":7,"proto":"udp","conn_state":"S0"}"# + "\n"
        }
        let path = try fixture.write((line(1, 2) + line(2, 1)).utf8, to: "conn.log")
        #expect(try store.importFiles([path]).files[0].newConnections == 2)
        #expect(try store.edges().count == 2)
    }

    /// A table entry without a time was seen when the file was written, and first so.
    @Test func anEntryWithoutATimeStaysWhereItWasFirstSeen() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let line =
            "tcp 6 300 ESTABLISHED src=10.9.0.1 dst=10.9.0.2 sport=1000 dport=443 src=10.9.0.2 dst=10.9.0.1 sport=443 dport=1000 mark=0 use=1\n"
        let path = try fixture.write(line.utf8, to: "table.txt")
        _ = try store.importFiles([path])
        let before = try store.visible()
        _ = try fixture.write((line + line.replacing("sport=1000", with: "sport=1001")).utf8, to: "table.txt")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_795_400_000)], ofItemAtPath: path)
        let report = try store.importFiles([path]).files[0]
        #expect(report.duplicates == 1 && report.newConnections == 1 && report.merged == 0)
        let after = try store.visible().connections
        #expect(before.connections.allSatisfy(after.contains) && after.count == 2)
    }
}
