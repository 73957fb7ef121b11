import FlowFormats
import Flows
import NetworkTypes
import Testing

/// Expectations come from the *VPC User Guide*: "Flow log records" (docs.aws.amazon.com/vpc/latest/userguide/
/// flow-log-records.html) for the fields, "Flow log record examples" (…/flow-logs-records-examples.html) for what AWS
/// says that such lines mean.
@Suite struct VPCTests {
    private static let defaultHeader = """
        version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
        log-status
        """

    /// The header of AWS's "TCP flag sequence".
    private static let flagsHeader = """
        version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr \
        pkt-dstaddr protocol bytes packets start end action tcp-flags log-status
        """

    private static func flagsLine(_ from: String, _ to: String, flags: String, action: String = "ACCEPT") -> String {
        let (a, b) = (from.split(separator: "/"), to.split(separator: "/"))
        return """
            3 vpc-1 subnet-1 i-1 eni-1 111122223333 IPv4 \(a[0]) \(b[0]) \(a[1]) \(b[1]) \(a[0]) \(b[0]) 6 568 8 \
            1788000075 1788000133 \(action) \(flags) OK
            """
    }

    @Test func aDefaultRecordIsReadWithoutHeader() throws {
        let decoded = Decoded(Samples.vpcDefault + "\n")
        let record = try #require(decoded.records.first)
        #expect(record.tuple.source == IPAddress("10.1.16.139") && record.tuple.sourcePort == 20641)
        #expect(record.tuple.destination == IPAddress("10.1.16.21") && record.tuple.destinationPort == 22)
        #expect(record.tuple.proto == .tcp)
        #expect(record.initiator == FlowCounters(packets: 20, bytes: 4249) && record.responder == FlowCounters())
        #expect(record.start == Instant(rawValue: 1_788_000_010_000_000_000))
        #expect(record.end == Instant(rawValue: 1_788_000_070_000_000_000))
        #expect(record.observationPoint?.name == "eni-0a1b2c3d4e5f60718")
        #expect(record.direction == .asRecorded)
        // Accepted is not answered.
        #expect(record.state == .unknown && record.stateText == "ACCEPT" && !record.failed)
        #expect(decoded.summary.format == .vpcFlowLog && decoded.summary.refused.isEmpty)
    }

    @Test func aRefusedRecordIsAFailedConnection() throws {
        let record = try #require(Decoded(Samples.vpcDefault).records.last)
        #expect(record.tuple.destinationPort == 3389)
        #expect(record.state == .rejected && record.stateText == "REJECT" && record.failed)
    }

    @Test func windowsWithoutDataAndLostFlowsAreCountedApart() {
        let summary = Decoded(Samples.vpcDefault).summary
        #expect(summary.records == 2 && summary.otherStreams == ["vpc-nodata": 1, "vpc-skipdata": 1])
    }

    @Test func theHeaderOfTheDefaultFormatChangesNothing() {
        let headed = Decoded(Self.defaultHeader + "\n" + Samples.vpcDefault)
        #expect(headed.records == Decoded(Samples.vpcDefault).records && headed.records.count == 2)
        #expect(headed.summary.headersAndComments == 1)
    }

    @Test func theHeaderGivesTheOrder() throws {
        let names = Self.defaultHeader.split(separator: " ")
        let values = try #require(Samples.vpcDefault.split(separator: "\n").first).split(separator: " ")
        let plain = Decoded(Samples.vpcDefault).records.first
        for shift in names.indices {
            let order: [Int] = (Array(shift..<names.count) + Array(0..<shift)).reversed()
            let header = order.map { names[$0] }.joined(separator: " ")
            let decoded = Decoded(header + "\n" + order.map { values[$0] }.joined(separator: " "))
            #expect(decoded.records.count == 1 && decoded.records.first == plain, "shifted by \(shift)")
        }
    }

