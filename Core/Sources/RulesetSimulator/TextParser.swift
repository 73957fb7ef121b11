/// Reads the text that `nft -f` takes for one table of family inet, and that `nft list table` prints.
///
/// In front of the table, `add`, `delete` and `flush` of the same table are accepted: they make a load replace.
struct TextParser {
    private var tokens: [(token: Token, place: RulesetError.Place)]
    private var index = 0
    var table = TableSyntax(name: "")
    /// The names of chains and of sets that were seen; the two are apart in nft.
    var chainNames: Set<String> = []
    var setNames: Set<String> = []

    init(_ text: String) throws(RulesetError) { tokens = try Lexer.tokens(text) }

    static func parse(_ text: String) throws(RulesetError) -> TableSyntax {
        var parser = try TextParser(text)
        try parser.parseFile()
        return parser.table
    }

    // MARK: Tokens

    var token: Token { tokens[index].token }
    var place: RulesetError.Place { tokens[index].place }

    mutating func advance() {
        if index + 1 < tokens.count { index += 1 }
    }

    /// Leaves only the rest of a word that the scanner took as one.
    mutating func keep(rest: String) { tokens[index].token = .word(rest) }

    func failure(_ expected: String) -> RulesetError {
        RulesetError(place, "expected \(expected), got \(token.text)")
    }

