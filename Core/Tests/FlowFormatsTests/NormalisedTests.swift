import FlowFormats
import Flows
import NetworkTypes
import Testing

@Suite struct NormalisedTests {
    @Test(arguments: Samples.all.map(\.name))
    func whatIsWrittenReadsAsTheSameRecord(name: String) throws {
        let text = try #require(Samples.all.first { $0.name == name }).text
        let records = Decoded(text, observedAt: Instant(rawValue: 1_795_342_203_000_000_001)).records
        #expect(!records.isEmpty)
        let lines = records.map(\.json).joined(separator: "\n")
        let again = Decoded(lines)
        #expect(again.records == records)
        #expect(again.summary.format == .normalised)
        #expect(again.records.map(\.json).joined(separator: "\n") == lines)
    }

    @Test func hostileTextSurvivesTheRoundTrip() throws {
        var record = try #require(Decoded(Samples.zeekJSON).records.first)
        record.uid = "\"\\\n\u{1}\u{7F}é😀"
        record.observationPoint = ObservationPoint("a\tb")
        #expect(Decoded(record.json).records == [record])
        #expect(!record.json.utf8.contains { $0 < 0x20 || $0 == 0x7F })
    }

    @Test func aHandWrittenLineNeedsFourFieldsOnly() {
        let line = #"{"source":"10.0.0.1","destination":"10.0.0.2","protocol":"tcp","destinationPort":443}"#
        let record = Decoded(line).records.first
        #expect(record?.edge.service == .port(443) && record?.state == .unknown && record?.start == nil)
    }

    @Test func bothKindsOfJSONMayBeMixed() {
        let line = #"{"source":"10.0.0.1","destination":"10.0.0.2","protocol":"tcp","destinationPort":443}"#
        let decoded = Decoded([line, Samples.zeekJSON, line, Samples.zeekJSON].joined(separator: "\n"))
        #expect(decoded.summary.records == 4 && decoded.summary.refused.isEmpty)
    }

    @Test(arguments: [
        ("10.0.0.1", "10.0.0.256", RefusalReason.badAddress), ("10.0.0.1", "::1", .mixedFamilies),
        ("tcp", "tpc", .badProtocol),
        ("443", "65536", .badPort), ("443", "443,\"destinationPort\":80", .duplicateKey), ("443", "[443]", .wrongType),
        ("443", "443,\"state\":\"fine\"", .badWord), ("443", "443,\"start\":\"noon\"", .badTime),
        ("\"destinationPort\":443", "\"x\":1", .missingField), ("\"protocol\":\"tcp\",", "", .unknownFormat),
    ])
    func badFieldsAreRefusedByReason(part: String, replacement: String, reason: RefusalReason) {
        let line = #"{"source":"10.0.0.1","destination":"10.0.0.2","protocol":"tcp","destinationPort":443}"#
        #expect(Decoded(line.replacing(part, with: replacement) + "\n").refusal == reason)
    }
}
