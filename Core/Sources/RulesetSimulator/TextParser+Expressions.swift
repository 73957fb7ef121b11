extension TextParser {
    /// A field that a rule reads, in nft's words.
    mutating func parseField() throws(RulesetError) -> Field {
        let start = place
        let first = try word("a field")
        let name: String
        switch first {
        case "iif", "oif", "iifname", "oifname", "mark", "skuid", "pkttype": name = "meta \(first)"
        case "fib": return try parseFib(start)
        case "ct":
            let second = try word("a key of `ct`")
            if second == "original" {
                let third = try word("a key of `ct original`")
                let isAddress = third == "ip" || third == "ip6"
                name = isAddress ? "ct original \(third) \(try word("an address"))" : "ct original \(third)"
            } else {
                name = "ct \(second)"
            }
        case "ip", "ip6", "th", "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "meta":
            name = "\(first) \(try word("a field of `\(first)`"))"
        default: throw RulesetError(start, "unknown statement or match `\(first)`")
        }
        guard let field = Field(rawValue: name) else { throw RulesetError(start, "unknown match `\(name)`") }
        return field
    }

    private mutating func parseFib(_ start: RulesetError.Place) throws(RulesetError) -> Field {
        var flags: [String] = []
        repeat { flags.append(try word("a flag of `fib`")) } while accept(symbol: ".")
        let name = "fib \(flags.joined(separator: " . ")) \(try word("a result of `fib`"))"
        guard let field = Field(rawValue: name) else { throw RulesetError(start, "unknown match `\(name)`") }
        return field
    }

    /// Fields joined by dots, or one field under a mask.
    mutating func parseKey() throws(RulesetError) -> Expression {
        var fields = [try parseField()]
        while accept(symbol: ".") { fields.append(try parseField()) }
        guard fields.count == 1 else { return .concatenation(fields.map { .field($0) }) }
        if accept(symbol: "&") { return .masked(fields[0], try parseMask()) }
        return .field(fields[0])
    }

    private mutating func parseMask() throws(RulesetError) -> Expression {
        if token == .symbol("(") { return try parseGroup() }
        guard case .literal(let text) = try parsePrimary() else { throw failure("a mask") }
        return .literal(text)
    }

    /// `( a | b )`.
    private mutating func parseGroup() throws(RulesetError) -> Expression {
        try expect(symbol: "(")
        var names: [String] = []
        repeat { names.append(try literal()) } while accept(symbol: "|")
        try expect(symbol: ")")
        return .either(names)
    }

    /// An element's key: values joined by dots.
    mutating func parseConcatenation() throws(RulesetError) -> Expression {
        if accept(symbol: "*") { return .wildcard }
        var parts = [try parsePrimary()]
        while accept(symbol: ".") { parts.append(try parsePrimary()) }
        return parts.count == 1 ? parts[0] : .concatenation(parts)
    }

    /// A value, prefix or range.
    private mutating func parsePrimary() throws(RulesetError) -> Expression {
        let first = try literal()
        if token == .symbol("/"), first.contains(".") || first.contains(":") {
            advance()
            return .prefix(first, Int(try number(upTo: 128)))
        }
        if accept(symbol: "-") { return .range(first, try literal()) }
        return .literal(first)
    }

    private mutating func literal() throws(RulesetError) -> String {
        switch token {
        case .word(let text), .number(let text), .address(let text), .quoted(let text):
            advance()
            return text
        case .symbol, .newline, .end: throw failure("a value")
        }
    }

    /// What a field is compared with: a set, a list of flags, an alternative, or one value.
    mutating func parseRightSide() throws(RulesetError) -> Expression {
        if accept(symbol: "@") { return .reference(try name()) }
        if token == .symbol("{") { return .set(try parseElements().map(\.value)) }
        if token == .symbol("(") { return try parseGroup() }
        let first = try parseConcatenation()
        guard case .literal(let text) = first else { return first }
        var names = [text]
        if token == .symbol("|") {
            while accept(symbol: "|") { names.append(try literal()) }
            return .either(names)
        }
        while accept(symbol: ",") { names.append(try literal()) }
        return names.count == 1 ? first : .list(names)
    }
}
