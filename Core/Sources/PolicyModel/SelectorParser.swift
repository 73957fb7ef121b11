/// Why a text is not a selector, and where.
public struct SelectorError: Error, Hashable, Sendable {
    /// The place in the text, in bytes from its start.
    public let offset: Int
    /// What was expected and what was got, lower case, without a final stop.
    public let message: String
}

extension Selector {
    /// How deep parentheses and `not` may nest; deeper text is refused, so that no text exhausts the stack.
    public static let maximumDepth = 64
    /// How long the text may be, in bytes.
    public static let maximumLength = 65_536

    /// Reads the text form.
    ///
    /// `or` binds weaker than `and`, which binds weaker than `not`. Values that hold other characters than letters,
    /// digits, `_ - . / :` stand in double quotes, where `\"` and `\\` are escapes.
    ///
    /// - Throws: `SelectorError` with the place of the first fault.
    public init(parsing text: some StringProtocol) throws(SelectorError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw SelectorError(
                offset: 0, message: "expected at most \(Self.maximumLength) bytes of selector, got \(text.utf8.count)")
        }
        var parser = SelectorParser(bytes: Array(text.utf8))
        self = try parser.parseWhole()
    }
}

private struct SelectorParser {
    enum Token: Equatable {
        case word(String)
        case quoted(String)
        case open, close, comma, equal, unequal, end
    }

    let bytes: [UInt8]
    var position = 0
    var tokenStart = 0
    var token = Token.end

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func parseWhole() throws(SelectorError) -> Selector {
        try advance()
        let result = try parseOr(depth: 0)
        guard token == .end else { throw unexpected("`and`, `or` or the end") }
        return result
    }

    private mutating func parseOr(depth: Int) throws(SelectorError) -> Selector {
        var parts = [try parseAnd(depth: depth)]
        while token == .word("or") {
            try advance()
            parts.append(try parseAnd(depth: depth))
        }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func parseAnd(depth: Int) throws(SelectorError) -> Selector {
        var parts = [try parseUnary(depth: depth)]
        while token == .word("and") {
            try advance()
            parts.append(try parseUnary(depth: depth))
        }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func parseUnary(depth: Int) throws(SelectorError) -> Selector {
        guard depth < Selector.maximumDepth else {
            throw SelectorError(
                offset: tokenStart, message: "expected at most \(Selector.maximumDepth) levels of nesting")
        }
        switch token {
        case .word("not"):
            try advance()
            return .not(try parseUnary(depth: depth + 1))
        case .word("and"):
            try advance()
            return .and(try parseGroup(depth: depth))
        case .word("or"):
            try advance()
            return .or(try parseGroup(depth: depth))
        case .open:
            try advance()
            let inner = try parseOr(depth: depth + 1)
            try expect(.close, "`)`")
            return inner
        case .word("all"):
            try advance()
            return .all
        case .word(let name):
            guard let key = LabelKey(name) else { throw unexpected("a label dimension") }
            try advance()
            return try parseTest(key)
        case .quoted, .close, .comma, .equal, .unequal, .end:
            throw unexpected("a label dimension, `not`, `all` or `(`")
        }
    }

    /// The prefix forms `and (…)` and `or (…)` write a group of none or one.
    private mutating func parseGroup(depth: Int) throws(SelectorError) -> [Selector] {
        try expect(.open, "`(`")
        if token == .close {
            try advance()
            return []
        }
        let inner = try parseOr(depth: depth + 1)
        try expect(.close, "`)`")
        return [inner]
    }

    private mutating func parseTest(_ key: LabelKey) throws(SelectorError) -> Selector {
        switch token {
        case .equal:
            try advance()
            return .equals(key, try parseValue())
        case .unequal:
            try advance()
            return .notEquals(key, try parseValue())
        case .word("in"):
            try advance()
            return .isIn(key, try parseValues())
        case .word("exists"):
            try advance()
            return .exists(key)
        case .word("not"):
            try advance()
            if token == .word("exists") {
                try advance()
                return .notExists(key)
            }
            try expect(.word("in"), "`in` or `exists`")
            return .notIn(key, try parseValues())
        case .word, .quoted, .open, .close, .comma, .end:
            throw unexpected("`=`, `!=`, `in`, `not in`, `exists` or `not exists` after `\(key)`")
        }
    }

    private mutating func parseValues() throws(SelectorError) -> [LabelValue] {
        try expect(.open, "`(`")
        var values: [LabelValue] = []
        if token == .close {
            try advance()
            return values
        }
        values.append(try parseValue())
        while token == .comma {
            try advance()
            values.append(try parseValue())
        }
        try expect(.close, "`,` or `)`")
        return values
    }

    private mutating func parseValue() throws(SelectorError) -> LabelValue {
        let text: String
        switch token {
        case .word(let word) where !Selector.keywords.contains(word): text = word
        case .quoted(let inner): text = inner
        case .word, .open, .close, .comma, .equal, .unequal, .end: throw unexpected("a label value")
        }
        guard let value = LabelValue(text) else { throw unexpected("a label value of printable ASCII") }
        try advance()
        return value
    }

    private mutating func expect(_ wanted: Token, _ name: String) throws(SelectorError) {
        guard token == wanted else { throw unexpected(name) }
        try advance()
    }

    private func unexpected(_ wanted: String) -> SelectorError {
        let got = token == .end ? "the end" : "`\(String(decoding: bytes[tokenStart..<position], as: UTF8.self))`"
        return SelectorError(offset: tokenStart, message: "expected \(wanted), got \(got)")
    }

    private mutating func advance() throws(SelectorError) {
        while position < bytes.count, bytes[position] == 0x20 || (9...13).contains(bytes[position]) { position += 1 }
        tokenStart = position
        guard position < bytes.count else {
            token = .end
            return
        }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "("): single(.open)
        case UInt8(ascii: ")"): single(.close)
        case UInt8(ascii: ","): single(.comma)
        case UInt8(ascii: "="): single(.equal)
        case UInt8(ascii: "!") where position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "="):
            position += 2
            token = .unequal
        case UInt8(ascii: "\""): token = .quoted(try scanQuoted())
        default:
            while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
            guard position > tokenStart else {
                position += 1
                throw unexpectedByte(byte)
            }
            token = .word(String(decoding: bytes[tokenStart..<position], as: UTF8.self))
        }
    }

    private func unexpectedByte(_ byte: UInt8) -> SelectorError {
        let got = (0x21...0x7E).contains(byte) ? "`\(Character(UnicodeScalar(byte)))`" : "byte \(byte)"
        return SelectorError(offset: tokenStart, message: "expected a word, a quoted value or a sign, got \(got)")
    }

    private mutating func single(_ value: Token) {
        position += 1
        token = value
    }

    private mutating func scanQuoted() throws(SelectorError) -> String {
        var value: [UInt8] = []
        position += 1
        while position < bytes.count {
            var byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: value, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard position < bytes.count else { break }
                byte = bytes[position]
                position += 1
                guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                    throw SelectorError(offset: position - 2, message: "expected the escape `\\\"` or `\\\\`")
                }
            }
            value.append(byte)
        }
        throw SelectorError(offset: tokenStart, message: "expected a closing quotation mark")
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        LabelKey.isLetter(byte) || LabelKey.isDigit(byte) || LabelKey.isMark(byte) || byte == UInt8(ascii: ":")
    }
}
