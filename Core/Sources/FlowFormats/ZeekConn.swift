import Flows
import NetworkTypes

/// Turns the fields of one conn line, from JSON or TSV, into a record.
struct ZeekConn {
    /// The last observation point's text and value: a log names few, and each line repeats one.
    private var lastSystem: (bytes: [UInt8], point: ObservationPoint)?

    mutating func record(_ row: ZeekRow) throws(RefusalReason) -> FlowRecord {
        guard row[.time].exists, row[.originHost].exists, row[.responseHost].exists, row[.proto].exists else {
            throw .missingField
        }
        guard let start = Scan.instant(row[.time]) else { throw .badTime }
        guard let source = IPAddress(utf8: row[.originHost]), let destination = IPAddress(utf8: row[.responseHost])
        else { throw .badAddress }
        guard source.family == destination.family else { throw .mixedFamilies }
        let proto = try Self.proto(row, source.family)
        var tuple = FiveTuple(
            proto: proto, source: source, sourcePort: 0, destination: destination, destinationPort: 0)
        var icmp: ICMPMessage?
        if proto.hasPorts {
            tuple.sourcePort = try Self.number(row[.originPort], .badPort)
            tuple.destinationPort = try Self.number(row[.responsePort], .badPort)
        } else if proto.isICMP {
            icmp = try Self.icmp(row, proto)
        }
        var end = start
        if row[.duration].exists {
            guard let duration = Scan.nanoseconds(row[.duration]), duration >= 0 else { throw .badTime }
            let (sum, over) = start.rawValue.addingReportingOverflow(duration)
            guard !over else { throw .badTime }
            end = Instant(rawValue: sum)
        }
        let stateText = try row.text(.state)
        return FlowRecord(
            tuple: tuple, icmp: icmp, start: start, end: end,
            initiator: try Self.counters(row, .originPackets, .originIPBytes, .originBytes),
            responder: try Self.counters(row, .responsePackets, .responseIPBytes, .responseBytes),
            state: try Self.state(row[.state]), stateText: stateText, observationPoint: try point(row),
            direction: .asRecorded, uid: try row.text(.uid), service: try row.text(.service))
    }

    private mutating func point(_ row: ZeekRow) throws(RefusalReason) -> ObservationPoint? {
        let view = row[.system]
        guard view.exists, !view.isEmpty else { return nil }
        if let lastSystem, view.equals(lastSystem.bytes) { return lastSystem.point }
        guard let point = try row.text(.system).flatMap({ ObservationPoint($0) }) else { return nil }
        lastSystem = (Array(view), point)
        return point
    }

    private static func proto(_ row: ZeekRow, _ family: AddressFamily) throws(RefusalReason) -> IPProtocol {
        let name = row[.proto]
        if name.equals("tcp") { return .tcp }
        if name.equals("udp") { return .udp }
        // Zeek writes `icmp` for both families.
        if name.equals("icmp") { return family == .ipv4 ? .icmp : .icmpv6 }
        // Zeek 7.1 and later: `unknown_transport` with the number in a field of its own.
        if row[.ipProto].exists {
            guard let number = Scan.integer(row[.ipProto], as: UInt8.self) else { throw .badProtocol }
            return IPProtocol(rawValue: number)
        }
        guard name.count <= 16, let text = name.text, let known = IPProtocol(text) else { throw .badProtocol }
        return known
    }

    /// The ICMP type and code, which Zeek keeps where other protocols have ports.
    ///
    /// The type is the originator's port. As the responder's port it keeps the type of the reply
    /// for messages that come in pairs, whose code is always 0, and the code for the others
    /// (zeek/zeek `src/packet_analysis/protocol/icmp/ICMP.cc`, `ICMP4_counterpart`, `ICMP6_counterpart`; the manual's
    /// "destination port being the ICMP message code" is true of the others only).
    private static func icmp(_ row: ZeekRow, _ proto: IPProtocol) throws(RefusalReason) -> ICMPMessage {
        let type: UInt8 = try number(row[.originPort], .badICMP)
        let other: UInt8 = try number(row[.responsePort], .badICMP)
        let pairs: [(UInt8, UInt8)] =
            proto == .icmp
            ? [(8, 0), (13, 14), (15, 16), (10, 9), (17, 18)]
            : [(128, 129), (133, 134), (135, 136), (130, 131), (139, 140), (144, 145)]
        let paired = pairs.contains { ($0 == type && $1 == other) || ($1 == type && $0 == other) }
        return ICMPMessage(type: type, code: paired ? 0 : other)
    }

    private static func number<Value: FixedWidthInteger & UnsignedInteger>(
        _ view: ByteView, _ reason: RefusalReason
    ) throws(RefusalReason) -> Value {
        guard view.exists else { throw .missingField }
        guard let value = Scan.integer(view, as: Value.self) else { throw reason }
        return value
    }

    private static func counters(
        _ row: ZeekRow, _ packets: ZeekField, _ bytes: ZeekField, _ payload: ZeekField
    ) throws(RefusalReason) -> FlowCounters {
        let octets = row[bytes].exists ? row[bytes] : row[payload]
        var result = FlowCounters()
        if row[packets].exists { result.packets = try number(row[packets], .badNumber) as UInt64 }
        if octets.exists { result.bytes = try number(octets, .badNumber) as UInt64 }
        return result
    }

    /// The thirteen values of `conn_state` (docs.zeek.org, `Conn::Info`).
    private static func state(_ view: ByteView) throws(RefusalReason) -> ConnectionState {
        guard view.exists else { return .unknown }
        if view.equals("SF") || view.equals("RSTO") || view.equals("RSTR") { return .established }
        if view.equals("S0") { return .attempted }
        if view.equals("REJ") { return .rejected }
        if view.equals("S1") || view.equals("S2") || view.equals("S3") { return .established }
        // The responder's SYN ACK was seen, the SYN was not.
        if view.equals("SHR") || view.equals("RSTRH") { return .established }
        // A SYN, then the originator's own FIN or RST; no answer seen.
        if view.equals("SH") || view.equals("RSTOS0") { return .attempted }
        if view.equals("OTH") { return .unknown }
        throw .badWord
    }
}
