import FlowFormats
import Flows
import NetworkTypes
import Testing

@Suite struct ConntrackTests {
    private let observed = Instant(rawValue: 1_795_342_203_000_000_000)

    @Test func theDestinationIsTheOneAfterNAT() throws {
        let record = try #require(Decoded(Samples.conntrack, observedAt: observed).records.first)
        #expect(record.tuple.source == IPAddress("10.9.0.1") && record.tuple.sourcePort == 36972)
        #expect(record.tuple.destination == IPAddress("10.9.0.2") && record.tuple.destinationPort == 8080)
        #expect(record.originalDestination?.address == IPAddress("10.9.0.99"))
        #expect(record.originalDestination?.port == 80)
        #expect(record.initiator == FlowCounters(packets: 3, bytes: 164))
        #expect(record.responder == FlowCounters(packets: 2, bytes: 114))
        #expect(record.state == .established && record.stateText == "ESTABLISHED")
        #expect(record.direction == .conntrack)
        #expect(record.end == observed)
        #expect(record.start == Instant(rawValue: 1_795_342_202_000_000_000))  // delta-time=1
        #expect(record.stage == .alive(lifetime: 431_998))
    }

    @Test func sourceNATKeepsTheFirstSource() {
        let line = """
            udp      17 29 src=10.9.0.1 dst=192.0.2.1 sport=1111 dport=53 src=192.0.2.1 dst=198.51.100.7 sport=53 \
            dport=40000 [ASSURED] mark=0 use=1
            """
        let record = Decoded(line).records.first
        #expect(record?.tuple.source == IPAddress("10.9.0.1") && record?.tuple.sourcePort == 1111)
        #expect(record?.tuple.destination == IPAddress("192.0.2.1") && record?.originalDestination == nil)
        #expect(record?.start == nil && record?.end == nil)
        #expect(record?.initiator == FlowCounters())
    }

    @Test func aSYNWithoutAnswerIsAnAttempt() {
        let record = Decoded(Samples.conntrackExtended).records.first
        #expect(record?.state == .attempted && record?.stateText == "SYN_SENT" && record?.failed == true)
    }

    @Test func procWritesIPv6AddressesInFull() {
        let record = Decoded(Samples.conntrackProc).records.first
        #expect(record?.tuple.source == IPAddress("fd00::1") && record?.tuple.destination == IPAddress("fd00::2"))
        #expect(record?.tuple.destinationPort == 8080 && record?.originalDestination == nil)
    }

    @Test func protocolsWithoutPortsKeepTheirNumber() {
        let record = Decoded(Samples.conntrackUnknown).records.first
        #expect(record?.tuple.proto == IPProtocol(rawValue: 253) && record?.edge.service == .unspecified)
        #expect(record?.state == .attempted && record?.failed == false)
    }

    @Test func icmpCarriesTypeCodeAndIdentifier() {
        let record = Decoded(Samples.conntrackICMP).records.first
        #expect(record?.icmp == ICMPMessage(type: 8, code: 0) && record?.icmpIdentifier == 4660)
        let six = """
            ipv6     10 icmpv6   58 29 src=fd00::1 dst=fd00::2 type=128 code=0 id=7 src=fd00::2 dst=fd00::1 type=129 \
            code=0 id=7 mark=0 use=1
            """
        #expect(Decoded(six).records.first?.edge.service == .icmp(ICMPMessage(type: 128, code: 0)))
    }

    @Test func sctpHasPorts() {
        let line = """
            sctp     132 3 COOKIE_WAIT src=10.0.0.1 dst=10.0.0.2 sport=5000 dport=5001 [UNREPLIED] src=10.0.0.2 \
            dst=10.0.0.1 sport=5001 dport=5000 mark=0 zone=4 use=1
            """
        #expect(Decoded(line).records.first?.edge.service == .port(5001))
    }

    /// The kernel removes the entry at once when a reset is the only answer; observed on kernel 6.18.
    @Test func aDestroyedEntryOnResetWasRejected() {
        let record = Decoded(Samples.conntrackEvent).records.first
        #expect(record?.state == .rejected && record?.stage == .closed)
        #expect(record?.end == Instant(rawValue: 1_795_342_201_288_223_000))
        #expect(record?.start == Instant(rawValue: 1_795_342_199_288_223_000))
    }

    @Test(arguments: [
        ("    [NEW] ", FlowStage.opened(lifetime: 120)), (" [UPDATE] ", .alive(lifetime: 120)), ("[DESTROY] ", .closed),
    ])
    func eventsSayWhatBecameOfTheEntry(prefix: String, stage: FlowStage) {
        let line =
            "tcp      6 120 SYN_SENT src=10.9.0.1 dst=10.9.0.2 sport=1 dport=2 [UNREPLIED] "
            + "src=10.9.0.2 dst=10.9.0.1 sport=2 dport=1"
        #expect(Decoded(prefix + line).records.first?.stage == stage)
        #expect(Decoded(prefix + line).summary.format == .conntrack)
    }

    @Test(arguments: [
        ("10.9.0.99", "10.9.0.999", RefusalReason.badAddress), ("10.9.0.99", "fd00::1", .mixedFamilies),
        ("sport=36972", "sport=65536", .badPort), ("dport=80 ", "", .missingField),
        ("bytes=164", "bytes=x", .badNumber),
        ("packets=3", "packets=3 packets=4", .duplicateKey), ("src=10.9.0.2", "", .duplicateKey),
        ("src=10.9.0.2 dst=10.9.0.1 sport=8080 dport=36972 packets=2 bytes=114", "", .missingField),
        ("delta-time=1", "delta-time=99999999999999", .badTime), ("tcp      6", "tcp      256", .unknownFormat),
    ])
    func badFieldsAreRefusedByReason(part: String, replacement: String, reason: RefusalReason) {
        #expect(Samples.conntrack.contains(part))
        let line = Samples.conntrack.replacing(part, with: replacement, maxReplacements: 1) + "\n"
        #expect(Decoded(line, observedAt: observed).summary.refused == [reason: 1])
    }

    @Test func theToolsClosingCountIsAComment() {
        let decoded = Decoded("conntrack v1.4.7 (conntrack-tools): 7 flow entries have been shown.\n")
        #expect(decoded.summary.headersAndComments == 1 && decoded.summary.refused.isEmpty)
    }
}
