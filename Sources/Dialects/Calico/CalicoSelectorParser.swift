/// Why a text is no selector.
package struct CalicoSelectorFault: Error, Hashable {
    /// What was expected and what was got.
    package let message: String
}

extension CalicoSelector {
    /// Reads the text form (projectcalico/calico, `libcalico-go/lib/selector/tokenizer` and `parser`); no text at all is `all()`.
    package init(parsing text: String) throws(CalicoSelectorFault) {
        let tokens = try CalicoTokenizer.tokens(text)
        guard !tokens.isEmpty else {
            self = .all
            return
        }
        var parser = CalicoSelectorParser(tokens: tokens[...])
        self = try parser.either(depth: 0)
        guard parser.tokens.isEmpty else { throw parser.fault("the end, `&&` or `||`") }
    }
}

/// The words of selectors.
private enum CalicoToken: Hashable {
    case label(String)
    case string(String)
    case has(String)
    case all
    case global
    case mark(String)
    case word(String)

    var text: String {
        switch self {
        case .label(let text), .mark(let text), .word(let text): text
        case .string(let text): "\"\(text)\""
        case .has(let key): "has(\(key))"
        case .all: "all()"
        case .global: "global()"
        }
    }
}

/// Cuts a text into words: operators that are words count only right after a label.
private struct CalicoTokenizer {
    private var rest: Substring.UTF8View

    static func tokens(_ text: String) throws(CalicoSelectorFault) -> [CalicoToken] {
        var cutter = CalicoTokenizer(rest: Substring(text).utf8)
        var tokens: [CalicoToken] = []
        while let token = try cutter.next(after: tokens.last) { tokens.append(token) }
        return tokens
    }

    private mutating func next(after last: CalicoToken?) throws(CalicoSelectorFault) -> CalicoToken? {
        skipBlanks()
        guard let first = rest.first else { return nil }
        for mark in ["==", "!=", "&&", "||", "(", ")", "{", "}", ",", "!"] where take(mark) { return .mark(mark) }
        switch first {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: first) else {
                throw CalicoSelectorFault(message: "expected a text to end with its quotation mark")
            }
            defer { rest = rest[rest.index(after: end)...] }
            return .string(String(Substring(rest[..<end])))
        case UInt8(ascii: "="), UInt8(ascii: "&"), UInt8(ascii: "|"):
            throw CalicoSelectorFault(message: "expected `==`, `&&` or `||`, got `\(shown)`")
        default: break
        }
        if case .label(let key) = last { return .word(try word(after: key)) }
        if take("has(") {
            skipBlanks()
            let key = label()
            skipBlanks()
            guard !key.isEmpty, take(")") else {
                throw CalicoSelectorFault(message: "expected a label and `)` after `has(`, got `\(shown)`")
            }
            return .has(key)
        }
        for (start, token) in [("all(", CalicoToken.all), ("global(", .global)] where take(start) {
            skipBlanks()
            guard take(")") else { throw CalicoSelectorFault(message: "expected `)` after `\(start)`, got `\(shown)`") }
            return token
        }
        let key = label()
        guard !key.isEmpty else {
            throw CalicoSelectorFault(message: "expected a label, a text or an operator, got `\(shown)`")
        }
        return .label(key)
    }

    private mutating func word(after key: String) throws(CalicoSelectorFault) -> String {
        for (word, second) in [("contains", ""), ("starts", "with"), ("ends", "with"), ("not", "in"), ("in", "")]
        where take(word) {
            skipBlanks()
            guard second.isEmpty || take(second) else { break }
            return word
        }
        throw CalicoSelectorFault(message: "expected an operator after label `\(key.prefix(60))`, got `\(shown)`")
    }

    private mutating func label() -> String {
        let end =
            rest.firstIndex {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F: false
                default: true
                }
            } ?? rest.endIndex
        defer { rest = rest[end...] }
        return String(Substring(rest[..<end]))
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func skipBlanks() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }

    private var shown: String { rest.isEmpty ? "the end" : String(Substring(rest.prefix(20))) }
}

/// Puts words together: `||` binds weakest, then `&&`, then `!`.
private struct CalicoSelectorParser {
    var tokens: ArraySlice<CalicoToken>

    /// How deep parentheses may nest.
    static let maximumDepth = 64

    mutating func either(depth: Int) throws(CalicoSelectorFault) -> CalicoSelector {
        var parts = [try both(depth: depth)]
        while take("||") { parts.append(try both(depth: depth)) }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func both(depth: Int) throws(CalicoSelectorFault) -> CalicoSelector {
        var parts = [try term(depth: depth)]
        while take("&&") { parts.append(try term(depth: depth)) }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func term(depth: Int) throws(CalicoSelectorFault) -> CalicoSelector {
        var isNegated = false
        while take("!") { isNegated.toggle() }
        let inner = try operation(depth: depth)
        return isNegated ? .not(inner) : inner
    }

    private mutating func operation(depth: Int) throws(CalicoSelectorFault) -> CalicoSelector {
        switch tokens.first {
        case .has(let key):
            tokens = tokens.dropFirst()
            return .has(key)
        case .all:
            tokens = tokens.dropFirst()
            return .all
        case .global:
            tokens = tokens.dropFirst()
            return .global
        case .label(let key):
            tokens = tokens.dropFirst()
            return try comparison(key)
        case .mark("("):
            guard depth < Self.maximumDepth else {
                throw CalicoSelectorFault(message: "expected at most \(Self.maximumDepth) levels of parentheses")
            }
            tokens = tokens.dropFirst()
            let inner = try either(depth: depth + 1)
            guard take(")") else { throw fault("`)`") }
            return inner
        case .string, .mark, .word, nil: throw fault("a label, `has(…)`, `all()` or `(`")
        }
    }

    private mutating func comparison(_ key: String) throws(CalicoSelectorFault) -> CalicoSelector {
        let sign = tokens.first
        tokens = tokens.dropFirst()
        switch sign {
        case .mark("=="): return .equals(key, try string())
        case .mark("!="): return .notEquals(key, try string())
        case .word("contains"): return .contains(key, try string())
        case .word("starts"): return .starts(key, try string())
        case .word("ends"): return .ends(key, try string())
        case .word("in"): return .isIn(key, try strings())
        case .word("not"): return .notIn(key, try strings())
        default:
            throw CalicoSelectorFault(
                message:
                    "expected an operator after label `\(key.prefix(60))`, got `\(sign?.text.prefix(20) ?? "the end")`")
        }
    }

    private mutating func string() throws(CalicoSelectorFault) -> String {
        guard case .string(let text) = tokens.first else { throw fault("a text in quotation marks") }
        tokens = tokens.dropFirst()
        return text
    }

    /// A list in braces, which may be empty or end with a comma.
    private mutating func strings() throws(CalicoSelectorFault) -> [String] {
        guard take("{") else { throw fault("`{` and texts in quotation marks") }
        var values: [String] = []
        while case .string(let text) = tokens.first {
            tokens = tokens.dropFirst()
            if !values.contains(text) { values.append(text) }
            guard take(",") else { break }
        }
        guard take("}") else { throw fault("`}`") }
        return values
    }

    private mutating func take(_ mark: String) -> Bool {
        guard tokens.first == .mark(mark) else { return false }
        tokens = tokens.dropFirst()
        return true
    }

    func fault(_ expected: String) -> CalicoSelectorFault {
        CalicoSelectorFault(message: "expected \(expected), got `\(tokens.first?.text.prefix(20) ?? "the end")`")
    }
}