    /// "TCP flag sequence": 2 is the client's SYN, 18 the server's SYN-ACK, 3 and 19 the same with FIN.
    @Test(arguments: [("2", "18"), ("3", "19")])
    func theHandshakeTellsTheInitiator(request: String, answer: String) throws {
        let client = "198.51.100.42/43416"
        let server = "10.0.0.62/5001"
        let lines = [
            Self.flagsHeader, Self.flagsLine(client, server, flags: request),
            Self.flagsLine(server, client, flags: answer),
        ]
        let records = Decoded(lines.joined(separator: "\n")).records
        try #require(records.count == 2)
        for record in records {
            #expect(record.tuple.source == IPAddress("198.51.100.42") && record.tuple.sourcePort == 43416)
            #expect(record.tuple.destination == IPAddress("10.0.0.62") && record.tuple.destinationPort == 5001)
        }
        #expect(records.map(\.direction) == [.firstSYN, .asRecorded])
        let sent = FlowCounters(packets: 8, bytes: 568)
        #expect(records[0].initiator == sent && records[0].responder == FlowCounters())
        #expect(records[1].initiator == FlowCounters() && records[1].responder == sent)
        #expect(records[0].state == .unknown && records[1].state == .established)
    }

    @Test(arguments: ["0", "1", "4", "-"])
    func withoutSYNTheSenderStandsAsRecorded(flags: String) {
        for ports in [(5001, 9418), (43418, 5001), (43418, 50000)] {
            let line = Self.flagsLine("10.0.0.62/\(ports.0)", "10.0.0.9/\(ports.1)", flags: flags)
            let record = Decoded(Self.flagsHeader + "\n" + line).records.first
            #expect(record?.tuple.source == IPAddress("10.0.0.62") && record?.direction == .asRecorded)
        }
    }

    /// Linux gives initiators ports from 32768 on (`ip_local_port_range`): a packet to one of them, from a lower one, is an
    /// answer; one that was refused may be anything.
    @Test(arguments: ["0", "1", "4", "-"])
    func withoutSYNThePortsTellAnAnswer(flags: String) throws {
        let line = Self.flagsLine("10.0.0.62/5001", "10.0.0.9/43418", flags: flags)
        let record = try #require(Decoded(Self.flagsHeader + "\n" + line).records.first)
        #expect(record.tuple.source == IPAddress("10.0.0.9") && record.tuple.destinationPort == 5001)
        #expect(record.direction == .ports && record.state == .unknown)
        #expect(record.responder == FlowCounters(packets: 8, bytes: 568) && record.initiator == FlowCounters())
        let refused = Self.flagsLine("10.0.0.62/5001", "10.0.0.9/43418", flags: flags, action: "REJECT")
        let other = Decoded(Self.flagsHeader + "\n" + refused).records.first
        #expect(other?.tuple.source == IPAddress("10.0.0.62") && other?.direction == .asRecorded)
    }

    /// A server's port is seen with one client after the other, whatever its number.
    @Test func whereNumbersTellNothingTheSharedEndIsTheServers() throws {
        let server = "10.0.0.62/50051"
        let lines = (1...5).flatMap { number in
            let client = "10.0.1.\(number)/\(number < 4 ? 40000 + number : 58000)"
            let both = [Self.flagsLine(server, client, flags: "0"), Self.flagsLine(client, server, flags: "0")]
            return number == 2 ? both.reversed() : both
        }
        let records = Decoded(([Self.flagsHeader] + lines).joined(separator: "\n")).records
        try #require(records.count == 10)
        // Of the first nothing tells who began, but both directions are one connection.
        #expect(records.prefix(2).allSatisfy { $0.tuple.sourcePort == 50051 && $0.tuple.destinationPort == 40001 })
        #expect(records.prefix(2).map(\.direction) == [.asRecorded, .ports])
        #expect(records.dropFirst(2).allSatisfy { $0.tuple.destinationPort == 50051 })
    }

    /// An intruder who asks many from one port does not pass for the one whom they ask.
    @Test func aSweepFromOnePortIsNotTurned() {
        let lines = (1...5).flatMap { number in
            let (intruder, target) = ("10.0.0.66/5000", "10.0.1.\(number)/3306")
            return [Self.flagsLine(intruder, target, flags: "0"), Self.flagsLine(target, intruder, flags: "0")]
        }
        let records = Decoded(([Self.flagsHeader] + lines).joined(separator: "\n")).records
        #expect(records.count == 10 && records.allSatisfy { $0.tuple.source == IPAddress("10.0.0.66") })
    }

