import Flows
import NetworkTypes

/// Reads AWS VPC flow logs as text: the default format with or without its header, custom formats by their header.
///
/// A record is one direction of a flow in one aggregation interval (AWS, *VPC User Guide*, "Flow log records"). Who
/// began the flow shows in `tcp-flags` alone: SYN without ACK came from the initiator, SYN with ACK from the responder.
/// Without them the sender counts as the initiator, `asRecorded`. `flow-direction` is relative to the interface, and
/// answers have one as well, so it says nothing about that.
struct VPCReader {
    /// How long a flow counts as alive after a record, in seconds: AWS's times may lie up to 60 s after the packet.
    static let lifetime: UInt32 = 60

    /// The field of each column, nil where it is not read; nil before any header.
    private var columns: [VPCField?]?
    /// What was seen of ends whose ports alone tell nothing.
    private var sharedEnds = SharedEnds()
    /// The last interface's text and value: a log names few, and each line repeats one.
    private var lastInterface: (bytes: [UInt8], point: ObservationPoint)?

    /// Whether a header came, so that lines belong to this reader.
    var isActive: Bool { columns != nil }

    /// Forgets the header.
    mutating func reset() { columns = nil }

    /// Reads the line as a header, or returns false when it is none.
    ///
    /// A header consists of lower-case names, most of them known and one of them hardly a word of prose.
    mutating func readHeader(_ line: ByteView) throws(RefusalReason) -> Bool {
        guard line[line.startIndex] &- 97 < 26 else { return false }
        var found: [VPCField?] = []
        var (known, count) = (0, 0)
        var isTelling = false
        var words = SpacedWords(line)
        while let word = words.next() {
            guard Self.isName(word) else { return false }
            count += 1
            guard count <= DecodeLimits.columns else { continue }
            let field = VPCField(name: word)
            if field != nil || VPCField.isKnown(word) { known += 1 }
            if field?.isTelling ?? false { isTelling = true }
            found.append(field)
        }
        guard isTelling, known * 2 >= count else { return false }
        // Whatever held before, this header does not.
        columns = []
        guard count <= DecodeLimits.columns else { throw .badHeader }
        var seen: UInt32 = 0
        for field in found.compactMap({ $0 }) {
            guard seen & 1 << UInt32(field.rawValue) == 0 else { throw .duplicateKey }
            seen |= 1 << UInt32(field.rawValue)
        }
        columns = found
        return true
    }

    /// Reads a record in the layout of the last header.
    @inline(__always) mutating func readRow(_ line: ByteView) throws(RefusalReason) -> LineOutcome {
        guard let columns, !columns.isEmpty else { throw .noHeader }
        return try outcome(Self.row(line, columns))
    }

    /// Reads a record without a header: version 2 in the default order; nil when the line is none.
    mutating func readDefault(_ line: ByteView) throws(RefusalReason) -> LineOutcome? {
        var words = SpacedWords(line)
        guard let version = words.next(), version.equals("2") else { return nil }
        var (count, hasInterface) = (1, false)
        while count <= VPCField.defaultColumns.count, let word = words.next() {
            count += 1
            if count == 3, word.starts(with: "eni-") { hasInterface = true }
        }
        guard count == VPCField.defaultColumns.count || hasInterface else { return nil }
        return try outcome(Self.row(line, VPCField.defaultColumns))
    }

    /// Whether a line that nobody reads names a network interface, as those of custom formats without header do.
    static func looksLikeRecord(_ line: ByteView) -> Bool {
        var words = SpacedWords(line)
        for _ in 0..<DecodeLimits.columns {
            guard let word = words.next() else { return false }
            if word.starts(with: "eni-") { return true }
        }
        return false
    }

