import Flows
import NetworkTypes

/// What a packet says of its flow.
struct Packet {
    var source: FlowEndpoint
    var destination: FlowEndpoint
    var proto: IPProtocol
    var bytes: Int
    var time: Instant
    /// The flags and the sequence number of TCP (RFC 9293 §3.1); 0 elsewhere.
    var flags: UInt8 = 0
    var sequence: UInt32 = 0
    var icmp: ICMPMessage?
    /// What the query and the answers of ICMP have in common (RFC 792, RFC 4443).
    var identifier: UInt16?
    /// Whether it answers a query of ICMP.
    var isAnswer = false

    static let fin: UInt8 = 1
    static let syn: UInt8 = 2
    static let rst: UInt8 = 4
    static let ack: UInt8 = 16

    func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

    /// Whether it asks for a connection.
    var opens: Bool { has(Self.syn) && !has(Self.ack) }
    /// Whether it grants one.
    var grants: Bool { has(Self.syn) && has(Self.ack) }
    /// Whether it is a message of ICMP that stands alone, such as an error.
    var isAlone: Bool { icmp != nil && identifier == nil }

    /// The type of the query that a message belongs to; nil for messages that are neither query nor answer.
    static func query(_ type: UInt8, _ proto: IPProtocol) -> UInt8? {
        switch (proto, type) {
        case (.icmp, 8), (.icmp, 0): 8
        case (.icmp, 13), (.icmp, 14): 13
        case (.icmpv6, 128), (.icmpv6, 129): 128
        default: nil
        }
    }
}

/// A flow while its packets come.
///
/// There may be a million, so it is kept small, and becomes a record when it ends.
struct PacketFlow {
    /// What all packets of a flow have in common, both ways: the lesser end first, except for messages that stand alone.
    struct Key: Hashable {
        let first: IPAddress
        let second: IPAddress
        /// The ports; the identifier twice for queries of ICMP.
        let firstPort: UInt16
        let secondPort: UInt16
        let proto: IPProtocol
        let message: ICMPMessage?

        init(_ packet: Packet) {
            let one = (packet.source.address, packet.identifier ?? packet.source.port)
            let other = (packet.destination.address, packet.identifier ?? packet.destination.port)
            let isOrdered = packet.isAlone || one <= other
            (first, firstPort) = isOrdered ? one : other
            (second, secondPort) = isOrdered ? other : one
            (proto, message) = (packet.proto, packet.icmp)
        }

        /// Whether the packet was sent by the second end.
        func isFromSecond(_ packet: Packet) -> Bool {
            packet.source.address != first
                || packet.identifier == nil && packet.source.port != firstPort
        }
    }

    /// The time of the packet that came first, which need not be the earliest.
    let begun: Instant
    /// The sequence number of that packet, which tells connections of one tuple and instant apart.
    private let sequence: UInt32
    private(set) var start: Instant
    private(set) var last: Instant
    private var packetsOut: UInt64 = 0
    private var bytesOut: UInt64 = 0
    private var packetsIn: UInt64 = 0
    private var bytesIn: UInt64 = 0
    private var state: ConnectionState
    private var direction: DirectionSource
    /// Whether the key's second end began it.
    private(set) var isReversed: Bool
    /// Whether one of its packets had SYN.
    private var hasHandshake = false
    /// Whether one of them asked for a connection.
    private var hasOpened = false
    /// Whether an end sent something else than a refusal: an answer that nobody asked for proves nothing.
    private var initiatorSpoke = false
    private var responderSpoke = false
    private var initiatorFinished = false
    private var responderFinished = false
    private(set) var isClosed = false

    /// Begins a flow by its first packet; `begunBySecond` tells who began, if an earlier part of the connection did.
    init(_ packet: Packet, _ key: Key, begunBySecond: Bool?) {
        (begun, start, last) = (packet.time, packet.time, packet.time)
        sequence = packet.sequence
        let isFromSecond = key.isFromSecond(packet)
        if let begunBySecond {
            direction = .firstSYN
            isReversed = begunBySecond
            state = .established
            initiatorSpoke = true
        } else if packet.has(Packet.syn) || packet.identifier != nil {
            // The answer to a query tells who asked; to a SYN, who is believed to have: a live host also answers one that
            // comes inside a connection (RFC 5961 §4), and whoever runs that connection knows all of its numbers.
            direction = packet.grants ? .asRecorded : .firstSYN
            isReversed = isFromSecond != (packet.grants || packet.isAnswer)
            state = .attempted
        } else {
            let isGuessed =
                packet.proto.hasPorts
                && DynamicPorts.looksLikeAnswer(from: packet.source.port, to: packet.destination.port)
            direction = isGuessed ? .ports : .asRecorded
            isReversed = isFromSecond != isGuessed
            state = packet.proto == .tcp ? .unknown : .attempted
        }
        add(packet, key)
    }

