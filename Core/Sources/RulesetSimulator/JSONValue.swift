/// A JSON value (RFC 8259), just enough of it for what `nft -j` prints: whole numbers, objects in their order.
indirect enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Int64)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// What the value is, for an error.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text): "`\(text)`"
        case .array: "an array"
        case .object(let members): members.first.map { "an object with `\($0.name)`" } ?? "an empty object"
        }
    }
}

/// A name and its value in a JSON object.
struct JSONMember: Hashable, Sendable {
    var name: String
    var value: JSONValue
}

/// Reads JSON text; nesting is bounded, doubled names are refused.
struct JSONScanner {
    private let bytes: [UInt8]
    private var index = 0
    private static let deepest = 64

    static func parse(_ text: String) throws(RulesetError) -> JSONValue {
        var scanner = JSONScanner(bytes: Array(text.utf8))
        let value = try scanner.value(depth: 0)
        scanner.skipBlanks()
        guard scanner.index == scanner.bytes.count else { throw scanner.failure("the end") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func failure(_ expected: String) -> RulesetError {
        let before = bytes.prefix(index)
        let line = before.reduce(1) { $0 + ($1 == 10 ? 1 : 0) }
        let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
        let got = index < bytes.count ? "byte \(bytes[index])" : "the end"
        return RulesetError(.text(line: line, column: index - start + 1), "expected \(expected), got \(got)")
    }

    private mutating func skipBlanks() {
        while index < bytes.count, [32, 9, 10, 13].contains(bytes[index]) { index += 1 }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func accept(word: String) -> Bool {
        guard bytes[index...].starts(with: word.utf8) else { return false }
        index += word.utf8.count
        return true
    }

    private mutating func value(depth: Int) throws(RulesetError) -> JSONValue {
        guard depth < Self.deepest else { throw failure("at most \(Self.deepest) levels") }
        if accept("{") { return try object(depth: depth) }
        if accept("[") {
            var items: [JSONValue] = []
            if accept("]") { return .array(items) }
            repeat { items.append(try value(depth: depth + 1)) } while accept(",")
            guard accept("]") else { throw failure("`]`") }
            return .array(items)
        }
        if accept("\"") { return .string(try string()) }
        if accept(word: "null") { return .null }
        if accept(word: "true") { return .boolean(true) }
        if accept(word: "false") { return .boolean(false) }
        let start = index
        while index < bytes.count, bytes[index] == 45 || (48...57).contains(bytes[index]) { index += 1 }
        guard let number = Int64(String(decoding: bytes[start..<index], as: UTF8.self)) else {
            throw failure("a value with a whole number")
        }
        if index < bytes.count, [46, 69, 101].contains(bytes[index]) { throw failure("a whole number") }
        return .number(number)
    }

    private mutating func object(depth: Int) throws(RulesetError) -> JSONValue {
        var members: [JSONMember] = []
        if accept("}") { return .object(members) }
        repeat {
            guard accept("\"") else { throw failure("a name") }
            let name = try string()
            guard !members.contains(where: { $0.name == name }) else { throw failure("`\(name)` once") }
            guard accept(":") else { throw failure("`:`") }
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
        } while accept(",")
        guard accept("}") else { throw failure("`}`") }
        return .object(members)
    }

    private mutating func string() throws(RulesetError) -> String {
        var text: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escape()
            case 0..<32: throw failure("no control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("a closing `\"`")
    }

    private mutating func escape() throws(RulesetError) -> [UInt8] {
        guard index < bytes.count else { throw failure("an escape") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "u"):
            let digits = String(decoding: bytes[index...].prefix(4), as: UTF8.self)
            guard digits.utf8.count == 4, let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
                throw failure("a character that is not a surrogate")
            }
            index += 4
            return Array(String(Character(scalar)).utf8)
        default: throw failure("an escape of JSON")
        }
    }
}
