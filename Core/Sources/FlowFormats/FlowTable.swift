import Flows
import NetworkTypes

/// Packets gathered into flows.
struct FlowTable {
    private(set) var summary = CaptureSummary()

    private typealias Key = PacketFlow.Key

    private var flows: [Key: PacketFlow] = [:]
    private var ended: [(key: PacketFlow.Key, flow: PacketFlow)] = []
    /// Connections that were idle for long and may go on, and whether the key's second end began them.
    private var handshakes: [Key: Bool] = [:]
    /// When idle flows were last looked for.
    private var swept: Instant?

    /// Hands out the flows that ended since the last call.
    mutating func takeEnded<Failure: Error>(_ sink: (FlowRecord) throws(Failure) -> Void) throws(Failure) {
        guard !ended.isEmpty else { return }
        let taken = ended
        ended = []
        for (key, flow) in taken { try sink(flow.record(key)) }
    }

    mutating func endAll() {
        let all = flows
        flows = [:]
        end(all.map { ($0.key, $0.value) })
    }

    mutating func fail(_ fault: CaptureSummary.Fault) {
        if summary.fault == nil { summary.fault = fault }
    }

    mutating func recognise(_ format: FlowFormat) { summary.format = format }

    mutating func countUntimed() { summary.untimed += 1 }

    /// Ends flows in order of their beginning, so that equal captures give equal answers.
    private mutating func end(_ unordered: [(key: Key, flow: PacketFlow)]) {
        let flows = unordered.count < 2 ? unordered : unordered.sorted(by: Self.isEarlier)
        ended += flows
        for (key, flow) in flows where flow.mayGoOn && key.proto == .tcp {
            if handshakes.count >= CaptureLimits.handshakes { handshakes = [:] }
            handshakes[key] = flow.isReversed
        }
    }

    private static func isEarlier(_ a: (key: Key, flow: PacketFlow), _ b: (key: Key, flow: PacketFlow)) -> Bool {
        if a.flow.start != b.flow.start { return a.flow.start < b.flow.start }
        let (one, other) = (a.flow.record(a.key), b.flow.record(b.key))
        if one.edge != other.edge { return one.edge < other.edge }
        // Keys are different, so these tell all apart.
        return (one.tuple.sourcePort, one.icmpIdentifier ?? 0) < (other.tuple.sourcePort, other.icmpIdentifier ?? 0)
    }

    // MARK: Link and network

    mutating func read(_ frame: PacketBytes, link: UInt16, at time: Instant) {
        sweep(time)
        switch link {
        case 1: ethernet(frame, 12, time)
        // PPP, with or without the address and control of its framing (RFC 1661 §2, RFC 1662 §3.1).
        case 9: ppp(frame.u16(0) == 0xFF03 ? frame.from(2) : frame, time)
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
        summary.encapsulated += 1
    }

    private mutating func typed(_ type: UInt16?, _ packet: PacketBytes?, _ time: Instant) {
        guard let type, let packet else { return countCut() }
        switch type {
        case 0x0800, 0x86DD: network(packet, time)
        case 0x8100: ethernet(packet, 2, time)
        // A session of PPPoE: six bytes, then PPP (RFC 2516 §4).
        case 0x8864: ppp(packet.from(6), time)
        case 0x8847, 0x8848: mpls(packet, time)
        // What may hold IP all the same: MACsec, provider backbone bridges, network service headers.
        case 0x88E5, 0x88E7, 0x894F: summary.encapsulated += 1
        default: summary.others += 1
        }
    }

    private mutating func ppp(_ packet: PacketBytes?, _ time: Instant) {
        guard let packet, let proto = packet.u16(0) else { return countCut() }
        // Protocol numbers of PPP at IANA: IPv4, IPv6, and from 0x8000 on what controls the line.
        switch proto {
        case 0x0021, 0x0057: packet.from(2).map { network($0, time) } ?? countCut()
        case 0x8000...: summary.others += 1
        default: summary.encapsulated += 1
        }
    }

    /// Skips labels to the bottom of the stack (RFC 3032 §2.1); below it may be anything.
    private mutating func mpls(_ packet: PacketBytes, _ time: Instant) {
        for place in stride(from: 0, to: CaptureLimits.labels * 4, by: 4) {
            guard let end = packet.u8(place + 2), let below = packet.from(place + 4) else { return countCut() }
            guard end & 1 == 1 else { continue }
            // Other packets avoid the first four bits of IP (RFC 4385 §2).
            if let first = below.u8(0), first >> 4 == 4 || first >> 4 == 6 { return network(below, time) }
            break
        }
        summary.encapsulated += 1
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

    private mutating func transport(
        _ segment: PacketBytes?, _ proto: IPProtocol, _ source: IPAddress, _ destination: IPAddress, bytes: Int,
        _ header: Int, _ time: Instant
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
                guard let sequence = segment.u32(4, big: true), let flags = segment.u8(13) else { return countCut() }
                (packet.sequence, packet.flags) = (sequence, flags)
            }
            if proto == .udp, from == 53, let message = segment.from(8) { readNames(message) }
        } else if proto.isICMP {
            guard let type = segment.u8(0), let code = segment.u8(1) else { return countCut() }
            packet.icmp = ICMPMessage(type: type, code: code)
            if let query = Packet.query(type, proto) {
                guard let identifier = segment.u16(4) else { return countCut() }
                packet.icmp = ICMPMessage(type: query, code: 0)
                packet.isAnswer = query != type
                packet.identifier = identifier
            }
        }
        summary.read += 1
        add(packet)
    }

    private mutating func add(_ packet: Packet) {
        let key = Key(packet)
        if var flow = flows[key] {
            let idle = Self.idle(packet.proto)
            // Captures put one behind the other go back in time.
            let isIdle =
                flow.last.elapsed(to: packet.time) > idle || packet.time.elapsed(to: flow.start) > idle
            if !isIdle, !flow.isOver(before: packet, key) {
                flow.add(packet, key)
                flows[key] = flow
                return
            }
            flows[key] = nil
            end([(key, flow)])
        }
        if flows.count >= CaptureLimits.flows {
            summary.overflows += 1
            endAll()
        }
        let began = handshakes.removeValue(forKey: key)
        flows[key] = PacketFlow(packet, key, begunBySecond: packet.opens ? nil : began)
    }

    /// Ends what has been idle, once a minute of the capture's time.
    private mutating func sweep(_ time: Instant) {
        guard let swept else {
            self.swept = time
            return
        }
        guard swept.elapsed(to: time) > 60_000_000_000 else { return }
        self.swept = time
        let idle = flows.filter { key, flow in
            flow.last.elapsed(to: time) > (flow.isClosed ? 60_000_000_000 : Self.idle(key.proto))
        }
        for key in idle.keys { flows[key] = nil }
        end(idle.map { ($0.key, $0.value) })
    }

    /// Idle time after which a packet of the same tuple is another flow's, in nanoseconds: `tcp_inactivity_timeout`,
    /// `udp_inactivity_timeout` and `icmp_inactivity_timeout` of Zeek's base/init-bare.
    private static func idle(_ proto: IPProtocol) -> Int64 {
        (proto == .tcp || proto == .sctp ? 300 : 60) * 1_000_000_000
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