    /// Whether later packets belong to the same connection, and it is known who began it.
    var mayGoOn: Bool { !isClosed && direction == .firstSYN && initiatorSpoke && state == .established }

    /// Whether a packet is another flow's, although it came in time: a SYN that does not repeat the one that began this
    /// one, that comes behind its sender's FIN, or from the end that granted what nobody was seen to ask for: whoever
    /// sends a SYN/ACK before his own SYN does not pass for the one who is asked.
    func isOver(before packet: Packet, _ key: Key) -> Bool {
        guard packet.opens else { return false }
        let isFromInitiator = key.isFromSecond(packet) == isReversed
        let hasFinished = isFromInitiator ? initiatorFinished : responderFinished
        return !hasHandshake || isClosed || hasFinished || !hasOpened && !isFromInitiator
    }

    /// Adds a packet, also the first.
    mutating func add(_ packet: Packet, _ key: Key) {
        let isFromSecond = key.isFromSecond(packet)
        // In the middle of a connection it is a lie.
        if packet.grants, !hasHandshake, direction != .firstSYN, !(initiatorSpoke && responderSpoke) {
            turn(isReversed: !isFromSecond)
        }
        if packet.has(Packet.syn) { hasHandshake = true }
        if packet.opens { (hasOpened, direction) = (true, .firstSYN) }
        let isOut = packet.identifier != nil ? !packet.isAnswer : packet.isAlone || isFromSecond == isReversed
        let size = UInt64(max(0, packet.bytes))
        if isOut {
            packetsOut &+= 1
            bytesOut &+= size
            if !packet.has(Packet.rst) { initiatorSpoke = true }
        } else {
            packetsIn &+= 1
            bytesIn &+= size
            if !packet.has(Packet.rst) { responderSpoke = true }
            // A refusal as the first answer, unless a SYN is granted all the same: the refusal was of something else.
            if state != .established, packet.has(Packet.rst) {
                if state != .unknown { state = .rejected }
            } else if state != .rejected || packet.grants {
                state = .established
            }
        }
        start = min(start, packet.time)
        last = max(last, packet.time)
        if packet.has(Packet.rst) { isClosed = true }
        if packet.has(Packet.fin) {
            if isOut { initiatorFinished = true } else { responderFinished = true }
            if initiatorFinished, responderFinished { isClosed = true }
        }
    }

    /// Takes the word of a granted SYN, which came behind another packet, for who began.
    private mutating func turn(isReversed: Bool) {
        direction = .asRecorded
        guard isReversed != self.isReversed else { return }
        self.isReversed = isReversed
        swap(&packetsOut, &packetsIn)
        swap(&bytesOut, &bytesIn)
        swap(&initiatorSpoke, &responderSpoke)
        swap(&initiatorFinished, &responderFinished)
    }

    /// The flow as its observation point reports it.
    func record(_ key: Key) -> FlowRecord {
        let isQuery = key.message.map { Packet.query($0.type, key.proto) != nil } ?? false
        let identifier = isQuery ? key.firstPort : nil
        var tuple = FiveTuple(
            proto: key.proto, source: key.first, sourcePort: isQuery ? 0 : key.firstPort, destination: key.second,
            destinationPort: isQuery ? 0 : key.secondPort)
        if isReversed {
            swap(&tuple.source, &tuple.destination)
            swap(&tuple.sourcePort, &tuple.destinationPort)
        }
        // Pings of one moment are told apart by their identifiers, connections by their sequence numbers.
        let uid =
            FlowRecord.packetUID + "\(begun.rawValue)" + (identifier.map { "-\($0)" } ?? "")
            + (key.proto == .tcp ? "-\(sequence)" : "")
        let isUnasked = (hasHandshake || key.message != nil) && !hasOpened && !initiatorSpoke
        return FlowRecord(
            tuple: tuple, icmp: key.message, icmpIdentifier: identifier, start: start, end: last,
            initiator: FlowCounters(packets: packetsOut, bytes: bytesOut),
            responder: FlowCounters(packets: packetsIn, bytes: bytesIn), state: isUnasked ? .unknown : state,
            direction: isUnasked ? .asRecorded : direction, uid: uid)
    }
}

extension Instant {
    /// The nanoseconds to another time, at most what an integer holds: the clocks of a capture say anything.
    func elapsed(to later: Instant) -> Int64 {
        let (span, over) = later.rawValue.subtractingReportingOverflow(rawValue)
        return over ? (later > self ? .max : .min) : span
    }
}
