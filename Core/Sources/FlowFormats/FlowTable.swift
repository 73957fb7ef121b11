import Flows
import NetworkTypes

/// Packets gathered into flows.
struct FlowTable {
    private(set) var summary = CaptureSummary()

    /// Both directions of a conversation have one key: the lesser end first.
    private struct Key: Hashable {
        let proto: IPProtocol
        let first: FlowEndpoint
        let second: FlowEndpoint
        /// Type and code of a message that has no answer, such as an error.
        let message: ICMPMessage?
    }

    private struct Entry {
        var record: FlowRecord
        var last: Instant
        /// Which ends of a TCP connection have sent FIN.
        var finished: (initiator: Bool, responder: Bool) = (false, false)
        var isClosed = false
    }

    /// Idle time after which a packet of the same tuple is another flow's: `tcp_inactivity_timeout`,
    /// `udp_inactivity_timeout` and `icmp_inactivity_timeout` of Zeek's base/init-bare.
    private static func idle(_ proto: IPProtocol) -> Int64 {
        (proto == .tcp || proto == .sctp ? 300 : 60) * 1_000_000_000
    }

    private var entries: [Key: Entry] = [:]
    private var ended: [FlowRecord] = []
    /// When idle flows were last looked for.
    private var swept: Instant?

    mutating func takeEnded() -> [FlowRecord] {
        guard !ended.isEmpty else { return [] }
        defer { ended = [] }
        return ended
    }

    mutating func endAll() {
        end(Array(entries.keys))
        entries = [:]
    }

    mutating func fail(_ fault: CaptureSummary.Fault) {
        if summary.fault == nil { summary.fault = fault }
    }

    mutating func recognise(_ format: FlowFormat) { summary.format = format }

    mutating func countOther() { summary.others += 1 }

    /// Ends flows in order of their beginning, so that equal captures give equal answers.
    private mutating func end(_ keys: [Key]) {
        let records = keys.compactMap { entries.removeValue(forKey: $0)?.record }
        ended += records.sorted { a, b in
            if a.start != b.start { return (a.start ?? .init(rawValue: 0)) < (b.start ?? .init(rawValue: 0)) }
            if a.edge != b.edge { return a.edge < b.edge }
            return a.tuple.sourcePort < b.tuple.sourcePort
        }
    }

    // MARK: Link and network

    mutating func read(_ frame: PacketBytes, link: UInt16, at time: Instant) {
        sweep(time)
        switch link {
        case 1: ethernet(frame, 12, time)
        case 12, 14, 101, 228, 229: network(frame, time)
        // Linux cooked captures, versions 1 and 2: the protocol, then the packet.
        case 113: typed(frame.u16(14), frame.from(16), time)
        case 276: typed(frame.u16(0), frame.from(20), time)
        // A number for the family in somebody's byte order; the packet tells it itself.
        case 0, 108: frame.from(4).map { network($0, time) } ?? countCut()
        default:
            summary.others += 1
            if summary.unknownLinks.count < 16 { summary.unknownLinks.insert(link) }
        }
    }

    private mutating func countCut() { summary.cut += 1 }

    private mutating func ethernet(_ frame: PacketBytes, _ start: Int, _ time: Instant) {
        var place = start
        for _ in 0...CaptureLimits.tags {
            guard let type = frame.u16(place) else { return countCut() }
            // 802.1Q, 802.1ad and what came before it.
            guard type == 0x8100 || type == 0x88A8 || type == 0x9100 else {
                return typed(type, frame.from(place + 2), time)
            }
            place += 4
        }
        summary.others += 1
    }

    private mutating func typed(_ type: UInt16?, _ packet: PacketBytes?, _ time: Instant) {
        guard let type, let packet else { return countCut() }
        if type == 0x8100 { return ethernet(packet, 2, time) }
        guard type == 0x0800 || type == 0x86DD else {
            summary.others += 1
            return
        }
        network(packet, time)
    }

