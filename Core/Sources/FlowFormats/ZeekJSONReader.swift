import Flows

/// Reads lines of Zeek's JSON logs; only conn lines become records.
struct ZeekJSONReader {
    private var conn = ZeekConn()

    @inline(__always) mutating func read(_ line: ByteView) throws(RefusalReason) -> LineOutcome {
        var row = ZeekRow()
        var seen: UInt32 = 0
        var hasOtherField = false
        var scanner = JSONScanner(line)
        try scanner.object { (key: ByteView, value: JSONValue) throws(RefusalReason) in
            guard let field = ZeekField(name: key) else {
                hasOtherField = true
                return
            }
            let bit: UInt32 = 1 << UInt32(field.rawValue)
            guard seen & bit == 0 else { throw .duplicateKey }
            seen |= bit
            switch value.kind {
            case .string: row.set(field, value.view, escaped: value.escaped)
            case .number: row.set(field, value.view)
            case .literal:
                guard value.view.equals("null") else { throw .wrongType }
            case .container:
                // Other streams use some of these names for lists: `service` of known_services is one.
                guard field == .service else { throw .wrongType }
            }
        }
        if let stream = try row.text(.stream) {
            guard stream == "conn" else { return .otherStream(stream) }
        } else if !row.hasConnOnlyField {
            guard row[.time].exists else { throw row[.originHost].exists ? .missingField : .unknownFormat }
            guard !hasOtherField, row[.proto].exists else { return .otherStream("unnamed") }
        }
        return .record(try conn.record(row))
    }
}
