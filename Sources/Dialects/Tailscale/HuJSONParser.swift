/// Reads HuJSON: JSON (RFC 8259) with `//` and `/* */` comments and trailing commas, as https://github.com/tailscale/hujson
/// describes it.
///
/// One pass and linear. Nothing in a text makes it trap: nesting, size and the number of values are bounded, and a text that ends
/// early or is no UTF-8 is a fault with its place.
struct HuJSONParser {
    /// How deep arrays and objects may lie inside each other.
    static let maximumDepth = 64
    /// How many values one text may hold.
    static let maximumValues = 2_000_000

    private let bytes: [UInt8]
    private var position = 0
    private var values = 0
    /// The place of `marked`, from which later places are counted on.
    private var mark = HuJSONPlace(line: 1, column: 1)
    private var marked = 0
    /// Names that an object repeats; the first value stands.
    private(set) var duplicates: [HuJSONFault] = []

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The tree of a text, and the names that its objects repeat.
    static func parse(
        _ bytes: [UInt8], maximumBytes: Int
    ) throws(HuJSONFault) -> (root: HuJSONNode, duplicates: [HuJSONFault]) {
        let start = HuJSONPlace(line: 1, column: 1)
        guard bytes.count <= maximumBytes else {
            throw HuJSONFault(code: "too-large", message: "expected at most \(maximumBytes) bytes", place: start)
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw HuJSONFault(code: "not-utf8", message: "expected UTF-8, got other bytes", place: start)
        }
        var parser = HuJSONParser(bytes)
        try parser.skipSpace()
        let root = try parser.value(depth: 0)
        try parser.skipSpace()
        guard parser.peek == nil else { throw parser.fault("expected the end of the text") }
        return (root, parser.duplicates)
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    /// The place of the current position; places are asked for in rising order, so all of them together cost one pass.
    private mutating func place() -> HuJSONPlace {
        while marked < position, marked < bytes.count {
            let byte = bytes[marked]
            if byte == 0x0A {
                mark = HuJSONPlace(line: mark.line + 1, column: 1)
            } else if byte & 0xC0 != 0x80 {
                mark.column += 1
            }
            marked += 1
        }
        return mark
    }

    private mutating func fault(_ message: String, code: String = "hujson-syntax") -> HuJSONFault {
        let got: String
        switch peek {
        case nil: got = ", got the end of the text"
        case let byte? where (0x21...0x7E).contains(byte):
            got = ", got `\(Character(Unicode.Scalar(byte)))`"
        case .some: got = ""
        }
        return HuJSONFault(code: code, message: message + got, place: place())
    }

    private mutating func skipSpace() throws(HuJSONFault) {
        while let byte = peek {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case UInt8(ascii: "/"): try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(HuJSONFault) {
        let next = position + 1 < bytes.count ? bytes[position + 1] : 0
        if next == UInt8(ascii: "/") {
            while let byte = peek, byte != 0x0A { position += 1 }
        } else if next == UInt8(ascii: "*") {
            let start = place()
            position += 2
            while position + 1 < bytes.count {
                if bytes[position] == UInt8(ascii: "*"), bytes[position + 1] == UInt8(ascii: "/") {
                    position += 2
                    return
                }
                position += 1
            }
            throw HuJSONFault(code: "hujson-syntax", message: "expected `*/` after this `/*`", place: start)
        } else {
            throw fault("expected a value or a comment")
        }
    }

    private mutating func value(depth: Int) throws(HuJSONFault) -> HuJSONNode {
        values += 1
        guard values <= Self.maximumValues else {
            throw fault("expected at most \(Self.maximumValues) values", code: "too-large")
        }
        let start = place()
        switch peek {
        case UInt8(ascii: "{"):
            return HuJSONNode(value: .object(try object(depth: depth)), place: start)
        case UInt8(ascii: "["):
            return HuJSONNode(value: .array(try array(depth: depth)), place: start)
        case UInt8(ascii: "\""):
            return HuJSONNode(value: .string(try string()), place: start)
        case UInt8(ascii: "-"), .some(48...57):
            return HuJSONNode(value: .number(try number()), place: start)
        default:
            if takeWord("true") { return HuJSONNode(value: .boolean(true), place: start) }
            if takeWord("false") { return HuJSONNode(value: .boolean(false), place: start) }
            if takeWord("null") { return HuJSONNode(value: .null, place: start) }
            throw fault("expected a value")
        }
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard bytes.count - position >= length else { return false }
        let fits = word.withUTF8Buffer { buffer in buffer.elementsEqual(bytes[position..<position + length]) }
        if fits { position += length }
        return fits
    }

    private mutating func enter(_ depth: Int) throws(HuJSONFault) {
        guard depth < Self.maximumDepth else {
            throw fault("expected at most \(Self.maximumDepth) levels of arrays and objects", code: "too-deep")
        }
        position += 1
        try skipSpace()
    }

    private mutating func object(depth: Int) throws(HuJSONFault) -> [HuJSONMember] {
        try enter(depth)
        var members: [HuJSONMember] = []
        var seen: Set<String> = []
        while !take(UInt8(ascii: "}")) {
            let start = place()
            guard peek == UInt8(ascii: "\"") else { throw fault("expected a name in quotes or `}`") }
            let name = try string()
            try skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("expected `:`") }
            try skipSpace()
            let node = try value(depth: depth + 1)
            if seen.insert(name).inserted {
                members.append(HuJSONMember(name: name, place: start, node: node))
            } else {
                duplicates.append(
                    HuJSONFault(code: "duplicate-key", message: "\(quoted(name)) stands here twice", place: start))
            }
            try skipSpace()
            if take(UInt8(ascii: ",")) {
                try skipSpace()
            } else if peek != UInt8(ascii: "}") {
                throw fault("expected `,` or `}`")
            }
        }
        return members
    }

    private mutating func array(depth: Int) throws(HuJSONFault) -> [HuJSONNode] {
        try enter(depth)
        var items: [HuJSONNode] = []
        while !take(UInt8(ascii: "]")) {
            items.append(try value(depth: depth + 1))
            try skipSpace()
            if take(UInt8(ascii: ",")) {
                try skipSpace()
            } else if peek != UInt8(ascii: "]") {
                throw fault("expected `,` or `]`")
            }
        }
        return items
    }

    private mutating func takeDigits() -> Bool {
        let start = position
        while let byte = peek, (48...57).contains(byte) { position += 1 }
        return position > start
    }

    private mutating func number() throws(HuJSONFault) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(48) { guard takeDigits() else { throw fault("expected a digit") } }
        if take(UInt8(ascii: ".")) { guard takeDigits() else { throw fault("expected a digit") } }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard takeDigits() else { throw fault("expected a digit") }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func string() throws(HuJSONFault) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                position += 1
                text.append(contentsOf: Array(String(try escape()).utf8))
            case 0..<0x20:
                throw fault("expected no control character in a string", code: "control-character")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw fault("expected a closing quote")
    }

    private mutating func escape() throws(HuJSONFault) -> Unicode.Scalar {
        guard let byte = peek else { throw fault("expected an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try hexadecimal()
            if let scalar = Unicode.Scalar(first) { return scalar }
            guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw fault("expected a pair of surrogates", code: "lone-surrogate")
            }
            let second = try hexadecimal()
            guard (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00))
            else { throw fault("expected a pair of surrogates", code: "lone-surrogate") }
            return scalar
        default:
            position -= 1
            throw fault("expected an escape that JSON knows")
        }
    }

    private mutating func hexadecimal() throws(HuJSONFault) -> UInt32 {
        var result: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("expected four hexadecimal digits")
            }
            result = result << 4 | UInt32(digit)
            position += 1
        }
        return result
    }
}
