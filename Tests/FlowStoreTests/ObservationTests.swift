import FlowStore
import Flows
import Foundation
import NetworkTypes
import Testing

@Suite struct ObservationTests {
    private func conn(
        _ system: String?, _ uid: String, _ time: String, duration: String? = nil, port: Int = 1024,
        state: String = "S0"
    ) -> String {
        (system.map { #"{"@system":"\#($0)","# } ?? "{")
            + #""ts":\#(time),"uid":"\#(uid)","id.orig_h":"10.0.0.1","id.orig_p":\#(port),"id.resp_h":"10.0.0.2","#
            + #""id.resp_p":443,"proto":"tcp","# + (duration.map { #""duration":\#($0),"# } ?? "")
            + #""conn_state":"\#(state)","orig_pkts":1,"orig_ip_bytes":60,"resp_pkts":0,"resp_ip_bytes":0}"# + "\n"
    }

    @Test(arguments: [
        ("overlapping", "100", "10", "105", "10", 1), ("a clock 14 ms off", "100", nil, "100.014", nil, 1),
        ("one second apart", "100", nil, "101", nil, 1), ("more than a second apart", "100", nil, "101.001", nil, 2),
        ("inside the other", "100", "60", "130", nil, 1), ("after the end", "100", "10", "112", "1", 2),
    ])
    func twoPointsAreOneConnectionWhenTheirTimesOverlap(
        name: String, start: String, duration: String?, otherStart: String, otherDuration: String?, connections: Int
    ) throws {
        let fixture = try StoreFixture()
        for (store, flipped) in [(try fixture.store("a"), false), (try fixture.store("b"), true)] {
            let lines = [
                conn("one", "C1", start, duration: duration), conn("two", "C2", otherStart, duration: otherDuration),
            ]
            let text = (flipped ? lines.reversed() : lines).joined()
            let report = try store.importFiles([try fixture.write(text.utf8, to: "\(flipped).log")])
            #expect(report.newConnections == connections, "\(name)")
            let counts = try store.counts()
            #expect(counts.connections == connections && counts.points == 2 && counts.observations == 2)
        }
    }

    @Test func onePointNeverMergesTwoOfItsConnections() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let text = conn("one", "C1", "100", duration: "10") + conn("one", "C2", "105")
        _ = try store.importFiles([try fixture.write(text.utf8, to: "a.log")])
        #expect(try store.counts().connections == 2)
    }

    @Test func differentSourcePortsAreDifferentConnections() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let text = conn("one", "C1", "100") + conn("two", "C2", "100", port: 1025)
        _ = try store.importFiles([try fixture.write(text.utf8, to: "a.log")])
        #expect(try store.counts().connections == 2)
        #expect(try store.edges().map(\.connections) == [2])
    }

    @Test func retriesAreMatchedToTheNearest() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let one = ["100", "100.5", "101"].enumerated().map { conn("one", "A\($0)", $1) }.joined()
        let two = ["100.02", "100.52", "101.02"].enumerated().map { conn("two", "B\($0)", $1) }.joined()
        _ = try store.importFiles([try fixture.write(one.utf8, to: "1.log"), try fixture.write(two.utf8, to: "2.log")])
        let counts = try store.counts()
        #expect(counts.connections == 3 && counts.seenTwice == 3)
    }

    /// Logs of standard Zeek do not name their sensor: each file is a point of its own, even under one name.
    @Test func filesThatNameNoSensorArePointsOfTheirOwn() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let one = try fixture.write(conn(nil, "C1", "100").utf8, to: "sensor1/conn.log")
        let two = try fixture.write(conn(nil, "C2", "100.01").utf8, to: "sensor2/conn.log")
        #expect(try store.importFiles([one, two]).newConnections == 1)
        #expect(try store.observationPoints().map(\.name) == ["file:conn.log", "file:conn.log#2"])
        #expect(try store.counts().seenTwice == 1)
        _ = try store.importFiles([two, one])
        #expect(try store.counts().points == 2)
    }

    @Test func countersOfTwoPointsAreNotAddedUp() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let text =
            conn("one", "C1", "100")
            + conn("two", "C2", "100", state: "SF")
            .replacingOccurrences(of: "\"orig_pkts\":1", with: "\"orig_pkts\":3")
        _ = try store.importFiles([try fixture.write(text.utf8, to: "a.log")])
        let edge = try #require(try store.edges().first)
        #expect(edge.initiator == FlowCounters(packets: 3, bytes: 60))
        #expect(edge.failed == 0)  // One point saw the answer that the other missed.
    }

    /// Zeek's policy/protocols/conn/… scripts log a long connection several times, under one uid.
    @Test func aLaterReportOfOneRecordExtendsIt() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let text = conn("one", "C1", "100", duration: "10") + conn("one", "C1", "100", duration: "700", state: "SF")
        let report = try store.importFiles([try fixture.write(text.utf8, to: "a.log")])
        #expect(report.newConnections == 1 && report.files[0].merged == 1)
        #expect(try store.edges().first?.lastSeen == Instant(rawValue: 800_000_000_000))
    }

    @Test func theEventsOfOneTableEntryAreOneConnection() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        func event(_ second: Int, _ kind: String, _ state: String, _ flag: String, _ rest: String = "") -> String {
            "[17953422\(second).000001]\t\(kind) tcp      6 \(state) src=10.9.0.1 dst=10.9.0.2 sport=4000 dport=80 "
                + "\(flag)src=10.9.0.2 dst=10.9.0.1 sport=80 dport=4000\(rest)\n"
        }
        func life(_ second: Int) -> String {
            event(second, "    [NEW]", "120 SYN_SENT", "[UNREPLIED] ")
                + event(second, " [UPDATE]", "60 SYN_RECV", "") + event(second, " [UPDATE]", "300 ESTABLISHED", "")
                + event(second + 9, " [UPDATE]", "120 TIME_WAIT", "", " [ASSURED]")
                + event(second + 20, "[DESTROY]", "TIME_WAIT", "", " [ASSURED]")
        }
        // The port is used again after the entry was removed.
        let path = try fixture.write((life(10) + life(40)).utf8, to: "events.txt")
        let report = try store.importFiles([path], observationPoint: ObservationPoint("web"))
        #expect(report.newConnections == 2 && report.files[0].merged == 8)
        let edge = try #require(try store.edges().first)
        #expect(edge.connections == 2 && edge.failed == 0 && edge.direction == .conntrack)
        #expect(edge.firstSeen == Instant(rawValue: 1_795_342_210_000_001_000))
        #expect(edge.lastSeen == Instant(rawValue: 1_795_342_260_000_001_000))
        #expect(try store.observationPoints().map(\.name) == ["web"])
    }

    @Test func tablesOfTwoHostsAreOneConnectionWithTwoPoints() throws {
        let fixture = try StoreFixture()
        let store = try fixture.store()
        let line =
            "tcp      6 431999 ESTABLISHED src=10.9.0.1 dst=10.9.0.2 sport=4000 dport=80 src=10.9.0.2 "
            + "dst=10.9.0.1 sport=80 dport=4000 [ASSURED] mark=0 use=1\n"
        for (index, name) in ["web", "app"].enumerated() {
            let report = try store.importBytes(
                Array(line.utf8), name: "conntrack of \(name)", observationPoint: ObservationPoint(name),
                observedAt: Instant(rawValue: Int64(1_795_342_000 + 5 * index) * 1_000_000_000))
            #expect(report.newConnections == (index == 0 ? 1 : 0))
        }
        #expect(try store.counts().seenTwice == 1)
    }
}