    private mutating func network(_ packet: PacketBytes, _ time: Instant) {
        switch packet.u8(0).map({ $0 >> 4 }) {
        case 4: ipv4(packet, time)
        case 6: ipv6(packet, time)
        case nil: countCut()
        default: summary.others += 1
        }
    }

    private mutating func ipv4(_ packet: PacketBytes, _ time: Instant) {
        guard let first = packet.u8(0), let length = packet.u16(2), let fragment = packet.u16(6),
            let proto = packet.u8(9),
            let source = packet.address(12, .ipv4), let destination = packet.address(16, .ipv4), first & 0x0F >= 5
        else { return countCut() }
        if fragment & 0x1FFF != 0 {
            summary.fragments += 1
            return
        }
        let header = Int(first & 0x0F) * 4
        // Offloading hosts hand over packets whose length is still 0.
        let total = length == 0 ? packet.count : Int(length)
        transport(packet.from(header), IPProtocol(rawValue: proto), source, destination, bytes: total, header, time)
    }

    private mutating func ipv6(_ packet: PacketBytes, _ time: Instant) {
        guard let length = packet.u16(4), var next = packet.u8(6), let source = packet.address(8, .ipv6),
            let destination = packet.address(24, .ipv6)
        else { return countCut() }
        // Addresses that stand for IPv4 ones inside a host are none on a wire (RFC 4291 §2.5.5.2); they read as IPv4.
        guard source.family == .ipv6, destination.family == .ipv6 else {
            summary.others += 1
            return
        }
        var place = 40
        for _ in 0..<CaptureLimits.extensionHeaders {
            switch next {
            // Hop-by-hop, routing, destination options; authentication counts in other units (RFC 4302 §2.2).
            case 0, 43, 60, 51:
                guard let after = packet.u8(place), let size = packet.u8(place + 1) else { return countCut() }
                place += next == 51 ? (Int(size) + 2) * 4 : (Int(size) + 1) * 8
                next = after
            case 44:
                guard let after = packet.u8(place), let offset = packet.u16(place + 2) else { return countCut() }
                if offset & 0xFFF8 != 0 {
                    summary.fragments += 1
                    return
                }
                place += 8
                next = after
            default:
                return transport(
                    packet.from(place), IPProtocol(rawValue: next), source, destination, bytes: 40 + Int(length), place,
                    time)
            }
        }
        summary.others += 1
    }

    // MARK: Transport

    /// What a packet says of its flow.
    private struct Packet {
        var source: FlowEndpoint
        var destination: FlowEndpoint
        var proto: IPProtocol
        var bytes: Int
        var time: Instant
        var flags: UInt8 = 0
        var icmp: ICMPMessage?
        var identifier: UInt16?
        /// Whether it answers a query (RFC 792, RFC 4443).
        var isAnswer = false
        /// A message that stands alone.
        var isAlone = false

        static let fin: UInt8 = 1
        static let syn: UInt8 = 2
        static let rst: UInt8 = 4
        static let ack: UInt8 = 16

        func has(_ flag: UInt8) -> Bool { flags & flag != 0 }
    }

    private mutating func transport(
        _ segment: PacketBytes?, _ proto: IPProtocol, _ source: IPAddress, _ destination: IPAddress, bytes: Int,
        _ header: Int,
        _ time: Instant
    ) {
        guard let segment else { return countCut() }
        // ICMP of the other family is nothing that a host would take (RFC 4443 §1).
        guard !proto.isICMP || (proto == .icmp) == (source.family == .ipv4) else {
            summary.others += 1
            return
        }
        var packet = Packet(
            source: FlowEndpoint(address: source, port: 0), destination: FlowEndpoint(address: destination, port: 0),
            proto: proto, bytes: bytes, time: time)
        if proto.hasPorts {
            guard let from = segment.u16(0), let to = segment.u16(2) else { return countCut() }
            (packet.source.port, packet.destination.port) = (from, to)
            if proto == .tcp {
                guard let flags = segment.u8(13) else { return countCut() }
                packet.flags = flags
            }
            if proto == .udp, from == 53, let message = segment.from(8) { readNames(message) }
        } else if proto.isICMP {
            guard let type = segment.u8(0), let code = segment.u8(1) else { return countCut() }
            packet.icmp = ICMPMessage(type: type, code: code)
            if let query = Self.query(type, proto) {
                packet.icmp = ICMPMessage(type: query, code: 0)
                packet.isAnswer = query != type
                packet.identifier = segment.u16(4)
            } else {
                packet.isAlone = true
            }
        }
        summary.read += 1
        add(packet)
    }

