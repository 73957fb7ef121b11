import FlowFormats
import Flows
import NetworkTypes
import Testing

@Suite struct ZeekTests {
    @Test func aJSONLineBecomesTheConnectionThatItDescribes() throws {
        let record = try #require(Decoded(Samples.zeekJSON).records.first)
        #expect(record.tuple.source == IPAddress("10.0.1.6") && record.tuple.sourcePort == 54243)
        #expect(record.tuple.destination == IPAddress("10.0.0.4") && record.tuple.destinationPort == 53)
        #expect(record.tuple.proto == .udp)
        #expect(record.start == Instant(rawValue: 1_588_205_199_824_370_000))
        #expect(record.end == Instant(rawValue: 1_588_205_199_825_898_024))  // + 0.001528024673…, cut at 1 ns
        #expect(record.initiator == FlowCounters(packets: 1, bytes: 67))
        #expect(record.responder == FlowCounters(packets: 1, bytes: 83))
        #expect(record.state == .established && record.stateText == "SF")
        #expect(record.uid == "Cvf4XX17hSAgXDdGEd" && record.service == "dns")
        #expect(record.observationPoint == ObservationPoint("sensor-a"))
        #expect(record.direction == .asRecorded)
        #expect(record.stage == .complete)
    }

    @Test func dottedAndUnderscoredNamesAreTheSameField() {
        let dotted = Samples.zeekJSON.replacing("id_orig", with: "id.orig").replacing("id_resp", with: "id.resp")
        #expect(Decoded(dotted).records == Decoded(Samples.zeekJSON).records)
        #expect(Decoded(dotted).records.count == 1)
    }

    @Test func tabSeparatedAndJSONLinesOfOneConnectionAgree() throws {
        let decoded = Decoded(Samples.zeekTSV)
        #expect(decoded.summary.format == .zeekTSV && decoded.summary.records == 2)
        var json = try #require(Decoded(Samples.zeekJSON).records.first)
        // The TSV writer rounds the duration to a microsecond and names no sensor.
        json.end = Instant(rawValue: 1_588_205_199_825_898_000)
        json.observationPoint = nil
        #expect(decoded.records.first == json)
    }

    @Test func aLaterHeaderMayReorderTheColumns() {
        let second = """
            \n#fields\tproto\tid.resp_p\tid.resp_h\tid.orig_p\tid.orig_h\tconn_state\tts
            tcp\t443\t10.0.0.9\t1025\t10.0.0.8\tS0\t1588205201
            """
        let decoded = Decoded(Samples.zeekTSV + second)
        #expect(decoded.summary.records == 3 && decoded.summary.refused.isEmpty)
        #expect(decoded.records.last?.tuple.destinationPort == 443)
        #expect(decoded.records.last?.tuple.source == IPAddress("10.0.0.8"))
        #expect(decoded.records.last?.state == .attempted)
        #expect(decoded.records.last?.uid == nil)
    }

