import FlowFormats
import Flows
import NetworkTypes
import Testing

/// Captures are written byte by byte; what they hold follows from the protocols' own specifications.
@Suite struct CaptureTests {
    struct Read {
        var flows: [FlowRecord] = []
        var summary = CaptureSummary()

        init(_ bytes: [UInt8], pieces: Int = 1 << 16) {
            var reader = CaptureReader()
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(pieces))
                rest = rest.dropFirst(pieces)
                piece.withUnsafeBytes { reader.feed($0) { flows.append($0) } }
            }
            reader.finish { flows.append($0) }
            summary = reader.summary
        }

        /// `10.0.0.1:40000 > 10.0.0.2:443 established`, a line for each flow.
        var lines: [String] {
            flows.map { flow in
                let tuple = flow.tuple
                return
                    "\(tuple.source):\(tuple.sourcePort) > \(tuple.destination):\(tuple.destinationPort) \(flow.state)"
            }
        }
    }

    private static func frames(_ packets: [[UInt8]]) -> [(seconds: Int, frame: [UInt8])] {
        packets.enumerated().map { (100 + $0.offset, Packets.ethernet($0.element)) }
    }

    private static let handshake = frames([
        Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn)),
        Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.syn | Packets.ack)),
        Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.ack)),
    ])

    /// A whole file, typed in: one UDP packet from 192.0.2.1:1024 to 192.0.2.2:53 at 1 s and 2 µs.
    @Test func aFileTypedInByHandIsRead() throws {
        let bytes: [UInt8] = [
            0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 1, 0, 0, 0,
            1, 0, 0, 0, 2, 0, 0, 0, 42, 0, 0, 0, 42, 0, 0, 0,
            2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00,
            0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
            4, 0, 0, 53, 0, 8, 0, 0,
        ]
        let read = Read(bytes)
        #expect(read.lines == ["192.0.2.1:1024 > 192.0.2.2:53 attempted"])
        let flow = try #require(read.flows.first)
        #expect(flow.start == Instant(rawValue: 1_000_002_000) && flow.end == flow.start)
        #expect(flow.tuple.proto == .udp && flow.direction == .asRecorded)
        #expect(flow.initiator == FlowCounters(packets: 1, bytes: 28))
        #expect(flow.responder == FlowCounters(packets: 0, bytes: 0))
        #expect(read.summary.read == 1 && read.summary.format == .pcap && !read.summary.isPartial)
    }

    @Test(arguments: [false, true], [false, true])
    func bothByteOrdersAndBothResolutionsSayTheSame(isBig: Bool, isNano: Bool) throws {
        let bytes = Packets.pcap(Self.handshake, isBig: isBig, isNano: isNano)
        #expect(CaptureReader.recognises(bytes))
        let read = Read(bytes)
        #expect(read.lines == ["10.0.0.1:40000 > 10.0.0.2:443 established"])
        let flow = try #require(read.flows.first)
        #expect(flow.start == Instant(rawValue: 100_000_000_000 + (isNano ? 7 : 7000)))
        #expect(flow.end == Instant(rawValue: 102_000_000_000 + (isNano ? 7 : 7000)))
        #expect(flow.initiator == FlowCounters(packets: 2, bytes: 80))
        #expect(flow.responder == FlowCounters(packets: 1, bytes: 40))
        #expect(flow.direction == .firstSYN)
    }

    @Test(arguments: [1, 3, 17, 60])
    func piecesOfAnySizeSayTheSame(size: Int) {
        let bytes = Packets.pcap(Self.handshake)
        #expect(Read(bytes, pieces: size).flows == Read(bytes).flows)
    }

    @Test func theAnswerAloneTellsWhoMayHaveBegun() {
        let read = Read(Packets.pcap(Array(Self.handshake.dropFirst())))
        #expect(read.lines == ["10.0.0.1:40000 > 10.0.0.2:443 established"])
        #expect(read.flows.map(\.direction) == [.asRecorded])
    }

    @Test func withoutAHandshakeThePortsTellAndItIsSaid() {
        let read = Read(
            Packets.pcap(
                Self.frames([
                    Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.ack)),
                    Packets.ipv4(3, 2, proto: 6, Packets.tcp(9000, 443, Packets.ack)),
                ])))
        #expect(
            read.lines == ["10.0.0.1:40000 > 10.0.0.2:443 established", "10.0.0.3:9000 > 10.0.0.2:443 unknown"])
        #expect(read.flows.map(\.direction) == [.ports, .asRecorded])
    }

    @Test func aResetIsARefusalOnlyAsTheFirstAnswer() {
        let refused = Self.frames([
            Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 23, Packets.syn)),
            Packets.ipv4(2, 1, proto: 6, Packets.tcp(23, 40000, Packets.rst | Packets.ack)),
        ])
        #expect(Read(Packets.pcap(refused)).lines == ["10.0.0.1:40000 > 10.0.0.2:23 rejected"])
        let reset =
            Self.handshake + [
                (104, Packets.ethernet(Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.rst))))
            ]
        #expect(Read(Packets.pcap(reset)).lines == ["10.0.0.1:40000 > 10.0.0.2:443 established"])
    }

    @Test func aPortUsedAgainIsAnotherConnection() {
        let ends = Self.frames([
            Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.fin | Packets.ack)),
            Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.fin | Packets.ack)),
        ])
        #expect(Read(Packets.pcap(Self.handshake + ends + Self.handshake)).flows.count == 2)
        // The same SYN again is a repetition.
        #expect(Read(Packets.pcap(Self.handshake.prefix(1) + Self.handshake)).flows.count == 1)
    }

    /// The end of an old connection, then a new one between the same ports; the ports alone would turn both round.
    @Test func aSYNBehindOtherPacketsBeginsAFlow() {
        let old = Self.frames([
            Packets.ipv4(1, 2, proto: 6, Packets.tcp(443, 40000, Packets.ack)),
            Packets.ipv4(2, 1, proto: 6, Packets.tcp(40000, 443, Packets.ack)),
        ])
        let new = Self.frames([
            Packets.ipv4(1, 2, proto: 6, Packets.tcp(443, 40000, Packets.syn)),
            Packets.ipv4(2, 1, proto: 6, Packets.tcp(40000, 443, Packets.syn | Packets.ack)),
        ])
        let read = Read(Packets.pcap(old + new.map { ($0.seconds + 10, $0.frame) }))
        #expect(
            read.lines == ["10.0.0.2:40000 > 10.0.0.1:443 established", "10.0.0.1:443 > 10.0.0.2:40000 established"])
        #expect(read.flows.map(\.direction) == [.ports, .firstSYN])
    }

    /// The capture lost the SYN, or holds it behind its answer's acknowledgement.
    @Test func aGrantedSYNTurnsAFlowRound() throws {
        let read = Read(
            Packets.pcap(
                Self.frames([
                    Packets.ipv4(1, 2, proto: 6, Packets.tcp(443, 40000, Packets.ack)),
                    Packets.ipv4(2, 1, proto: 6, Packets.tcp(40000, 443, Packets.syn | Packets.ack)),
                    Packets.ipv4(1, 2, proto: 6, Packets.tcp(443, 40000, Packets.ack)),
                ])))
        #expect(read.lines == ["10.0.0.1:443 > 10.0.0.2:40000 established"])
        let flow = try #require(read.flows.first)
        #expect(flow.direction == .asRecorded)
        #expect(flow.initiator.packets == 2 && flow.responder.packets == 1)
    }

    /// Anybody can send an answer from any port of theirs.
    @Test func anAnswerThatNobodyAskedForProvesNothing() {
        let granted = Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.syn | Packets.ack))
        let refused = Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.rst))
        let echo = Packets.ipv4(2, 1, proto: 1, [0, 0, 0, 0, 0, 7, 0, 1])
        let begun = Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.ack))
        for packets in [[granted], [granted, refused], [granted, granted], [begun, refused, granted], [echo]] {
            let flows = Read(Packets.pcap(Self.frames(packets))).flows
            #expect(flows.map(\.tuple.source) == [IPAddress("10.0.0.1")])
            #expect(flows.map(\.direction) == [.asRecorded])
            #expect(flows.map(\.state) == [.unknown])
        }
    }

    /// An intruder's SYN/ACK before the SYN does not turn the intrusion round, nor does the refusal of it hide it.
    @Test func whoGrantsBeforeAskingHasAsked() throws {
        let read = Read(
            Packets.pcap(
                Self.frames([
                    Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn | Packets.ack)),
                    Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn, sequence: 1)),
                    Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.rst)),
                    Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.syn | Packets.ack)),
                    Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.ack)),
                ])))
        let flow = try #require(read.flows.first { $0.state == .established })
        #expect(flow.tuple.source == IPAddress("10.0.0.1") && flow.tuple.destinationPort == 443)
        #expect(flow.direction == .firstSYN)
        #expect(read.flows.filter { $0.direction == .firstSYN }.count == 1)
    }

    /// The capture began inside an intruder's connection, or it was idle for long; a live host answers his SYN/ACK.
    @Test(arguments: [0, 5000]) func aSYNACKInsideAConnectionTurnsNothing(pause: Int) {
        let inside = Self.frames([
            Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.ack)),
            Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.ack)),
            Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn | Packets.ack)),
            Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.ack)),
        ])
        let packets =
            pause == 0 ? inside : Self.handshake + inside.suffix(2).map { ($0.seconds + pause, $0.frame) }
        let flows = Read(Packets.pcap(packets)).flows
        #expect(Set(flows.map(\.tuple.source)) == [IPAddress("10.0.0.1")])
        #expect(flows.map(\.direction) == (pause == 0 ? [.asRecorded] : [.firstSYN, .firstSYN]))
    }

    /// Whoever runs a connection can grant it with the very numbers that the challenge ACK (RFC 5961 §4) acknowledges.
    @Test func aSYNACKWithoutASYNIsNoProof() {
        let ask = Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.ack))
        let grant = Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.syn | Packets.ack))
        for packets in [[grant, ask], [ask, grant, ask], [grant, grant, ask]] {
            let flows = Read(Packets.pcap(Self.frames(packets))).flows
            #expect(flows.map(\.tuple.source) == [IPAddress("10.0.0.1")])
            #expect(flows.map(\.direction) == [.asRecorded])
            #expect(flows.map(\.state) == [.established])
        }
        // A capture that holds the packets in disorder has the proof.
        let syn = Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn))
        #expect(Read(Packets.pcap(Self.frames([grant, syn, ask]))).flows.map(\.direction) == [.firstSYN])
    }

    @Test func aSYNBehindItsSendersFINBeginsAFlow() {
        let fin = Self.frames([Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.fin | Packets.ack))])
        #expect(Read(Packets.pcap(Self.handshake + fin + Self.handshake)).flows.count == 2)
    }

    @Test func aPacketFromLongBeforeIsAnotherFlows() {
        let packet = Packets.ethernet(Packets.ipv4(1, 2, proto: 17, Packets.udp(5000, 53)))
        let flows = Read(Packets.pcap([(90_000, packet), (3_600, packet), (3_610, packet)])).flows
        #expect(flows.map(\.initiator.packets) == [1, 2])
        #expect(flows.map { ($0.end?.rawValue ?? 0) - ($0.start?.rawValue ?? 0) } == [0, 10_000_000_000])
        // A little disorder is every capture's.
        #expect(Read(Packets.pcap([(90_000, packet), (89_990, packet)])).flows.count == 1)
    }

    @Test func flowsOfOneTupleAndInstantAreToldApart() {
        let rst = Packets.ethernet(Packets.ipv4(2, 1, proto: 6, Packets.tcp(443, 40000, Packets.rst)))
        func uids(_ sequences: [Int]) -> [String?] {
            let packets = sequences.flatMap { sequence in
                let syn = Packets.tcp(40000, 443, Packets.syn, sequence: sequence)
                return [(100, Packets.ethernet(Packets.ipv4(1, 2, proto: 6, syn))), (100, rst)]
            }
            return Read(Packets.pcap(packets)).flows.map(\.uid)
        }
        #expect(uids([7, 8, 1 << 31]).count == 3)
        #expect(Set(uids([7, 8, 1 << 31])).count == 3)
        // Captures one behind the other that hold the same packets.
        #expect(uids([7, 8, 7, 7]).count == 4)
        #expect(Set(uids([7, 8, 7, 7])).count == 2)
    }

    @Test func flowsOfOneInstantComeInOrder() {
        let identifiers = (1...200).map { UInt16(($0 * 7919) % 60_000) }
        let packets = identifiers.map { id in
            (100, Packets.ethernet(Packets.ipv4(1, 2, proto: 1, [8, 0, 0, 0, UInt8(id >> 8), UInt8(id & 255), 0, 1])))
        }
        #expect(Read(Packets.pcap(packets)).flows.map(\.icmpIdentifier) == identifiers.sorted())
    }

    @Test(arguments: [500, 5000])
    func aConnectionThatWasIdleKeepsWhoBeganIt(pause: Int) {
        // Server and client have ports that say the contrary.
        let opening = Self.frames([
            Packets.ipv4(1, 2, proto: 6, Packets.tcp(443, 40000, Packets.syn)),
            Packets.ipv4(2, 1, proto: 6, Packets.tcp(40000, 443, Packets.syn | Packets.ack)),
        ])
        let later = (
            opening[0].seconds + pause,
            Packets.ethernet(Packets.ipv4(2, 1, proto: 6, Packets.tcp(40000, 443, Packets.ack)))
        )
        // Another host's packet makes the table look for idle flows.
        let between = (later.0 - 30, Packets.ethernet(Packets.ipv4(3, 2, proto: 17, Packets.udp(5000, 53))))
        for packets in [opening + [later], opening + [between, later]] {
            let flows = Read(Packets.pcap(packets)).flows.filter { $0.tuple.proto == .tcp }
            #expect(flows.map { $0.tuple.source } == [IPAddress("10.0.0.1"), IPAddress("10.0.0.1")])
            #expect(flows.map(\.direction) == [.firstSYN, .firstSYN])
            #expect(flows.map(\.state) == [.established, .established])
        }
    }

    @Test func pingsOfOneMomentAreTwoFlows() {
        let packets = [1, 2].map { id in
            (100, Packets.ethernet(Packets.ipv4(1, 2, proto: 1, [8, 0, 0, 0, 0, UInt8(id), 0, 1])))
        }
        let flows = Read(Packets.pcap(packets)).flows
        #expect(flows.count == 2 && Set(flows.map(\.uid)).count == 2)
    }

    @Test func idleFlowsEnd() {
        let query = Packets.ethernet(Packets.ipv4(1, 2, proto: 17, Packets.udp(5000, 53)))
        #expect(Read(Packets.pcap([(100, query), (159, query)])).flows.count == 1)
        #expect(Read(Packets.pcap([(100, query), (161, query)])).flows.count == 2)
        let segment = Packets.ethernet(Packets.ipv4(1, 2, proto: 6, Packets.tcp(5000, 80, Packets.ack)))
        #expect(Read(Packets.pcap([(100, segment), (399, segment)])).flows.count == 1)
        #expect(Read(Packets.pcap([(100, segment), (401, segment)])).flows.count == 2)
    }

    @Test func echoAndItsAnswerAreOneFlow() throws {
        func echo(_ type: UInt8) -> [UInt8] { [type, 0, 0, 0, 0x12, 0x34, 0, 1] }
        let read = Read(
            Packets.pcap(
                Self.frames([Packets.ipv4(1, 2, proto: 1, echo(8)), Packets.ipv4(2, 1, proto: 1, echo(0))])))
        let flow = try #require(read.flows.first)
        #expect(read.flows.count == 1 && flow.state == .established)
        #expect(flow.icmp == ICMPMessage(type: 8, code: 0) && flow.icmpIdentifier == 0x1234)
        #expect(flow.tuple.source == IPAddress("10.0.0.1"))
        let error = Read(Packets.pcap(Self.frames([Packets.ipv4(2, 1, proto: 1, [3, 3, 0, 0, 0, 0, 0, 0])])))
        #expect(error.flows.map(\.icmp) == [ICMPMessage(type: 3, code: 3)])
    }

    @Test func icmpOfTheOtherFamilyIsNoFlow() {
        let packets = [
            Packets.ethernet(Packets.ipv4(1, 2, proto: 58, [128, 0, 0, 0, 0, 1, 0, 1])),
            Packets.ethernet(Packets.ipv6(1, 2, next: 1, [8, 0, 0, 0, 0, 1, 0, 1]), type: 0x86DD),
        ]
        let read = Read(Packets.pcap(packets.map { (100, $0) }))
        #expect(read.flows.isEmpty && read.summary.others == 2)
    }

    @Test func addressesThatStandForIPv4AreNoneOnAWire() {
        var packet = Packets.ipv6(1, 2, next: 6, Packets.tcp(40000, 443, Packets.syn))
        packet.replaceSubrange(8..<24, with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 10, 0, 0, 1])
        let read = Read(Packets.pcap([(100, Packets.ethernet(packet, type: 0x86DD))]))
        #expect(read.flows.isEmpty && read.summary.others == 1)
    }

    @Test func tagsAndIPv6HeadersAreWalked() {
        let segment = Packets.tcp(40000, 443, Packets.syn)
        // Hop-by-hop options of 8 bytes, a first fragment, authentication of 24 bytes, then TCP.
        let headers: [UInt8] =
            [44, 0, 0, 0, 0, 0, 0, 0] + [51, 0, 0, 1, 0, 0, 0, 9] + [6, 4] + [UInt8](repeating: 0, count: 22)
        let packets = [
            Packets.ethernet(Packets.ipv4(1, 2, proto: 6, segment), tags: [0x88A8, 0x8100]),
            Packets.ethernet(Packets.ipv6(1, 2, next: 0, headers + segment), type: 0x86DD),
        ]
        let read = Read(Packets.pcap(packets.map { (100, $0) }))
        #expect(
            Set(read.lines) == ["10.0.0.1:40000 > 10.0.0.2:443 attempted", "fd00::1:40000 > fd00::2:443 attempted"])
    }

    @Test func fragmentsOthersAndShortPacketsAreCounted() {
        let packets = [
            Packets.ethernet(Packets.ipv4(1, 2, proto: 17, fragment: 0x2000, Packets.udp(5000, 53))),
            Packets.ethernet(Packets.ipv4(1, 2, proto: 17, fragment: 185, [1, 2, 3, 4])),
            Packets.ethernet([0, 1], type: 0x0806),
            Array(Packets.ethernet(Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn))).prefix(40)),
        ]
        let read = Read(Packets.pcap(packets.map { (100, $0) }))
        let summary = read.summary
        #expect((summary.read, summary.fragments, summary.others, summary.cut) == (1, 1, 1, 1))
        #expect(summary.isPartial)
    }

    @Test(arguments: [(101, 0), (228, 0), (113, 16), (276, 20), (0, 4), (108, 4)])
    func otherLinkLayersAreRead(link: Int, header: Int) {
        let packet = Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn))
        var head = [UInt8](repeating: 0, count: header)
        if link == 113 { head.replaceSubrange(14..<16, with: [8, 0]) }
        if link == 276 { head.replaceSubrange(0..<2, with: [8, 0]) }
        let read = Read(Packets.pcap([(100, head + packet)], link: link))
        #expect(read.lines == ["10.0.0.1:40000 > 10.0.0.2:443 attempted"])
    }

    @Test func anUnknownLinkLayerIsSaid() {
        let read = Read(Packets.pcap(Self.handshake, link: 127))
        #expect(read.flows.isEmpty && read.summary.unknownLinks == [127] && read.summary.others == 3)
        #expect(read.summary.isPartial)
    }

    /// The same packet in a session of PPPoE, behind PPP's own framing, and under two labels of MPLS.
    @Test func encapsulationsOfTheLineAreTakenOff() {
        let packet = Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn))
        let session: [UInt8] = [0x11, 0, 0, 1, 0, UInt8(packet.count + 2), 0, 0x21]
        let labels: [UInt8] = [0, 1, 0, 64, 0, 2, 1, 64]
        for (frame, link) in [
            (Packets.ethernet(session + packet, type: 0x8864), 1), (Packets.ethernet(labels + packet, type: 0x8847), 1),
            ([0xFF, 3, 0, 0x21] + packet, 9), ([0, 0x21] + packet, 9),
        ] {
            #expect(Read(Packets.pcap([(100, frame)], link: link)).lines == ["10.0.0.1:40000 > 10.0.0.2:443 attempted"])
        }
    }

    /// MACsec, Ethernet under a label of MPLS, labels without end, tags without end, and compressed PPP.
    @Test func whatMayHoldIPAllTheSameIsSaid() {
        let word: [UInt8] = [0, 1, 1, 64, 0, 0, 0, 0]
        let frames = [
            Packets.ethernet([0, 0], type: 0x88E5), Packets.ethernet(word, type: 0x8847),
            Packets.ethernet([UInt8](repeating: 0, count: 100), type: 0x8848),
            Packets.ethernet([0, 0], tags: [0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100]),
            Packets.ethernet([0x11, 0, 0, 1, 0, 4, 0, 0xFD, 0, 0], type: 0x8864),
        ]
        let read = Read(Packets.pcap(frames.map { (100, $0) }))
        #expect(read.summary.encapsulated == 5 && read.flows.isEmpty && read.summary.isPartial)
        let control = Read(
            Packets.pcap([(100, Packets.ethernet([0x11, 0, 0, 1, 0, 4, 0xC0, 0x21, 1, 1], type: 0x8864))]))
        #expect(control.summary.others == 1 && !control.summary.isPartial)
    }

    // MARK: The newer form

    /// Clocks three centuries before and after 1970 (if_tsoffset ±9,000,000,000): their distance is more than an integer holds.
    @Test func timesAsFarApartAsTheyCanBeDoNotTrap() {
        func interface(_ seconds: Int64) -> [UInt8] {
            Packets.interface(
                options: [14, 0, 8, 0] + withUnsafeBytes(of: seconds.littleEndian, Array.init) + [0, 0, 0, 0])
        }
        let frame = Packets.ethernet(Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.ack)))
        let bytes = Packets.section() + interface(-9_000_000_000) + interface(9_000_000_000)
        for order in [[0, 1], [1, 0], [0, 1, 0]] {
            let read = Read(bytes + order.flatMap { Packets.enhanced(1, on: $0, frame) })
            #expect(read.summary.read == order.count && read.summary.fault == nil)
        }
    }

    @Test func interfacesHaveTheirOwnClocks() throws {
        let frame = Packets.ethernet(Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn)))
        // if_tsresol 9, if_tsoffset 1000: nanoseconds from second 1000.
        let options: [UInt8] = [9, 0, 1, 0, 9, 0, 0, 0, 14, 0, 8, 0, 0xE8, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        // if_tsresol 0x83: eighths of a second.
        let eighths: [UInt8] = [9, 0, 1, 0, 0x83, 0, 0, 0]
        let raw = Packets.ipv4(3, 2, proto: 17, Packets.udp(5000, 53))
        let bytes =
            Packets.section() + Packets.interface(options: options) + Packets.interface(link: 101, options: eighths)
            + Packets.interface() + Packets.enhanced(5, frame) + Packets.enhanced(4, on: 1, raw)
            + Packets.enhanced(3_000_000, on: 2, Packets.ethernet(Packets.ipv4(4, 2, proto: 17, Packets.udp(5000, 53))))
        let read = Read(bytes)
        let starts = Dictionary(uniqueKeysWithValues: read.flows.map { ("\($0.tuple.source)", $0.start?.rawValue) })
        #expect(starts == ["10.0.0.1": 1_000_000_000_005, "10.0.0.3": 500_000_000, "10.0.0.4": 3_000_000_000])
        #expect(read.summary.format == .pcapng && read.summary.read == 3 && read.summary.fault == nil)
    }

    @Test func sectionsAndUnknownBlocksFollowOneAnother() {
        let frame = Packets.ethernet(Packets.ipv4(1, 2, proto: 6, Packets.tcp(40000, 443, Packets.syn)))
        let second = Packets.section(isBig: true) + Packets.block(0x0BAD, [1, 2, 3], isBig: true)
        let bytes =
            Packets.section() + Packets.interface() + Packets.enhanced(1, frame) + Packets.block(3, [9, 0, 0, 0])
            + second
        let read = Read(bytes)
        #expect(read.flows.count == 1 && read.summary.untimed == 1 && read.summary.fault == nil)
        #expect(read.summary.isPartial)
    }

    // MARK: Broken files

    @Test func aCutFileKeepsWhatCameBefore() {
        let bytes = Packets.pcap(Self.handshake)
        let read = Read(Array(bytes.dropLast(5)))
        // 24 bytes of header and two packets of 16 + 54.
        #expect(read.summary.fault == .cut(offset: 164) && read.summary.read == 2)
        #expect(read.lines == ["10.0.0.1:40000 > 10.0.0.2:443 established"])
    }

    @Test func damageIsToldWithItsPlaceAndNothingTraps() {
        var hugePacket = Packets.pcap(Self.handshake)
        hugePacket.replaceSubrange(24 + 8..<24 + 12, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(Read(hugePacket).summary.fault == .damaged(offset: 24))
        var length = Packets.section() + Packets.interface()
        length[length.count - 4] ^= 1
        #expect(Read(length).summary.fault == .damaged(offset: 28))
        let unknownInterface = Packets.section() + Packets.enhanced(1, [])
        #expect(Read(unknownInterface).summary.fault == .damaged(offset: 28))
        for index in 0..<200 {
            var bytes = Packets.section() + Packets.interface() + Packets.enhanced(1, Self.handshake[0].frame)
            bytes[index % bytes.count] = UInt8(truncatingIfNeeded: index &* 97)
            _ = Read(bytes, pieces: 5)
        }
    }

    // MARK: Names

    /// A DNS answer: `db.example` is an alias of `a.example`, whose address is 10.0.0.9; the names point backwards.
    private static let answer: [UInt8] =
        [0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0]
        + [2, 0x64, 0x62, 7, 0x65, 0x78, 0x61, 0x6D, 0x70, 0x6C, 0x65, 0, 0, 1, 0, 1]
        + [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 0x61, 0xC0, 15]
        + [0xC0, 40, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 9]

    @Test func answersNameAddresses() {
        let packet = Packets.ipv4(2, 1, proto: 17, Packets.udp(53, 40000, Self.answer))
        let read = Read(Packets.pcap(Self.frames([packet])))
        #expect(read.summary.names == [IPAddress(.ipv4, bits: 0x0A00_0009): "db.example"])
    }

    @Test func namesThatPointForwardOrHoldControlCharactersAreLeft() {
        var loop = Self.answer
        loop.replaceSubrange(12..<14, with: [0xC0, 12])
        var control = Self.answer
        control[13] = 0x1B
        for message in [loop, control] {
            let packet = Packets.ipv4(2, 1, proto: 17, Packets.udp(53, 40000, message))
            #expect(Read(Packets.pcap(Self.frames([packet]))).summary.names.isEmpty)
        }
    }
}