    /// The type of the query that a message belongs to; nil for messages that are neither query nor answer.
    private static func query(_ type: UInt8, _ proto: IPProtocol) -> UInt8? {
        switch (proto, type) {
        case (.icmp, 8), (.icmp, 0): 8
        case (.icmp, 13), (.icmp, 14): 13
        case (.icmpv6, 128), (.icmpv6, 129): 128
        default: nil
        }
    }

    private mutating func add(_ packet: Packet) {
        var (one, other) = (packet.source, packet.destination)
        if let identifier = packet.identifier { (one.port, other.port) = (identifier, identifier) }
        let isOrdered = (one.address, one.port) <= (other.address, other.port)
        let key = Key(
            proto: packet.proto, first: isOrdered || packet.isAlone ? one : other,
            second: isOrdered || packet.isAlone ? other : one,
            message: packet.icmp)
        if var entry = entries[key] {
            let isNew =
                packet.time.rawValue - entry.last.rawValue > Self.idle(packet.proto)
                || entry.isClosed && packet.has(Packet.syn) && !packet.has(Packet.ack)
            if !isNew {
                extend(&entry, packet)
                entries[key] = entry
                return
            }
            end([key])
        }
        if entries.count >= CaptureLimits.flows {
            summary.overflows += 1
            endAll()
        }
        entries[key] = begin(packet)
    }

    private func begin(_ packet: Packet) -> Entry {
        let isSYN = packet.proto == .tcp && packet.has(Packet.syn)
        // The answer to a SYN, or to a query, tells who asked.
        let isAnswer = isSYN && packet.has(Packet.ack) || packet.isAnswer
        let isSure = isSYN || packet.identifier != nil
        let isGuessed = !isSure && !isAnswer && Self.looksLikeAnswer(packet)
        let (from, to) =
            isAnswer || isGuessed ? (packet.destination, packet.source) : (packet.source, packet.destination)
        var record = FlowRecord(
            tuple: FiveTuple(
                proto: packet.proto, source: from.address, sourcePort: from.port, destination: to.address,
                destinationPort: to.port),
            icmp: packet.icmp, icmpIdentifier: packet.identifier, start: packet.time, end: packet.time,
            initiator: FlowCounters(packets: 0, bytes: 0), responder: FlowCounters(packets: 0, bytes: 0),
            direction: isSure ? .firstSYN : isGuessed ? .ports : .asRecorded, uid: "packet-\(packet.time.rawValue)")
        record.state = packet.proto == .tcp && !isSYN ? .unknown : .attempted
        var entry = Entry(record: record, last: packet.time)
        extend(&entry, packet)
        return entry
    }

    private static func looksLikeAnswer(_ packet: Packet) -> Bool {
        packet.proto.hasPorts
            && DynamicPorts.looksLikeAnswer(from: packet.source.port, to: packet.destination.port)
    }