    /// From Zeek's source, ICMP.cc: the responder's port is the reply's type where messages come in pairs.
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.2", 8, 0, IPProtocol.icmp, 8, 0), ("10.0.0.1", "10.0.0.2", 3, 1, .icmp, 3, 1),
        ("10.0.0.1", "10.0.0.2", 13, 14, .icmp, 13, 0), ("fe80::1", "fe80::2", 128, 129, .icmpv6, 128, 0),
        ("fe80::1", "fe80::2", 135, 136, .icmpv6, 135, 0), ("fe80::1", "fe80::2", 1, 4, .icmpv6, 1, 4),
        ("fe80::1", "fe80::2", 8, 0, .icmpv6, 8, 0),
    ])
    func icmpPortsAreTypeAndCode(
        source: String, destination: String, first: Int, second: Int, proto: IPProtocol, type: UInt8, code: UInt8
    ) {
        let line = """
            {"ts":1,"id.orig_h":"\(source)","id.orig_p":\(first),"id.resp_h":"\(destination)","id.resp_p":\(second),\
            "proto":"icmp","conn_state":"OTH"}
            """
        let record = Decoded(line).records.first
        #expect(record?.tuple.proto == proto && record?.icmp == ICMPMessage(type: type, code: code))
        #expect(record?.tuple.sourcePort == 0 && record?.tuple.destinationPort == 0)
    }

    @Test func otherStreamsAreNamedAndNotRefused() {
        let dns = #"{"@stream":"dns","ts":1.5,"id_orig_h":"10.0.0.1","id_resp_h":"10.0.0.2","proto":"udp","query":"a"}"#
        let kerberos = #"{"ts":1.5,"uid":"C","id_orig_h":"10.0.0.1","id_resp_h":"10.0.0.2","request_type":"AS"}"#
        let tsv = "#separator \\x09\n#path\thttp\n#fields\tts\tmethod\n1.0\tGET"
        let decoded = Decoded([dns, kerberos, tsv].joined(separator: "\n"))
        #expect(decoded.summary.otherStreams == ["dns": 1, "unnamed": 1, "http": 1])
        #expect(decoded.summary.records == 0 && decoded.summary.refused.isEmpty)
    }

    /// The thirteen values of `Conn::Info$conn_state`, read from Zeek's manual by hand.
    @Test(arguments: [
        ("S0", ConnectionState.attempted), ("S1", .established), ("SF", .established), ("REJ", .rejected),
        ("S2", .established), ("S3", .established), ("RSTO", .established), ("RSTR", .established),
        ("RSTOS0", .attempted), ("RSTRH", .established), ("SH", .attempted), ("SHR", .established), ("OTH", .unknown),
    ])
    func connectionStates(word: String, state: ConnectionState) {
        let line = Samples.zeekJSON.replacing("\"SF\"", with: "\"\(word)\"")
        #expect(Decoded(line).records.first?.state == state)
    }

    /// Each time is the same instant, converted with `date -u -d @…`.
    @Test(arguments: [
        ("1588205199.82437", 1_588_205_199_824_370_000), ("1588205199824", 1_588_205_199_824_000_000),
        (#""2020-04-30T00:06:39.824370Z""#, 1_588_205_199_824_370_000),
        ("1.58820519982437e9", 1_588_205_199_824_370_000),
        (#""1969-12-31T23:59:59Z""#, -1_000_000_000), (#""2000-02-29T12:00:00Z""#, 951_825_600_000_000_000),
        ("0", 0), ("1588205199.8243700009999", 1_588_205_199_824_370_000),
    ])
    func timesInEveryFormThatZeekWrites(text: String, nanoseconds: Int64) {
        let line = Samples.zeekJSON.replacing("1588205199.82437", with: text)
        #expect(Decoded(line).records.first?.start == Instant(rawValue: nanoseconds))
    }

    @Test(arguments: [
        ("not json", "{\"ts\":1,}", RefusalReason.badJSON), ("not a number", "{\"ts\":NaN}", .badJSON),
        ("infinity", "{\"ts\":Infinity}", .badJSON), ("leading zero", "{\"ts\":01}", .badJSON),
        ("two objects", "{} {}", .badJSON), ("raw control", "{\"a\":\"\u{1}\"}", .badJSON),
        ("lone high surrogate", #"{"a":"\ud800"}"#, .loneSurrogate),
        ("lone low surrogate", #"{"a":"\udc00x"}"#, .loneSurrogate),
        ("high without low", #"{"a":"\ud800\u0041"}"#, .loneSurrogate),
        ("key with escapes", #"{"id_orig\u005fh":"10.0.0.1"}"#, .escapedKey),
        ("twice", #"{"ts":1,"ts":2}"#, .duplicateKey),
        ("twice in both spellings", #"{"id.orig_h":"10.0.0.1","id_orig_h":"10.0.0.2"}"#, .duplicateKey),
        ("a list for a time", #"{"ts":[1]}"#, .wrongType), ("unknown object", #"{"a":1}"#, .unknownFormat),
        ("empty object", "{}", .unknownFormat), ("no closing brace", #"{"a":1 "#, .badJSON),
    ])
    func badJSONIsRefusedByReason(name: String, line: String, reason: RefusalReason) {
        #expect(Decoded(line + "\n").refusal == reason, "\(name)")
    }

    @Test(arguments: [
        ("\"10.0.1.6\"", "\"10.0.1.06\"", RefusalReason.badAddress), ("\"10.0.1.6\"", "\"::1%lo\"", .badAddress),
        ("\"10.0.1.6\"", "\"2001:db8::1\"", .mixedFamilies), ("54243", "65536", .badPort), ("54243", "-1", .badPort),
        ("54243", "1.5", .badPort), ("\"udp\"", "\"quux\"", .badProtocol), ("\"SF\"", "\"XX\"", .badWord),
        (":67", ":18446744073709551616", .badNumber), ("1588205199.82437", "1e30", .badTime),
        ("0.001528024673461914", "-1", .badTime), ("1588205199.82437", "\"yesterday\"", .badTime),
        ("\"id_orig_h\":\"10.0.1.6\",", "", .missingField), ("\"id_resp_p\":53,", "", .missingField),
        ("\"ts\":1588205199.82437,", "", .missingField), ("\"dns\"", "\"\\u00ff\\u0100\"", nil),
    ])
    func badFieldsAreRefusedByReason(part: String, replacement: String, reason: RefusalReason?) {
        #expect(Samples.zeekJSON.contains(part))
        let decoded = Decoded(Samples.zeekJSON.replacing(part, with: replacement) + "\n")
        #expect(decoded.refusal == reason)
        #expect(decoded.summary.records == (reason == nil ? 1 : 0))
    }

    @Test func nestingIsBounded() {
        func nested(_ depth: Int) -> String {
            let open = String(repeating: "[", count: depth - 1), close = String(repeating: "]", count: depth - 1)
            return Samples.zeekJSON.replacing("\"missed_bytes\":0", with: "\"missed_bytes\":\(open)\(close)") + "\n"
        }
        #expect(Decoded(nested(64)).summary.records == 1)
        #expect(Decoded(nested(65)).refusal == .tooDeep)
        #expect(Decoded(nested(100_000)).refusal == .tooDeep)
    }

    @Test func escapesInKeptTextAreResolved() {
        let line = Samples.zeekJSON.replacing("sensor-a", with: #"DOM\\h\u00e9\ud83d\ude00\/x"#)
        #expect(Decoded(line).records.first?.observationPoint?.name == "DOM\\hé😀/x")
    }

    @Test func textThatIsNotUTF8IsRefused() {
        var bytes = Array(Samples.zeekJSON.replacing("sensor-a", with: "sensor-?").utf8)
        let index = bytes.firstIndex(of: UInt8(ascii: "?")) ?? 0
        bytes[index] = 0xFF
        #expect(Decoded(bytes + [10]).refusal == .badText)
    }

    @Test(arguments: [
        ("row without header", "1\t2\t3", RefusalReason.unknownFormat),
        ("too few", "#fields\tts\tconn_state\n1", .wrongFieldCount),
        ("too many", "#fields\tts\tconn_state\n1\t2\t3", .wrongFieldCount),
        ("header without columns", "#separator \\x09\n#fields\n1", .badHeader),
        ("column twice", "#fields\tid.orig_h\tid_orig_h\n1\t2", .duplicateKey),
        ("separator of two bytes", "#separator \\x09\\x09\n#fields\tts\n1", .badHeader),
    ])
    func badTabSeparatedLinesAreCountedByReason(name: String, text: String, reason: RefusalReason) {
        let decoded = Decoded(text + "\n")
        #expect(decoded.summary.refused[reason] == 1, "\(name)")
        #expect(decoded.summary.records == 0)
    }
}
