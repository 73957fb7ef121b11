/// The kind of a JSON value that was stepped over.
enum JSONKind {
    case string, number, literal, container
}

/// A JSON value: where its text lies.
///
/// A string's view is without its quotes and still has its escapes.
struct JSONValue {
    var kind: JSONKind
    var view: ByteView
    var escaped = false
}

/// Walks one JSON text (RFC 8259) without building anything; nesting is at most 64.
struct JSONScanner {
    private let bytes: ByteView
    private var position: Int

    init(_ bytes: ByteView) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    @inline(__always) private mutating func skipSpace() {
        while true {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A else { return }
            position &+= 1
        }
    }

    @inline(__always) private mutating func take(_ byte: UInt8) -> Bool {
        guard bytes[position] == byte else { return false }
        position &+= 1
        return true
    }

    /// Hands every member of the one object to `member`; the whole text must be that object.
    @inline(__always) mutating func object(
        _ member: (ByteView, JSONValue) throws(RefusalReason) -> Void
    ) throws(RefusalReason) {
        skipSpace()
        guard take(UInt8(ascii: "{")) else { throw .badJSON }
        skipSpace()
        if !take(UInt8(ascii: "}")) {
            while true {
                skipSpace()
                guard take(UInt8(ascii: "\"")) else { throw .badJSON }
                let key = try string()
                guard !key.escaped else { throw .escapedKey }
                skipSpace()
                guard take(UInt8(ascii: ":")) else { throw .badJSON }
                skipSpace()
                try member(key.view, try value())
                skipSpace()
                if take(UInt8(ascii: ",")) { continue }
                guard take(UInt8(ascii: "}")) else { throw .badJSON }
                break
            }
        }
        skipSpace()
        guard position == bytes.endIndex else { throw .badJSON }
    }

    @inline(__always) private mutating func value() throws(RefusalReason) -> JSONValue {
        switch bytes[position] {
        case UInt8(ascii: "\""):
            position &+= 1
            return try string()
        case UInt8(ascii: "-"), 48...57:
            return try number()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            return try container()
        default:
            return try literal()
        }
    }

    /// The rest of a string whose opening quote was taken.
    @inline(__always) private mutating func string() throws(RefusalReason) -> JSONValue {
        let start = position
        var escaped = false
        while true {
            position &+= bytes.plainBytes(from: position)
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try escape()
            } else {
                // Control characters must be escaped; past the end the view gives zero.
                guard byte >= 0x20 else { throw .badJSON }
                position &+= 1
            }
        }
        let view = bytes.from(start, to: position)
        position &+= 1
        return JSONValue(kind: .string, view: view, escaped: escaped)
    }

    private mutating func escape() throws(RefusalReason) {
        position += 1
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if unit >> 10 == 0x36 {
                guard bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u") else {
                    throw .loneSurrogate
                }
                position += 1
                guard try codeUnit() >> 10 == 0x37 else { throw .loneSurrogate }
            } else if unit >> 10 == 0x37 {
                throw .loneSurrogate
            }
        default:
            throw .badJSON
        }
    }

    /// Four hexadecimal digits after the `u` at the position.
    private mutating func codeUnit() throws(RefusalReason) -> UInt16 {
        guard let unit = JSONText.codeUnit(bytes, at: position + 1) else { throw .badJSON }
        position += 5
        return unit
    }

    private mutating func number() throws(RefusalReason) -> JSONValue {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let zero = bytes[position] == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !zero || whole == 1 else { throw .badJSON }
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw .badJSON }
        }
        if bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw .badJSON }
        }
        return JSONValue(kind: .number, view: bytes.from(start, to: position))
    }

    @inline(__always) private mutating func digits() -> Int {
        let start = position
        while Scan.isDigit(bytes[position]) { position &+= 1 }
        return position &- start
    }

    private mutating func literal() throws(RefusalReason) -> JSONValue {
        for word: StaticString in ["null", "true", "false"] {
            let end = position + word.utf8CodeUnitCount
            let view = bytes.from(position, to: end)
            if view.equals(word) {
                position = end
                return JSONValue(kind: .literal, view: view)
            }
        }
        throw .badJSON
    }

    /// Steps over an array or object; one bit per open level says which of both it is.
    private mutating func container() throws(RefusalReason) -> JSONValue {
        let start = position
        var depth = 1  // The record itself.
        var objects: UInt64 = 0
        var expectValue = true
        repeat {
            skipSpace()
            let byte = bytes[position]
            let inObject = objects & 1 == 1
            if expectValue, byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
                guard depth <= DecodeLimits.jsonDepth else { throw .tooDeep }
                position += 1
                objects = objects << 1 | (byte == UInt8(ascii: "{") ? 1 : 0)
                skipSpace()
                if bytes[position] == (objects & 1 == 1 ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    position += 1
                    depth -= 1
                    objects >>= 1
                    expectValue = false
                } else if objects & 1 == 1 {
                    try key()
                }
            } else if expectValue {
                _ = try value(scalarOnly: byte)
                expectValue = false
            } else if byte == UInt8(ascii: ",") {
                position += 1
                if inObject { try key() }
                expectValue = true
            } else {
                guard byte == (inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw .badJSON }
                position += 1
                depth -= 1
                objects >>= 1
            }
        } while depth > 1
        return JSONValue(kind: .container, view: bytes.from(start, to: position))
    }

    private mutating func value(scalarOnly byte: UInt8) throws(RefusalReason) -> JSONValue {
        switch byte {
        case UInt8(ascii: "\""):
            position += 1
            return try string()
        case UInt8(ascii: "-"), 48...57:
            return try number()
        default:
            return try literal()
        }
    }

    private mutating func key() throws(RefusalReason) {
        skipSpace()
        guard take(UInt8(ascii: "\"")) else { throw .badJSON }
        _ = try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw .badJSON }
    }
}