    private func extend(_ entry: inout Entry, _ packet: Packet) {
        let tuple = entry.record.tuple
        let isOut =
            packet.isAlone || packet.identifier != nil
            ? !packet.isAnswer : packet.source.address == tuple.source && packet.source.port == tuple.sourcePort
        let size = UInt64(max(0, packet.bytes))
        if isOut {
            entry.record.initiator.add(size)
        } else {
            entry.record.responder.add(size)
            // A refusal as the first answer; whatever answers otherwise is there.
            if entry.record.state != .established, packet.has(Packet.rst) {
                if entry.record.state != .unknown { entry.record.state = .rejected }
            } else if entry.record.state != .rejected {
                entry.record.state = .established
            }
        }
        entry.record.start = min(entry.record.start ?? packet.time, packet.time)
        entry.record.end = max(entry.record.end ?? packet.time, packet.time)
        entry.last = max(entry.last, packet.time)
        if packet.has(Packet.rst) { entry.isClosed = true }
        if packet.has(Packet.fin) {
            if isOut { entry.finished.initiator = true } else { entry.finished.responder = true }
            if entry.finished.initiator, entry.finished.responder { entry.isClosed = true }
        }
    }

    /// Ends what has been idle, once a minute of the capture's time.
    private mutating func sweep(_ time: Instant) {
        guard let swept else {
            self.swept = time
            return
        }
        guard time.rawValue - swept.rawValue > 60_000_000_000 else { return }
        self.swept = time
        end(
            entries.filter { key, entry in
                time.rawValue - entry.last.rawValue > (entry.isClosed ? 60_000_000_000 : Self.idle(key.proto))
            }.map(\.key))
    }

    // MARK: Names

    /// Reads the answers of a DNS message: addresses get the name that was asked for.
    private mutating func readNames(_ message: PacketBytes) {
        guard let flags = message.u16(2), flags & 0x8000 != 0, flags & 0x000F == 0, message.u16(4) == 1,
            let answers = message.u16(6), let (name, after) = DNSName.read(message, 12)
        else { return }
        var place = after + 4
        for _ in 0..<min(answers, 64) {
            guard let (_, header) = DNSName.read(message, place), let type = message.u16(header),
                let length = message.u16(header + 8)
            else { return }
            let data = header + 10
            let family: AddressFamily? = type == 1 && length == 4 ? .ipv4 : type == 28 && length == 16 ? .ipv6 : nil
            if let family, let address = message.address(data, family), summary.names[address] == nil,
                summary.names.count < CaptureLimits.names, !name.isEmpty
            {
                summary.names[address] = name
            }
            place = data + Int(length)
        }
    }
}

/// A name of a DNS message (RFC 1035 §4.1.4).
enum DNSName {
    /// Reads the name at a place; nil where there is none of letters, digits, dashes, dots and underscores, of at most 253 characters.
    ///
    /// Returns the place behind it too. Pointers are followed backwards only, so that they end.
    static func read(_ message: PacketBytes, _ start: Int) -> (name: String, after: Int)? {
        var place = start
        var after: Int?
        var text = ""
        while let length = message.u8(place) {
            if length & 0xC0 == 0xC0 {
                guard let pointer = message.u16(place) else { return nil }
                if after == nil { after = place + 2 }
                let target = Int(pointer & 0x3FFF)
                guard target < place else { return nil }
                place = target
                continue
            }
            guard length & 0xC0 == 0 else { return nil }
            if length == 0 { return (text, after ?? place + 1) }
            guard let label = message.part(place + 1, Int(length)) else { return nil }
            if !text.isEmpty { text.append(".") }
            for index in 0..<label.count {
                guard let byte = label.u8(index),
                    case let character = Character(Unicode.Scalar(byte)),
                    character.isASCII, character.isLetter || character.isNumber || character == "-" || character == "_"
                else { return nil }
                text.append(character)
            }
            guard text.utf8.count <= 253 else { return nil }
            place += 1 + Int(length)
        }
        return nil
    }
}

extension FlowCounters {
    fileprivate mutating func add(_ bytes: UInt64) {
        packets = (packets ?? 0) &+ 1
        self.bytes = (self.bytes ?? 0) &+ bytes
    }
}