    /// Behind a translator initiators have any port above the system ports; NFS's ask from one of these.
    @Test(arguments: [("443", "1575", true), ("1575", "443", false), ("700", "2049", false), ("514", "514", false)])
    func aSystemPortIsAServers(source: String, destination: String, isAnswer: Bool) throws {
        let line = Self.flagsLine("10.0.0.62/\(source)", "10.0.0.9/\(destination)", flags: "0")
        let record = try #require(Decoded(Self.flagsHeader + "\n" + line).records.first)
        #expect(record.tuple.source == IPAddress(isAnswer ? "10.0.0.9" : "10.0.0.62"))
        #expect(record.direction == (isAnswer ? .ports : .asRecorded))
    }

    @Test func aRefusedAnswerIsTheInitiatorsFailure() {
        let line = Self.flagsLine("10.0.0.62/5001", "10.0.0.9/43418", flags: "18", action: "REJECT")
        let record = Decoded(Self.flagsHeader + "\n" + line).records.first
        #expect(record?.tuple.source == IPAddress("10.0.0.9") && record?.state == .rejected)
    }

    /// In AWS's version 5 example the server's answer is `ingress` at the client: the field is not who began.
    @Test func flowDirectionIsNotTheInitiator() {
        let records = Decoded(Samples.vpcCustom).records
        #expect(records.count == 2)
        #expect(records.allSatisfy { $0.tuple.source == IPAddress("10.1.0.71") && $0.tuple.destinationPort == 80 })
    }

    /// "Traffic through a NAT gateway": the packet's addresses are the instance's and the host's on the internet.
    @Test func behindATranslatorThePacketsAddressesCount() {
        let text = """
            instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr protocol
            - eni-1 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 1
            - eni-1 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5 1
            - eni-1 10.0.0.220 10.0.1.5 - - 1
            """
        let ends = Decoded(text).records.map { "\($0.tuple.source) \($0.tuple.destination)" }
        #expect(ends == ["10.0.1.5 203.0.113.5", "203.0.113.5 10.0.1.5", "10.0.0.220 10.0.1.5"])
    }

    @Test func theTwoBlanksOfAWSAreOne() {
        let line = Self.flagsLine("10.0.0.62/5001", "10.0.0.9/43638", flags: "19")
        let text = Self.flagsHeader + "\n" + line.replacing(" 43638 ", with: " 43638  ") + " \n"
        #expect(Decoded(text).records.first?.tuple.sourcePort == 43638)
    }

    @Test func pingsHaveNoPortsAndNoType() {
        let text = "2 1 eni-1 203.0.113.12 172.31.16.139 0 0 1 4 336 1788000027 1788000142 ACCEPT OK"
        let record = Decoded(text).records.first
        #expect(record?.tuple.proto == .icmp && record?.icmp == nil && record?.edge.service == .unspecified)
    }

    @Test func sixIsReadLikeFour() {
        let text = "2 1 eni-1 2001:db8::f105 2001:db8::4071 34892 22 6 54 8855 1788000008 1788000120 ACCEPT OK"
        #expect(Decoded(text).records.first?.tuple.destination == IPAddress("2001:db8::4071"))
    }

    /// Version 2 to 8 in one line (36 fields and more), with names that are not read or not known yet.
    @Test func fieldsOfLaterVersionsAreLetPass() {
        let later =
            "ecs-cluster-name ecs-cluster-arn ecs-container-instance-id ecs-container-instance-arn ecs-service-name "
            + "ecs-task-definition-arn ecs-task-id ecs-task-arn ecs-container-id ecs-second-container-id reject-reason "
            + "resource-id encryption-status a-field-of-tomorrow"
        let lines = Samples.vpcCustom.split(separator: "\n")
        let values = " -" + String(repeating: " x", count: later.split(separator: " ").count - 1)
        let text = "\(lines[0]) \(later)\n\(lines[1])\(values)\n\(lines[2])\(values)"
        #expect(later.split(separator: " ").count + lines[0].split(separator: " ").count > 36)
        #expect(Decoded(text).records == Decoded(Samples.vpcCustom).records)
    }

    @Test func aFormatWithoutTimesOrCountersSaysSo() {
        let record = Decoded("srcaddr dstaddr dstport srcport protocol\n10.0.0.1 10.0.0.2 53 4000 17").records.first
        #expect(record?.tuple.destinationPort == 53 && record?.start == nil && record?.end == nil)
        #expect(record?.initiator == FlowCounters() && record?.observationPoint == nil && record?.stateText == nil)
    }