    mutating func accept(symbol: Character) -> Bool {
        guard token == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func accept(_ word: String) -> Bool {
        guard token == .word(word) else { return false }
        advance()
        return true
    }

    mutating func expect(symbol: Character) throws(RulesetError) {
        guard accept(symbol: symbol) else { throw failure("`\(symbol)`") }
    }

    mutating func expect(_ word: String) throws(RulesetError) {
        guard accept(word) else { throw failure("`\(word)`") }
    }

    /// The name of a table, chain, set or counter: nft's grammar wants a letter or `_` in front.
    mutating func name() throws(RulesetError) -> String {
        guard case .word(let text) = token, !text.hasSuffix("*") else { throw failure("a name") }
        advance()
        return text
    }

    mutating func word(_ what: String) throws(RulesetError) -> String {
        guard case .word(let text) = token else { throw failure(what) }
        advance()
        return text
    }

    mutating func quoted(_ what: String) throws(RulesetError) -> String {
        guard case .quoted(let text) = token else { throw failure(what) }
        advance()
        return text
    }

    mutating func number(upTo highest: UInt64 = .max) throws(RulesetError) -> UInt64 {
        guard case .number(let text) = token, let value = Datatype.number(text), value <= UInt128(highest) else {
            throw failure("a number up to \(highest)")
        }
        advance()
        return UInt64(truncatingIfNeeded: value)
    }

    /// A time such as `1h30m`; its length decides nothing here.
    mutating func duration() throws(RulesetError) {
        guard case .number(let text) = token, Self.isDuration(text) else { throw failure("a time such as `1h30m`") }
        advance()
    }

    static func isDuration(_ text: String) -> Bool {
        var digits = 0
        var unit = ""
        for character in text + "0" {
            if character.isASCII, character.isNumber {
                if !unit.isEmpty, !["d", "h", "m", "s", "ms"].contains(unit) { return false }
                unit = ""
                digits += 1
            } else {
                guard digits > 0 else { return false }
                unit.append(character)
            }
        }
        return digits > 1
    }

    mutating func skipNewlines() { while token == .newline { advance() } }

    mutating func skipSeparators() { while token == .newline || token == .symbol(";") { advance() } }

    /// A statement ends with a line or `;`; nft refuses a `}` on the same line.
    mutating func endOfStatement() throws(RulesetError) {
        guard token == .newline || token == .symbol(";") || token == .end else { throw failure("end of line or `;`") }
        skipSeparators()
    }

    // MARK: The table

    private mutating func parseFile() throws(RulesetError) {
        var named: [String] = []
        skipSeparators()
        while !tableFollows() {
            let verb = try word("`table inet NAME {`")
            guard ["add", "delete", "flush"].contains(verb) else {
                throw RulesetError(place, "expected a table, got `\(verb)`")
            }
            named.append(try tableHeader())
            try endOfStatement()
        }
        table.name = try tableHeader()
        if let other = named.first(where: { $0 != table.name }) {
            throw RulesetError(place, "expected only table `\(table.name)`, got `\(other)` as well")
        }
        try expect(symbol: "{")
        skipSeparators()
        while !accept(symbol: "}") { try parseTableItem() }
        skipSeparators()
        guard token == .end else { throw failure("the end after one table") }
    }

    private func tableFollows() -> Bool { token == .word("table") || token == .end }

    private mutating func tableHeader() throws(RulesetError) -> String {
        try expect("table")
        try expect("inet")
        return try name()
    }

    private mutating func parseTableItem() throws(RulesetError) {
        let start = place
        switch try word("`chain`, `set`, `map` or `counter`") {
        case "chain": try parseChain(start)
        case "set": try parseSet(start, isMap: false)
        case "map": try parseSet(start, isMap: true)
        case "counter": try parseCounter(start)
        case "comment": _ = try quoted("a quoted comment")
        case let other: throw RulesetError(start, "expected `chain`, `set`, `map` or `counter`, got `\(other)`")
        }
        try endOfStatement()
    }

    private mutating func parseCounter(_ start: RulesetError.Place) throws(RulesetError) {
        let name = try name()
        try expect(symbol: "{")
        skipSeparators()
        while !accept(symbol: "}") {
            if accept("comment") {
                _ = try quoted("a quoted comment")
            } else {
                try expect("packets")
                _ = try number()
                try expect("bytes")
                _ = try number()
            }
            try endOfStatement()
        }
        guard !table.counters.contains(name) else { throw RulesetError(start, "counter `\(name)` stands twice") }
        table.counters.append(name)
    }

    private mutating func parseChain(_ start: RulesetError.Place) throws(RulesetError) {
        let name = try name()
        guard chainNames.insert(name).inserted else {
            throw RulesetError(start, "chain `\(name)` stands twice")
        }
        var chain = ChainSyntax(place: start, name: name)
        try expect(symbol: "{")
        skipSeparators()
        while !accept(symbol: "}") {
            if token == .word("type") {
                guard chain.base == nil else { throw failure("one `type` in a chain") }
                chain.base = try parseBase()
            } else if token == .word("policy") {
                let here = place
                advance()
                let policy = try policy(word("`accept` or `drop`"), here)
                guard chain.base != nil else { throw RulesetError(here, "expected a policy only in a base chain") }
                chain.base?.policy = policy
            } else if accept("comment") {
                _ = try quoted("a quoted comment")
            } else {
                chain.rules.append(try parseRule())
            }
            try endOfStatement()
        }
        table.chains.append(chain)
    }

    private func policy(_ text: String, _ place: RulesetError.Place) throws(RulesetError) -> Policy {
        guard let policy = Policy(rawValue: text) else {
            throw RulesetError(place, "expected `accept` or `drop`, got `\(text)`")
        }
        return policy
    }

    private mutating func parseBase() throws(RulesetError) -> (Hook, Int, Policy) {
        try expect("type")
        guard accept("filter") else { throw failure("`filter`, the only chain type known here") }
        try expect("hook")
        guard case .word(let text) = token, let hook = Hook(rawValue: text) else { throw failure("a hook of inet") }
        advance()
        try expect("priority")
        return (hook, try parsePriority(hook), .accept)
    }

    /// A number, or a name with an offset (nft(8), "Standard priority names").
    private mutating func parsePriority(_ hook: Hook) throws(RulesetError) -> Int {
        let names = [
            "raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100,
        ]
        var base = 0
        let named: Bool
        if case .word(let text) = token {
            guard let value = names[text], text != "dstnat" || hook == .prerouting,
                text != "srcnat" || hook == .postrouting
            else { throw failure("a priority of this hook") }
            base = value
            named = true
            advance()
        } else {
            named = false
        }
        if accept(symbol: "-") { return base - Int(try number(upTo: 0x3FFF_FFFF)) }
        if accept(symbol: "+") { return base + Int(try number(upTo: 0x3FFF_FFFF)) }
        return named ? base : Int(try number(upTo: 0x3FFF_FFFF))
    }
}
