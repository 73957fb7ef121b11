import Flows
import NetworkTypes

/// Reads the normalised JSON lines that `FlowRecord.appendJSON` writes; reading and writing again changes nothing.
struct NormalisedReader {
    private enum Field: Int {
        case source, sourcePort, destination, destinationPort, proto, icmpType, icmpCode, icmpID, asked, askedPort
        case start, end, packetsOut, bytesOut, packetsIn, bytesIn, state, stateText, stage, lifetime, direction, point
        case uid, service

        init?(name: ByteView) {
            for (key, field) in Self.names where name.equals(key) {
                self = field
                return
            }
            return nil
        }

        private static let names: [(StaticString, Field)] = [
            ("source", .source), ("sourcePort", .sourcePort), ("destination", .destination),
            ("destinationPort", .destinationPort), ("protocol", .proto), ("icmpType", .icmpType),
            ("icmpCode", .icmpCode), ("icmpId", .icmpID), ("originalDestination", .asked),
            ("originalDestinationPort", .askedPort), ("start", .start), ("end", .end),
            ("initiatorPackets", .packetsOut), ("initiatorBytes", .bytesOut), ("responderPackets", .packetsIn),
            ("responderBytes", .bytesIn), ("state", .state), ("stateText", .stateText), ("stage", .stage),
            ("lifetime", .lifetime), ("direction", .direction), ("observationPoint", .point), ("uid", .uid),
            ("service", .service),
        ]
    }

    /// The values of one line.
    private struct Values {
        var values = InlineArray<24, JSONValue>(repeating: JSONValue(kind: .literal, view: .none))

        subscript(field: Field) -> JSONValue {
            get { values[field.rawValue] }
            set { values[field.rawValue] = newValue }
        }

        func text(_ field: Field) throws(RefusalReason) -> String? {
            let value = self[field]
            guard value.view.exists else { return nil }
            guard value.kind == .string else { throw .wrongType }
            guard value.view.count <= DecodeLimits.textLength,
                let text = value.escaped ? JSONText.unescape(value.view) : value.view.text
            else { throw .badText }
            return text.isEmpty ? nil : text
        }

        func word<Word: RawRepresentable<String>>(_ field: Field, _: Word.Type) throws(RefusalReason) -> Word? {
            guard let text = try text(field) else { return nil }
            guard let word = Word(rawValue: text) else { throw .badWord }
            return word
        }

        func number<Value: FixedWidthInteger & UnsignedInteger>(
            _ field: Field, _ reason: RefusalReason
        ) throws(RefusalReason) -> Value? {
            guard self[field].view.exists else { return nil }
            guard let value = Scan.integer(self[field].view, as: Value.self) else { throw reason }
            return value
        }

        func instant(_ field: Field) throws(RefusalReason) -> Instant? {
            guard self[field].view.exists else { return nil }
            guard let instant = Scan.instant(self[field].view) else { throw .badTime }
            return instant
        }

        func address(_ field: Field) throws(RefusalReason) -> IPAddress? {
            guard self[field].view.exists else { return nil }
            guard let address = IPAddress(utf8: self[field].view) else { throw .badAddress }
            return address
        }
    }

    /// Refuses as `unknownFormat` what does not have the three fields that each record has.
    func read(_ line: ByteView) throws(RefusalReason) -> FlowRecord {
        var values = Values()
        var scanner = JSONScanner(line)
        try scanner.object { (key: ByteView, value: JSONValue) throws(RefusalReason) in
            guard let field = Field(name: key) else { return }
            guard !values[field].view.exists else { throw .duplicateKey }
            if value.kind == .literal, value.view.equals("null") { return }
            guard value.kind == .string || value.kind == .number else { throw .wrongType }
            values[field] = value
        }
        guard let source = try values.address(.source), let destination = try values.address(.destination),
            let name = try values.text(.proto)
        else { throw .unknownFormat }
        guard let proto = IPProtocol(name) else { throw .badProtocol }
        guard source.family == destination.family else { throw .mixedFamilies }
        var record = FlowRecord(
            tuple: FiveTuple(
                proto: proto, source: source, sourcePort: 0, destination: destination, destinationPort: 0),
            direction: try values.word(.direction, DirectionSource.self) ?? .asRecorded)
        try Self.readService(values, &record)
        record.start = try values.instant(.start)
        record.end = try values.instant(.end)
        if let start = record.start, let end = record.end, end < start { throw .badTime }
        record.initiator = FlowCounters(
            packets: try values.number(.packetsOut, .badNumber), bytes: try values.number(.bytesOut, .badNumber))
        record.responder = FlowCounters(
            packets: try values.number(.packetsIn, .badNumber), bytes: try values.number(.bytesIn, .badNumber))
        record.state = try values.word(.state, ConnectionState.self) ?? .unknown
        record.stateText = try values.text(.stateText)
        record.stage = try Self.stage(values)
        record.observationPoint = try values.text(.point).flatMap { ObservationPoint($0) }
        record.uid = try values.text(.uid)
        record.service = try values.text(.service)
        return record
    }

    private static func readService(_ values: Values, _ record: inout FlowRecord) throws(RefusalReason) {
        let proto = record.tuple.proto
        if proto.hasPorts {
            // Whoever writes lines by hand may not know the source's port.
            record.tuple.sourcePort = try values.number(.sourcePort, .badPort) ?? 0
            guard let port: UInt16 = try values.number(.destinationPort, .badPort) else { throw .missingField }
            record.tuple.destinationPort = port
        }
        if proto.isICMP, let type: UInt8 = try values.number(.icmpType, .badICMP) {
            record.icmp = ICMPMessage(type: type, code: try values.number(.icmpCode, .badICMP) ?? 0)
            record.icmpIdentifier = try values.number(.icmpID, .badICMP)
        }
        if let asked = try values.address(.asked) {
            record.originalDestination = FlowEndpoint(
                address: asked, port: try values.number(.askedPort, .badPort) ?? 0)
        }
    }

    private static func stage(_ values: Values) throws(RefusalReason) -> FlowStage {
        let lifetime: UInt32 = try values.number(.lifetime, .badNumber) ?? 0
        switch try values.text(.stage) {
        case nil, "complete": return .complete
        case "opened": return .opened(lifetime: lifetime)
        case "alive": return .alive(lifetime: lifetime)
        case "closed": return .closed
        default: throw .badWord
        }
    }
}
