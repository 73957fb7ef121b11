/// Reads the one JSON text (RFC 8259) of a line; what is doubtful is refused: a name twice, half a surrogate pair.
struct JSONScanner {
    /// The deepest nesting of arrays and objects; docs/formats.md states the same number for flow files.
    static let maximumDepth = 64
    /// The most members of an object; each name is compared with those before it.
    static let maximumMembers = 256

    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private var depth = 0

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The value that the whole line is.
    static func read(_ line: ArraySlice<UInt8>) throws(FlowRefusal) -> JSONValue {
        let isASCII = line.reduce(0 as UInt8) { $0 | $1 } < 0x80
        guard isASCII || String(validating: line, as: UTF8.self) != nil else { throw FlowRefusal("expected UTF-8") }
        var scanner = JSONScanner(line)
        scanner.skipSpace()
        let value = try scanner.value()
        scanner.skipSpace()
        guard scanner.position == line.endIndex else { throw scanner.fault("the end of the line") }
        return value
    }

    /// Zero at the end, which no JSON text contains.
    private var next: UInt8 { position < bytes.endIndex ? bytes[position] : 0 }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while next == 0x20 || next == 0x09 || next == 0x0D { position += 1 }
    }

    private func fault(_ expected: String) -> FlowRefusal {
        FlowRefusal("expected \(expected) at byte \(position - bytes.startIndex + 1)")
    }

    private mutating func value() throws(FlowRefusal) -> JSONValue {
        switch next {
        case UInt8(ascii: "\""):
            position += 1
            return .string(try string())
        case UInt8(ascii: "-"), 48...57: return .number(try number())
        case UInt8(ascii: "{"): return .object(try nested { scanner throws(FlowRefusal) in try scanner.members() })
        case UInt8(ascii: "["): return .array(try nested { scanner throws(FlowRefusal) in try scanner.elements() })
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw fault("a JSON value")
        }
    }

    private mutating func nested<Result>(
        _ read: (inout JSONScanner) throws(FlowRefusal) -> Result
    ) throws(FlowRefusal) -> Result {
        depth += 1
        guard depth <= Self.maximumDepth else { throw fault("at most \(Self.maximumDepth) levels") }
        position += 1
        skipSpace()
        let result = try read(&self)
        depth -= 1
        return result
    }

    private mutating func members() throws(FlowRefusal) -> [JSONValue.Member] {
        if take(UInt8(ascii: "}")) { return [] }
        var members: [JSONValue.Member] = []
        members.reserveCapacity(24)
        while true {
            guard take(UInt8(ascii: "\"")) else { throw fault("a name in quotes") }
            let name = try string()
            guard !members.contains(where: { $0.name.count == name.count && $0.name == name }) else {
                throw fault("each name once, got `\(String(decoding: name.prefix(40), as: UTF8.self))` again")
            }
            guard members.count < Self.maximumMembers else { throw fault("at most \(Self.maximumMembers) members") }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("`:`") }
            skipSpace()
            members.append(JSONValue.Member(name: name, value: try value()))
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw fault("`,` or `}`") }
            skipSpace()
        }
    }

    private mutating func elements() throws(FlowRefusal) -> [JSONValue] {
        if take(UInt8(ascii: "]")) { return [] }
        var elements: [JSONValue] = []
        while true {
            elements.append(try value())
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw fault("`,` or `]`") }
            skipSpace()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(FlowRefusal) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[index]) else { throw fault("`\(word)`") }
        }
        return value
    }

    private mutating func number() throws(FlowRefusal) -> ArraySlice<UInt8> {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let hasZero = next == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !hasZero || whole == 1 else { throw fault("a number without leading zeros") }
        if take(UInt8(ascii: ".")), digits() == 0 { throw fault("a digit") }
        if next | 0x20 == UInt8(ascii: "e") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            if digits() == 0 { throw fault("a digit") }
        }
        return bytes[start..<position]
    }

    private mutating func digits() -> Int {
        let start = position
        while (48...57).contains(next) { position += 1 }
        return position - start
    }

    /// The rest of a string whose opening quote was taken.
    private mutating func string() throws(FlowRefusal) -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.endIndex {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return bytes[start..<(position - 1)]
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { break }
            position += 1
        }
        throw fault("the end of the string")
    }

    /// A string from `start` whose first escape stands at the position.
    private mutating func escapedString(from start: Int) throws(FlowRefusal) -> ArraySlice<UInt8> {
        var out = Array(bytes[start..<position])
        while position < bytes.endIndex {
            let byte = bytes[position]
            guard byte >= 0x20 else { break }
            position += 1
            if byte == UInt8(ascii: "\"") { return out[...] }
            if byte == UInt8(ascii: "\\") { try escape(&out) } else { out.append(byte) }
        }
        throw fault("the end of the string")
    }

    private mutating func escape(_ out: inout [UInt8]) throws(FlowRefusal) {
        let byte = next
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            out.append(contentsOf: Character(try scalar()).utf8)
            return
        default: throw fault("an escape that JSON knows")
        }
        position += 1
    }

    /// The scalar of `\uXXXX`, or of a pair of them, from behind the first `u`.
    private mutating func scalar() throws(FlowRefusal) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw fault("both halves of a surrogate pair")
        }
        let second = try codeUnit()
        let bits = 0x1_0000 + (first & 0x3FF) << 10 + (second & 0x3FF)
        guard (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(bits) else {
            throw fault("both halves of a surrogate pair")
        }
        return scalar
    }

    private mutating func codeUnit() throws(FlowRefusal) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = next
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 65...70: digit = byte - 55
            case 97...102: digit = byte - 87
            default: throw fault("four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
