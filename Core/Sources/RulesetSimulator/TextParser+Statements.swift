extension TextParser {
    mutating func parseRule() throws(RulesetError) -> RuleSyntax {
        var rule = RuleSyntax(place: place)
        while token != .newline, token != .symbol(";"), token != .end {
            if accept("comment") {
                rule.comment = try quoted("a quoted comment")
                break
            }
            let here = place
            rule.statements.append(Located(place: here, value: try parseStatement()))
        }
        guard !rule.statements.isEmpty else { throw failure("a statement") }
        return rule
    }

    private mutating func parseStatement() throws(RulesetError) -> StatementSyntax {
        if let verdict = try parseVerdict() { return .verdict(verdict) }
        guard case .word(let text) = token else { throw failure("a statement") }
        switch text {
        case "reject":
            advance()
            return .reject(try parseReject())
        case "log":
            advance()
            return try parseLog()
        case "counter":
            advance()
            return try parseCounterStatement()
        case "limit":
            advance()
            return .limit(over: try parseLimit())
        case "add", "update", "delete":
            advance()
            return try parseUpdate(text)
        case "notrack":
            advance()
            return .notrack
        default: return try parseMatch()
        }
    }

    private mutating func parseMatch() throws(RulesetError) -> StatementSyntax {
        let key = try parseKey()
        if accept("vmap") {
            if token == .symbol("@") { return .dispatch(key, try parseRightSide()) }
            return .dispatch(key, .set(try parseElements().map(\.value)))
        }
        let relation = try parseRelation()
        let right = try parseRightSide()
        // `tcp flags syn / fin,syn` is `tcp flags & (fin|syn) == syn`.
        if case .field(let field) = key, field.type.isBitmask, accept(symbol: "/") {
            let mask = try parseRightSide()
            return .match(.masked(field, mask), relation == .implicit ? .equal : relation, right)
        }
        return .match(key, relation, right)
    }

    private mutating func parseRelation() throws(RulesetError) -> Relation {
        if accept(symbol: "=") {
            try expect(symbol: "=")
            return .equal
        }
        if accept(symbol: "!") { return accept(symbol: "=") ? .notEqual : .disjoint }
        if accept(symbol: "<") { return accept(symbol: "=") ? .lessOrEqual : .less }
        if accept(symbol: ">") { return accept(symbol: "=") ? .greaterOrEqual : .greater }
        let words: [String: Relation] = [
            "eq": .equal, "ne": .notEqual, "lt": .less, "gt": .greater, "le": .lessOrEqual, "ge": .greaterOrEqual,
        ]
        guard case .word(let text) = token, let relation = words[text] else { return .implicit }
        advance()
        return relation
    }

    private mutating func parseReject() throws(RulesetError) -> RejectKind {
        guard accept("with") else { return .standard }
        let here = place
        let family = try word("`tcp`, `icmp`, `icmpv6` or `icmpx`")
        if family == "tcp" {
            try expect("reset")
            return .tcpReset
        }
        _ = accept("type")
        let code: String
        switch token {
        case .word(let text), .number(let text): code = text
        case .address, .quoted, .symbol, .newline, .end: throw failure("a code")
        }
        advance()
        guard let kind = RejectKind(family: family, code: code) else {
            throw RulesetError(here, "unknown answer `\(family) \(code)` of `reject`")
        }
        return kind
    }

    /// The options of `log` in any order (nft(8), "Log statement").
    private mutating func parseLog() throws(RulesetError) -> StatementSyntax {
        var prefix = ""
        var group: UInt16?
        while case .word(let option) = token {
            switch option {
            case "prefix":
                advance()
                prefix = try quoted("a quoted prefix")
            case "group":
                advance()
                group = UInt16(truncatingIfNeeded: try number(upTo: 0xFFFF))
            case "snaplen", "queue-threshold":
                advance()
                _ = try number(upTo: 0xFFFF_FFFF)
            case "level":
                advance()
                let here = place
                let level = try word("a level")
                guard LogOptions.levels.contains(level) else { throw RulesetError(here, "unknown level `\(level)`") }
            case "flags":
                advance()
                try parseLogFlags()
            default: return .log(prefix: prefix, group: group)
            }
        }
        return .log(prefix: prefix, group: group)
    }

    private mutating func parseLogFlags() throws(RulesetError) {
        if accept("tcp") {
            repeat {
                guard accept("sequence") || accept("options") else { throw failure("`sequence` or `options`") }
            } while accept(symbol: ",")
        } else if accept("ip") {
            try expect("options")
        } else {
            guard accept("skuid") || accept("ether") || accept("all") else { throw failure("a flag of `log`") }
        }
    }

    private mutating func parseCounterStatement() throws(RulesetError) -> StatementSyntax {
        if accept("name") {
            if case .quoted(let text) = token {
                advance()
                return .counter(text)
            }
            return .counter(try name())
        }
        try parseCounts()
        return .counter(nil)
    }

    /// `limit rate [over] N[ unit]/time [burst N unit]`; whether it is a limit on what is over.
    private mutating func parseLimit() throws(RulesetError) -> Bool {
        try expect("rate")
        let over = accept("over")
        _ = try number()
        if case .word(let unit) = token { try parseRateUnit(unit) } else { try expect(symbol: "/") }
        guard ["second", "minute", "hour", "day", "week"].contains(where: { accept($0) }) else {
            throw failure("a unit of time")
        }
        if accept("burst") {
            _ = try number()
            guard ["packets", "bytes", "kbytes", "mbytes"].contains(where: { accept($0) }) else {
                throw failure("`packets` or `bytes`")
            }
        }
        return over
    }

    /// `kbytes/second` is one word to the scanner, `kbytes / second` three.
    private mutating func parseRateUnit(_ unit: String) throws(RulesetError) {
        let parts = unit.split(separator: "/", omittingEmptySubsequences: false)
        guard let size = parts.first, ["bytes", "kbytes", "mbytes"].contains(size), parts.count <= 2 else {
            throw failure("`/` or a unit of size")
        }
        if parts.count == 2 {
            keep(rest: String(parts[1]))
        } else {
            advance()
            try expect(symbol: "/")
        }
    }

    /// `add @set { key timeout 1m limit rate 5/second }`.
    private mutating func parseUpdate(_ verb: String) throws(RulesetError) -> StatementSyntax {
        guard let operation = SetOperation(rawValue: verb) else { throw failure("`add`, `update` or `delete`") }
        try expect(symbol: "@")
        let set = try name()
        try expect(symbol: "{")
        let key = try parseKey()
        var limits: [Bool] = []
        while !accept(symbol: "}") {
            if accept("timeout") {
                try duration()
            } else if accept("limit") {
                limits.append(try parseLimit())
            } else if accept("counter") {
                try parseCounts()
            } else if accept("comment") {
                _ = try quoted("a quoted comment")
            } else {
                throw failure("`}`")
            }
        }
        return .update(operation, set: set, key: key, limits: limits)
    }
}

/// What `log` may carry without an effect on the decision.
enum LogOptions {
    static let levels: Set<String> = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"]
    static let flags: Set<String> = ["tcp sequence", "tcp options", "ip options", "skuid", "ether", "all"]
}
