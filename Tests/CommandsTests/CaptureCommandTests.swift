import Commands
import Foundation
import Testing

/// The capture is Fuzz/Corpus/capture/little.pcap: a handshake and both ends of it, a DNS answer, IPv6, a ping, a later
/// fragment and an ARP packet, 20 seconds apart.
@Suite struct CaptureCommandTests {
    private static let capture = FlowsFixture.repository.appending(path: "Fuzz/Corpus/capture/little.pcap")

    /// Writes the first bytes of the capture to a file of its own.
    private func cut(_ fixture: FlowsFixture, _ length: Int) throws -> String {
        let path = fixture.path("cut.pcap")
        try Data(contentsOf: Self.capture).prefix(length).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func packetsBecomeFlowsAndEachIsCounted() throws {
        let fixture = try FlowsFixture()
        let result = fixture.run(["flows", "import", Self.capture.path, "--data", fixture.data, "--format", "json"])
        #expect(result.status == .fine)
        let file = try #require(try result.json().objects("files").first)
        #expect(file.text("format") == "pcap" && file.number("records") == 4 && file.number("new") == 4)
        let capture = try #require(file["capture"] as? [String: Any])
        #expect(capture.number("packets") == 7 && capture.number("fragments") == 1 && capture.number("others") == 1)
    }

    @Test func aCaptureThatGrewCountsEachFlowOnce() throws {
        let fixture = try FlowsFixture()
        // The header, the first two packets of 16 + 54 bytes, and a bit.
        let path = try cut(fixture, 170)
        let first = fixture.run(["flows", "import", path, "--data", fixture.data])
        #expect(first.status == .found)
        #expect(first.lines.contains("cut.pcap: the capture is cut: the packet at byte 164 is not complete"))
        try Data(contentsOf: Self.capture).write(to: URL(fileURLWithPath: path))
        let grown = try fixture.run(["flows", "import", path, "--data", fixture.data, "--format", "json"]).json()
        #expect(grown.number("newConnections") == 3 && grown.number("store", "connections") == 4)
    }

    @Test(arguments: ["import", "decode"])
    func whatIsLeftOutMayBeAllowed(command: String) throws {
        let fixture = try FlowsFixture()
        let path = try cut(fixture, 170)
        let arguments = ["flows", command, path] + (command == "import" ? ["--data", fixture.data] : [])
        #expect(fixture.run(arguments).status == .found)
        #expect(fixture.run(arguments + ["--allow-partial"]).status == .fine)
    }

    @Test func namesComeFromTheAnswers() throws {
        let fixture = try FlowsFixture()
        _ = fixture.run(["flows", "import", Self.capture.path, "--data", fixture.data])
        // Traffic of the address that the answer in the capture names.
        let flow = try fixture.write(
            #"{"source":"10.0.0.1","destination":"10.0.0.9","destinationPort":5432,"sourcePort":50000,"#
                + #""protocol":"tcp","start":"1970-01-01T00:02:00Z","state":"established"}"# + "\n", to: "more.jsonl")
        _ = fixture.run(["flows", "import", flow, "--data", fixture.data])
        let result = fixture.run(["workloads", "suggest", "--data", fixture.data, "--dns", Self.capture.path])
        #expect(result.output.contains("db.example") && result.errors.isEmpty)
    }
}
