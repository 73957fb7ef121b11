import Flows
import NetworkTypes

/// Reads entries of the Linux connection tracking table as text.
///
/// Forms: `conntrack -L`, the same with `-o extended`, `-o id`, `-o timestamp`, `-o ktimestamp`,
/// `/proc/net/nf_conntrack` (kernel `net/netfilter/nf_conntrack_standalone.c`, `ct_seq_show`), and `conntrack -E`
/// events (libnetfilter_conntrack `src/conntrack/snprintf_default.c`). Checked against kernel 6.18 and
/// conntrack-tools 1.4.7.
struct ConntrackReader {
    /// The time of lines that carry none; nil leaves their records without one.
    var observedAt: Instant?

    private enum Event {
        case entry, new, update, destroy
    }

    /// One direction of an entry, as far as it was read.
    private struct Direction {
        var source = ByteView.none
        var destination = ByteView.none
        var sourcePort = ByteView.none
        var destinationPort = ByteView.none
        var type = ByteView.none
        var code = ByteView.none
        var id = ByteView.none
        var packets = ByteView.none
        var bytes = ByteView.none
    }

    func read(_ line: ByteView) throws(RefusalReason) -> LineOutcome {
        // The closing count that `conntrack -L` prints on its standard error.
        if line.starts(with: "conntrack v") { return .comment }
        var words = WordScanner(line)
        guard var word = words.next() else { return .comment }
        var observed = observedAt
        if word.starts(with: "["), Scan.isDigit(word[word.startIndex + 1]) {
            guard let time = Scan.nanoseconds(word.from(word.startIndex + 1, to: word.endIndex - 1)) else {
                throw .badTime
            }
            observed = Instant(rawValue: time)
            word = try words.require()
        }
        var event = Event.entry
        if word.equals("[NEW]") {
            event = .new
        } else if word.equals("[UPDATE]") {
            event = .update
        } else if word.equals("[DESTROY]") {
            event = .destroy
        }
        if event != .entry { word = try words.require() }
        if word.equals("ipv4") || word.equals("ipv6") {
            _ = try words.require()  // The address family's number.
            word = try words.require()
        }
        guard let number = Scan.integer(try words.require(), as: UInt8.self) else { throw .unknownFormat }
        let proto = IPProtocol(rawValue: number)
        return .record(try entry(&words, proto, event, observed))
    }