    @Test func lineEndsAndAByteOrderMarkAreNotContent() {
        for text in [Samples.vpcDefault, Samples.vpcCustom] {
            let marked = "\u{FEFF}" + text.replacing("\n", with: "\r\n") + "\r\n"
            #expect(Decoded(marked).records == Decoded(text).records && Decoded(marked).summary.refused.isEmpty)
            #expect(Decoded(marked, chunk: 7).summary == Decoded(marked).summary)
        }
    }

    private static let good = "2 1 eni-1 10.0.0.1 10.0.0.2 4000 443 6 20 4249 1788000010 1788000070 ACCEPT OK"

    @Test(arguments: [
        ("no source", "10.0.0.1", "-", RefusalReason.missingField), ("no port", " 443 ", " - ", .missingField),
        ("no protocol", " 6 ", " - ", .missingField), ("bad source", "10.0.0.1", "10.0.0.256", .badAddress),
        ("two families", "10.0.0.2", "2001:db8::1", .mixedFamilies), ("port 65536", " 443 ", " 65536 ", .badPort),
        ("negative port", " 4000 ", " -1 ", .badPort), ("protocol 256", " 6 ", " 256 ", .badProtocol),
        ("protocol by name", " 6 ", " tcp ", .badProtocol),
        ("2⁶⁴ bytes", " 4249 ", " 18446744073709551616 ", .badNumber), ("no number", " 20 ", " 2O ", .badNumber),
        ("19 digits", "1788000070", "1788000070000000000", .badTime), ("end first", "1788000070", "1", .badTime),
        ("time with a point", "1788000070", "1788000070.5", .badTime), ("unknown action", "ACCEPT", "DROP", .badWord),
        ("unknown status", " OK", " ok", .badWord), ("a field too few", " OK", "", .wrongFieldCount),
        ("a field too many", " OK", " OK OK", .wrongFieldCount),
        ("no header", "2 1 eni-1", "5 eni-1 1", .noHeader),
    ])
    func badRecordsAreRefused(name: String, part: String, replacement: String, reason: RefusalReason) {
        let bad = Self.good.replacing(part, with: replacement)
        #expect(Decoded(Self.good).records.count == 1 && bad != Self.good)
        let alone = Decoded(bad)
        #expect(alone.refusal == reason, "\(name)")
        // And in the middle of others, with its place.
        let among = Decoded(Self.good + "\n" + bad + "\n" + Self.good + "\n")
        #expect(among.summary.records == 2 && among.summary.refused == [reason: 1], "\(name)")
        #expect(among.summary.firstPlaces[reason] == LinePlace(line: 2, offset: Self.good.utf8.count + 1), "\(name)")
    }

    @Test func hugeFlagsAreRefused() {
        let text = Self.flagsHeader + "\n" + Self.flagsLine("10.0.0.1/1", "10.0.0.2/2", flags: "65536") + "\n"
        #expect(Decoded(text).summary.refused == [.badNumber: 1])
    }

    @Test func aHeaderThatCannotBeRightHoldsForNothing() {
        let twice = Decoded(Self.defaultHeader + " srcaddr\n" + Self.good + "\n")
        #expect(twice.summary.refused == [.duplicateKey: 1, .noHeader: 1])
        let wide = Decoded("srcaddr dstaddr" + String(repeating: " ecs-x", count: 1023) + "\n" + Self.good + "\n")
        #expect(wide.summary.refused == [.badHeader: 1, .noHeader: 1])
    }

    @Test(arguments: [
        "the start of the end", "start end bytes", "srcaddr is a name for people in a long sentence", "Srcaddr dstaddr",
    ])
    func proseIsNoHeader(line: String) {
        #expect(Decoded(line + "\n").summary.refused == [.unknownFormat: 1])
    }

    @Test func aFileMayHoldSeveralFormats() {
        let text = [
            Samples.vpcCustom, Samples.conntrack, Samples.zeekJSON, Samples.zeekTSV, Self.defaultHeader, Self.good,
            Samples.zeekTSV,
        ].joined(separator: "\n")
        let decoded = Decoded(text)
        #expect(decoded.summary.refused.isEmpty && decoded.records.count == 2 + 1 + 1 + 2 + 1 + 2)
        #expect(decoded.summary.format == .vpcFlowLog)
    }

    @Test func aRecordSurvivesTheNormalisedForm() {
        for record in Decoded(Samples.vpcDefault).records + Decoded(Samples.vpcCustom).records {
            #expect(Decoded(record.json).records == [record])
        }
    }
}
