extension TextParser {
    mutating func parseSet(_ start: RulesetError.Place, isMap: Bool) throws(RulesetError) {
        let name = try name()
        guard setNames.insert(name).inserted else {
            throw RulesetError(start, "set `\(name)` stands twice")
        }
        var set = SetSyntax(place: start, name: name, isMap: isMap)
        try expect(symbol: "{")
        skipSeparators()
        while !accept(symbol: "}") {
            try parseProperty(of: &set)
            try endOfStatement()
        }
        guard !set.types.isEmpty else { throw RulesetError(start, "expected a type in set `\(name)`") }
        table.sets.append(set)
    }

    private mutating func parseProperty(of set: inout SetSyntax) throws(RulesetError) {
        let here = place
        switch try word("a property of a set") {
        case "type":
            repeat {
                let text = try word("a type")
                guard let type = Datatype(setType: text) else { throw RulesetError(here, "unknown type `\(text)`") }
                set.types.append(type)
            } while accept(symbol: ".")
            try parseMapType(set)
        case "typeof":
            repeat { set.types.append(try parseField().type) } while accept(symbol: ".")
            try parseMapType(set)
        case "flags":
            repeat {
                let text = try word("a flag")
                guard let flag = SetFlag(rawValue: text) else { throw RulesetError(here, "unknown flag `\(text)`") }
                set.flags.insert(flag)
            } while accept(symbol: ",")
        case "size": set.size = Int(try number(upTo: 0xFFFF_FFFF))
        case "timeout":
            set.flags.insert(.timeout)
            try duration()
        case "gc-interval": try duration()
        case "policy":
            guard accept("memory") || accept("performance") else { throw failure("`memory` or `performance`") }
        case "auto-merge": set.merges = true
        case "counter": try parseCounts()
        case "comment": _ = try quoted("a quoted comment")
        case "elements":
            try expect(symbol: "=")
            set.elements += try parseElements()
        case let other: throw RulesetError(here, "unknown property `\(other)` of a set")
        }
    }

    private mutating func parseMapType(_ set: SetSyntax) throws(RulesetError) {
        guard set.isMap else { return }
        try expect(symbol: ":")
        guard accept("verdict") else { throw failure("`verdict`, the only map value known here") }
    }

    /// Elements between braces; line breaks count only as blanks.
    mutating func parseElements() throws(RulesetError) -> [Located<ElementSyntax>] {
        var elements: [Located<ElementSyntax>] = []
        try expect(symbol: "{")
        skipNewlines()
        repeat {
            skipNewlines()
            if token == .symbol("}"), !elements.isEmpty { break }
            let here = place
            elements.append(Located(place: here, value: try parseElement()))
            skipNewlines()
        } while accept(symbol: ",")
        try expect(symbol: "}")
        return elements
    }

    private mutating func parseElement() throws(RulesetError) -> ElementSyntax {
        var element = ElementSyntax(key: try parseConcatenation(), verdict: nil)
        options: while case .word(let text) = token {
            switch text {
            case "timeout", "expires":
                advance()
                try duration()
            case "comment":
                advance()
                _ = try quoted("a quoted comment")
            case "counter":
                advance()
                try parseCounts()
            default: break options
            }
        }
        skipNewlines()
        if accept(symbol: ":") {
            skipNewlines()
            guard let verdict = try parseVerdict() else { throw failure("a verdict") }
            element.verdict = verdict
        }
        return element
    }

    mutating func parseCounts() throws(RulesetError) {
        guard accept("packets") else { return }
        _ = try number()
        try expect("bytes")
        _ = try number()
    }

    mutating func parseVerdict() throws(RulesetError) -> VerdictSyntax? {
        guard case .word(let text) = token else { return nil }
        switch text {
        case "accept":
            advance()
            return .accept
        case "drop":
            advance()
            return .drop
        case "return":
            advance()
            return .return
        case "continue":
            advance()
            return .continue
        case "jump":
            advance()
            return .jump(try name())
        case "goto":
            advance()
            return .goto(try name())
        default: return nil
        }
    }
}

extension Datatype {
    /// The type that a set declares by this name; types without a name of their own cannot be declared.
    init?(setType text: String) {
        guard !text.contains(" "), let type = Datatype(rawValue: text) else { return nil }
        self = type
    }
}