    private func entry(
        _ words: inout WordScanner, _ proto: IPProtocol, _ event: Event, _ observed: Instant?
    ) throws(RefusalReason) -> FlowRecord {
        var original = Direction()
        var reply = Direction()
        var sources = 0
        var lifetime: UInt32 = 0
        var stateWord = ByteView.none
        var unreplied = false
        var age: UInt64?
        while let word = words.next() {
            if word.starts(with: "[") {
                if word.equals("[UNREPLIED]") { unreplied = true }
                continue
            }
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")) else {
                guard sources == 0 else { continue }
                // Between the protocol and the addresses: the lifetime in seconds, then the state.
                if Scan.isDigit(word[word.startIndex]) {
                    guard let seconds = Scan.integer(word, as: UInt32.self) else { throw .badNumber }
                    lifetime = seconds
                } else {
                    stateWord = word
                }
                continue
            }
            let key = word.from(word.startIndex, to: equals)
            let value = word.from(equals + 1, to: word.endIndex)
            if key.equals("src") { sources += 1 }
            if key.equals("delta-time") {
                guard let seconds = Scan.unsigned(value) else { throw .badNumber }
                age = seconds
            } else if sources == 1 {
                try Self.set(&original, key, value)
            } else if sources == 2 {
                try Self.set(&reply, key, value)
            } else if sources > 2 {
                throw .duplicateKey
            }
        }
        guard sources == 2 else { throw sources == 0 ? .unknownFormat : .missingField }
        var record = try Self.addresses(original, reply, proto)
        record.initiator = try Self.counters(original)
        record.responder = try Self.counters(reply)
        if stateWord.exists {
            guard stateWord.count <= 32, let text = stateWord.text else { throw .badText }
            record.stateText = text
        }
        // A reset as the only answer closes the entry at once (kernel `nf_conntrack_proto_tcp.c`).
        record.state =
            !unreplied ? .established : proto == .tcp && stateWord.equals("CLOSE") ? .rejected : .attempted
        switch event {
        case .entry, .update: record.stage = .alive(lifetime: lifetime)
        case .new: record.stage = .opened(lifetime: lifetime)
        case .destroy: record.stage = .closed
        }
        record.end = observed
        record.start = observed
        if let observed, let age {
            let (span, over) = age.multipliedReportingOverflow(by: 1_000_000_000)
            guard !over, let nanos = Int64(exactly: span) else { throw .badTime }
            let (start, under) = observed.rawValue.subtractingReportingOverflow(nanos)
            guard !under else { throw .badTime }
            record.start = Instant(rawValue: start)
        }
        return record
    }

    private static func set(
        _ direction: inout Direction, _ key: ByteView, _ value: ByteView
    ) throws(RefusalReason) {
        func put(_ field: inout ByteView, repeats: Bool = false) throws(RefusalReason) {
            guard !field.exists || repeats else { throw .duplicateKey }
            if !field.exists { field = value }
        }
        if key.equals("src") {
            try put(&direction.source)
        } else if key.equals("dst") {
            try put(&direction.destination)
        } else if key.equals("sport") {
            try put(&direction.sourcePort)
        } else if key.equals("dport") {
            try put(&direction.destinationPort)
        } else if key.equals("packets") {
            try put(&direction.packets)
        } else if key.equals("bytes") {
            try put(&direction.bytes)
        } else if key.equals("type") {
            try put(&direction.type)
        } else if key.equals("code") {
            try put(&direction.code)
        } else if key.equals("id") {
            // After the reply comes the entry's own `id=` (conntrack -o id).
            try put(&direction.id, repeats: true)
        }
    }

    private static func counters(_ direction: Direction) throws(RefusalReason) -> FlowCounters {
        var result = FlowCounters()
        if direction.packets.exists {
            guard let packets = Scan.unsigned(direction.packets) else { throw .badNumber }
            result.packets = packets
        }
        if direction.bytes.exists {
            guard let bytes = Scan.unsigned(direction.bytes) else { throw .badNumber }
            result.bytes = bytes
        }
        return result
    }

    /// A record with both ends: the source before source NAT, the destination after destination NAT.
    ///
    /// The responder's address is the source of the reply. What the initiator asked for is kept when it differs.
    private static func addresses(
        _ original: Direction, _ reply: Direction, _ proto: IPProtocol
    ) throws(RefusalReason) -> FlowRecord {
        guard original.destination.exists, reply.destination.exists else { throw .missingField }
        guard let source = IPAddress(utf8: original.source), let asked = IPAddress(utf8: original.destination),
            let destination = IPAddress(utf8: reply.source), IPAddress(utf8: reply.destination) != nil
        else { throw .badAddress }
        guard source.family == asked.family, source.family == destination.family else { throw .mixedFamilies }
        var record = FlowRecord(
            tuple: FiveTuple(
                proto: proto, source: source, sourcePort: 0, destination: destination, destinationPort: 0),
            direction: .conntrack)
        var askedPort: UInt16 = 0
        if proto.hasPorts {
            record.tuple.sourcePort = try port(original.sourcePort)
            askedPort = try port(original.destinationPort)
            record.tuple.destinationPort = try port(reply.sourcePort)
            _ = try port(reply.destinationPort)
        } else if proto.isICMP {
            guard original.type.exists, original.code.exists else { throw .missingField }
            guard let type = Scan.integer(original.type, as: UInt8.self),
                let code = Scan.integer(original.code, as: UInt8.self)
            else { throw .badICMP }
            record.icmp = ICMPMessage(type: type, code: code)
            if original.id.exists {
                guard let id = Scan.integer(original.id, as: UInt16.self) else { throw .badICMP }
                record.icmpIdentifier = id
            }
        }
        if asked != destination || askedPort != record.tuple.destinationPort {
            record.originalDestination = FlowEndpoint(address: asked, port: askedPort)
        }
        return record
    }

    private static func port(_ view: ByteView) throws(RefusalReason) -> UInt16 {
        guard view.exists else { throw .missingField }
        guard let port = Scan.integer(view, as: UInt16.self) else { throw .badPort }
        return port
    }
}

/// Words between blanks; a word that begins with `[` goes on to its `]`, blanks included.
private struct WordScanner {
    private let bytes: ByteView
    private var position: Int

    init(_ bytes: ByteView) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    mutating func next() -> ByteView? {
        while position < bytes.endIndex, isBlank(bytes[position]) { position &+= 1 }
        guard position < bytes.endIndex else { return nil }
        let start = position
        if bytes[start] == UInt8(ascii: "[") {
            while position < bytes.endIndex, bytes[position] != UInt8(ascii: "]") { position &+= 1 }
            position = Swift.min(position &+ 1, bytes.endIndex)
        } else {
            while position < bytes.endIndex, !isBlank(bytes[position]) { position &+= 1 }
        }
        return bytes.from(start, to: position)
    }

    mutating func require() throws(RefusalReason) -> ByteView {
        guard let word = next() else { throw .unknownFormat }
        return word
    }
}