    private static func isName(_ word: ByteView) -> Bool {
        guard word[word.startIndex] &- 97 < 26 else { return false }
        return word.allSatisfy { $0 &- 97 < 26 || Scan.isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    @inline(__always) private static func row(_ line: ByteView, _ columns: [VPCField?]) throws(RefusalReason) -> VPCRow
    {
        var row = VPCRow()
        var column = 0
        var words = SpacedWords(line)
        while let word = words.next() {
            guard column < columns.count else { throw .wrongFieldCount }
            if let field = columns[column], !word.equals("-") { row[field] = word }
            column += 1
        }
        guard column == columns.count else { throw .wrongFieldCount }
        return row
    }

    @inline(__always) private mutating func outcome(_ row: VPCRow) throws(RefusalReason) -> LineOutcome {
        let status = row[.logStatus]
        if status.equals("NODATA") { return .otherStream("vpc-nodata") }
        if status.equals("SKIPDATA") { return .otherStream("vpc-skipdata") }
        guard !status.exists || status.equals("OK") else { throw .badWord }
        return .record(try record(row))
    }

    private mutating func record(_ row: VPCRow) throws(RefusalReason) -> FlowRecord {
        // The packet's own addresses, where the log has them: the others may be those of a translating interface.
        let from = row[.packetSource].exists ? row[.packetSource] : row[.source]
        let to = row[.packetDestination].exists ? row[.packetDestination] : row[.destination]
        guard from.exists, to.exists, row[.proto].exists else { throw .missingField }
        guard let source = IPAddress(utf8: from), let destination = IPAddress(utf8: to) else { throw .badAddress }
        guard source.family == destination.family else { throw .mixedFamilies }
        guard let number = Scan.integer(row[.proto], as: UInt8.self) else { throw .badProtocol }
        var tuple = FiveTuple(
            proto: IPProtocol(rawValue: number), source: source, sourcePort: 0, destination: destination,
            destinationPort: 0)
        if tuple.proto.hasPorts {
            tuple.sourcePort = try Self.port(row[.sourcePort])
            tuple.destinationPort = try Self.port(row[.destinationPort])
        }
        let (start, end) = try Self.times(row)
        var record = FlowRecord(
            tuple: tuple, start: start, end: end,
            initiator: FlowCounters(packets: try Self.count(row[.packets]), bytes: try Self.count(row[.bytes])),
            observationPoint: try point(row[.interface]), direction: .asRecorded,
            stage: .alive(lifetime: Self.lifetime))
        let isOriented = try Self.orient(&record, flags: row[.tcpFlags])
        try Self.judge(&record, action: row[.action])
        if !isOriented, record.state != .rejected, record.tuple.proto.hasPorts { guess(&record) }
        return record
    }

    /// Turns a record round that looks like an answer by its ports.
    private mutating func guess(_ record: inout FlowRecord) {
        let tuple = record.tuple
        let isUnclear = DynamicPorts.tellNothing(tuple.sourcePort, tuple.destinationPort)
        let isAnswer =
            isUnclear
            ? sharedEnds.looksLikeAnswer(
                from: FlowEndpoint(address: tuple.source, port: tuple.sourcePort),
                to: FlowEndpoint(address: tuple.destination, port: tuple.destinationPort))
            : DynamicPorts.looksLikeAnswer(from: tuple.sourcePort, to: tuple.destinationPort)
        guard isAnswer else { return }
        Self.turn(&record)
        record.direction = .ports
    }

    /// Puts the initiator first where the handshake shows it, as AWS's "TCP flag sequence" does; false where it does not.
    ///
    /// A SYN/ACK is no proof: whoever began a connection can send one inside it.
    private static func orient(_ record: inout FlowRecord, flags view: ByteView) throws(RefusalReason) -> Bool {
        guard view.exists else { return false }
        guard let flags = Scan.integer(view, as: UInt16.self) else { throw .badNumber }
        // Bits of RFC 9293 §3.1: SYN is 2, ACK is 16; AWS reports ACK only beside SYN.
        guard record.tuple.proto == .tcp, flags & 2 != 0 else { return false }
        guard flags & 16 != 0 else {
            record.direction = .firstSYN
            return true
        }
        turn(&record)
        record.state = .established
        return true
    }

    /// Makes of what the responder sent a record of its connection.
    private static func turn(_ record: inout FlowRecord) {
        record.tuple = FiveTuple(
            proto: record.tuple.proto, source: record.tuple.destination, sourcePort: record.tuple.destinationPort,
            destination: record.tuple.source, destinationPort: record.tuple.sourcePort)
        swap(&record.initiator, &record.responder)
    }

    /// A refused record is a rejected connection; an accepted one was let through, which is not yet an answer.
    private static func judge(_ record: inout FlowRecord, action: ByteView) throws(RefusalReason) {
        guard action.exists else { return }
        if action.equals("REJECT") {
            record.state = .rejected
        } else if !action.equals("ACCEPT") {
            throw .badWord
        }
        record.stateText = action.text
    }

    private static func times(_ row: VPCRow) throws(RefusalReason) -> (Instant?, Instant?) {
        let start = try time(row[.start])
        let end = try time(row[.end])
        if let start, let end, end < start { throw .badTime }
        return (start ?? end, end ?? start)
    }

    private static func time(_ view: ByteView) throws(RefusalReason) -> Instant? {
        guard view.exists else { return nil }
        // Unix seconds, nothing else.
        guard let seconds = Scan.unsigned(view) else { throw .badTime }
        let (product, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !over, let nanoseconds = Int64(exactly: product) else { throw .badTime }
        return Instant(rawValue: nanoseconds)
    }

    private static func port(_ view: ByteView) throws(RefusalReason) -> UInt16 {
        guard view.exists else { throw .missingField }
        guard let port = Scan.integer(view, as: UInt16.self) else { throw .badPort }
        return port
    }

    private static func count(_ view: ByteView) throws(RefusalReason) -> UInt64? {
        guard view.exists else { return nil }
        guard let count = Scan.unsigned(view) else { throw .badNumber }
        return count
    }

    private mutating func point(_ view: ByteView) throws(RefusalReason) -> ObservationPoint? {
        guard view.exists else { return nil }
        if let lastInterface, view.equals(lastInterface.bytes) { return lastInterface.point }
        guard view.count <= DecodeLimits.textLength, let text = view.text, let point = ObservationPoint(text) else {
            throw .badText
        }
        lastInterface = (Array(view), point)
        return point
    }
}

/// Words between spaces, any number of them: AWS's own example has two in one place.
private struct SpacedWords {
    private let bytes: ByteView
    private var position: Int

    init(_ bytes: ByteView) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    mutating func next() -> ByteView? {
        while bytes[position] == 0x20 { position &+= 1 }
        guard position < bytes.endIndex else { return nil }
        let start = position
        while position < bytes.endIndex, bytes[position] != 0x20 { position &+= 1 }
        return bytes.from(start, to: position)
    }
}
