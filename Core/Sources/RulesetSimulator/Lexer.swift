import NetworkTypes

/// A word of nftables text.
enum Token: Hashable {
    /// Starts with a letter or `_`.
    case word(String)
    /// Starts with a digit: a number, or a time such as `1h30m`.
    case number(String)
    case address(String)
    case quoted(String)
    case symbol(Character)
    case newline
    case end

    /// The token as an error names it.
    var text: String {
        switch self {
        case .word(let text), .number(let text), .address(let text): "`\(text)`"
        case .quoted(let text): "`\"\(text)\"`"
        case .symbol(let character): "`\(character)`"
        case .newline: "end of line"
        case .end: "end of text"
        }
    }
}

/// Cuts nftables text into tokens, by the rules of nft's own scanner.
struct Lexer {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var lineStart = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// All tokens with their places; the last one is `end`.
    static func tokens(_ text: String) throws(RulesetError) -> [(token: Token, place: RulesetError.Place)] {
        var lexer = Lexer(text)
        var result: [(token: Token, place: RulesetError.Place)] = []
        while true {
            lexer.skipBlanks()
            let place = lexer.place
            let token = try lexer.next()
            result.append((token, place))
            if token == .end { return result }
        }
    }

    private var place: RulesetError.Place { .text(line: line, column: index - lineStart + 1) }

    private mutating func skipBlanks() {
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): index += 1
            case UInt8(ascii: "#"): while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            case UInt8(ascii: "\\") where index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n"):
                index += 2
                line += 1
                lineStart = index
            default: return
            }
        }
    }

    private mutating func next() throws(RulesetError) -> Token {
        guard index < bytes.count else { return .end }
        let byte = bytes[index]
        switch byte {
        case UInt8(ascii: "\n"):
            index += 1
            line += 1
            lineStart = index
            return .newline
        case UInt8(ascii: "\""): return try quoted()
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "."),
            UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "|"), UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "@"), UInt8(ascii: "*"):
            index += 1
            return .symbol(Character(UnicodeScalar(byte)))
        default: break
        }
        if let address = address() { return .address(address) }
        if byte == UInt8(ascii: ":") {
            index += 1
            return .symbol(":")
        }
        if Self.isDigit(byte) { return .number(take { Self.isDigit($0) || Self.isLetter($0) }) }
        if Self.isLetter(byte) {
            var word = take { Self.isDigit($0) || Self.isLetter($0) || [45, 46, 47].contains($0) }
            // `eth*` without quotes is a wildcard name.
            if index < bytes.count, bytes[index] == UInt8(ascii: "*") {
                index += 1
                word += "*"
            }
            return .word(word)
        }
        throw RulesetError(place, "expected a word, a number or a symbol, got byte \(byte)")
    }

    private mutating func quoted() throws(RulesetError) -> Token {
        let start = place
        index += 1
        let text = take { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\n") }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
            throw RulesetError(start, "expected a closing `\"` on the same line")
        }
        index += 1
        return .quoted(text)
    }

    /// An address at the current place: the longest run of its characters, without a colon that only follows it.
    private mutating func address() -> String? {
        var end = index
        while end < bytes.count, IPAddressCharacters.contains(bytes[end]) { end += 1 }
        while end > index {
            let run = bytes[index..<end]
            guard run.contains(UInt8(ascii: ".")) || run.contains(UInt8(ascii: ":")) else { return nil }
            let endsTheWord = end == bytes.count || !(Self.isLetter(bytes[end]) || Self.isDigit(bytes[end]))
            if endsTheWord, IPAddress(utf8: run) != nil {
                index = end
                return String(decoding: run, as: UTF8.self)
            }
            guard run.last == UInt8(ascii: ":") || run.last == UInt8(ascii: ".") else { return nil }
            end -= 1
        }
        return nil
    }

    private mutating func take(while accept: (UInt8) -> Bool) -> String {
        let start = index
        while index < bytes.count, accept(bytes[index]) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }
}

/// The bytes that the text forms of addresses consist of.
private enum IPAddressCharacters {
    static func contains(_ byte: UInt8) -> Bool {
        (48...58).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte) || byte == 46
    }
}
