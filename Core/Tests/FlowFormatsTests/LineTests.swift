import FlowFormats
import Flows
import NetworkTypes
import Testing

@Suite struct LineTests {
    @Test(arguments: [1, 2, 3, 7, 64, 1 << 16])
    func piecesOfAnySizeGiveTheSameRecords(chunk: Int) {
        let text = Samples.zeekTSV + "\n" + Samples.zeekJSON + "\r\n\r\n"
        let whole = Decoded(text)
        #expect(whole.records.count == 3)
        #expect(Decoded(text, chunk: chunk).records == whole.records)
        #expect(Decoded(text, chunk: chunk).summary == whole.summary)
    }

    @Test func carriageReturnsAndAByteOrderMarkAreNotContent() {
        #expect(Decoded("\u{FEFF}" + Samples.zeekJSON + "\r\n").records == Decoded(Samples.zeekJSON).records)
        let tsv = Samples.zeekTSV.replacing("\n", with: "\r\n")
        #expect(Decoded(tsv).records == Decoded(Samples.zeekTSV).records)
        let marked = Decoded("\u{FEFF}" + Samples.conntrack + "\r\n")
        #expect(marked.records == Decoded(Samples.conntrack).records && marked.records.count == 1)
    }

    @Test func aBadLineIsCountedWithItsPlaceAndEndsNothing() {
        let decoded = Decoded(Samples.zeekJSON + "\n{bad}\n" + Samples.zeekJSON + "\n{worse\n")
        #expect(decoded.summary.records == 2 && decoded.summary.lines == 4)
        #expect(decoded.summary.refused == [.badJSON: 2])
        #expect(decoded.summary.firstPlaces[.badJSON] == LinePlace(line: 2, offset: Samples.zeekJSON.utf8.count + 1))
        #expect(decoded.summary.partialLine == nil)
    }

    @Test func aLastLineThatIsStillBeingWrittenIsHeldBack() {
        let text = Samples.zeekJSON + "\n" + String(Samples.zeekJSON.prefix(100))
        let decoded = Decoded(text)
        #expect(decoded.summary.records == 1 && decoded.summary.refused.isEmpty)
        #expect(decoded.summary.partialLine == LinePlace(line: 2, offset: Samples.zeekJSON.utf8.count + 1))
    }

    @Test func linesOverOneMebibyteAreRefusedInBoundedMemory() {
        let limit = 1 << 20
        let padded = String(Samples.zeekJSON.dropLast()) + ",\"x\":\""
        func line(_ length: Int) -> String {
            padded + String(repeating: "a", count: length - padded.utf8.count - 2) + "\"}"
        }
        #expect(Decoded(line(limit) + "\r\n").summary.records == 1)
        let over = Decoded(line(limit + 1) + "\n" + Samples.zeekJSON + "\n", chunk: 4096)
        #expect(over.summary.refused == [.lineTooLong: 1] && over.summary.records == 1)
        #expect(Decoded(line(limit + 1) + "\n").summary.refused == [.lineTooLong: 1])
        #expect(Decoded([UInt8](repeating: 0x7B, count: 3 << 20)).summary.lines == 1)
    }

    @Test func theNormalisedLineSaysWhatWasRead() throws {
        let record = try #require(Decoded(Samples.zeekJSON).records.first)
        #expect(
            record.json == """
                {"source":"10.0.1.6","sourcePort":54243,"destination":"10.0.0.4","destinationPort":53,"protocol":"udp",\
                "start":"2020-04-30T00:06:39.824370Z","end":"2020-04-30T00:06:39.825898024Z","initiatorPackets":1,\
                "initiatorBytes":67,"responderPackets":1,"responderBytes":83,"state":"established","stateText":"SF",\
                "stage":"complete","direction":"asRecorded","observationPoint":"sensor-a","uid":"Cvf4XX17hSAgXDdGEd",\
                "service":"dns"}
                """)
    }

    /// Converted with GNU `date -u -d @SECONDS +%FT%TZ`.
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
        (951_782_399_000_000_000, "2000-02-28T23:59:59Z"), (951_868_800_000_000_000, "2000-03-01T00:00:00Z"),
        (4_107_542_399_500_000_000, "2100-02-28T23:59:59.500Z"), (4_107_542_400_000_000_000, "2100-03-01T00:00:00Z"),
        (Int64.min, "1677-09-21T00:12:43.145224192Z"), (Int64.max, "2262-04-11T23:47:16.854775807Z"),
    ])
    func instantsPrintAsDates(nanoseconds: Int64, text: String) {
        #expect(Instant(rawValue: nanoseconds).utcText == text)
    }
}
