extension JSONReader {
    /// The elements of a set or, as pairs, of a map.
    static func elements(_ node: JSONNode, isMap: Bool) throws(RulesetError) -> [Located<ElementSyntax>] {
        var result: [Located<ElementSyntax>] = []
        for item in try node.items() {
            guard isMap else {
                result.append(Located(place: item.place, value: ElementSyntax(key: try key(item), verdict: nil)))
                continue
            }
            let pair = try item.items()
            guard pair.count == 2 else { throw item.failure("a key and a verdict") }
            let (name, value) = try pair[1].only()
            guard let verdict = try verdict(name, value) else { throw pair[1].failure("a verdict") }
            result.append(Located(place: item.place, value: ElementSyntax(key: try key(pair[0]), verdict: verdict)))
        }
        return result
    }

    static func verdict(_ name: String, _ node: JSONNode) throws(RulesetError) -> VerdictSyntax? {
        switch name {
        case "accept":
            try node.null()
            return .accept
        case "drop":
            try node.null()
            return .drop
        case "return":
            try node.null()
            return .return
        case "continue":
            try node.null()
            return .continue
        case "jump": return .jump(try node.members(["target"]).required("target", in: node).string())
        case "goto": return .goto(try node.members(["target"]).required("target", in: node).string())
        default: return nil
        }
    }

    /// A key of a set: a value, prefix, range, concatenation, or one of them with options.
    private static func key(_ node: JSONNode) throws(RulesetError) -> Expression {
        guard case .object = node.value else {
            let text = try node.literal()
            return text == "*" ? .wildcard : .literal(text)
        }
        let (name, inner) = try node.only()
        switch name {
        case "elem":
            let members = try inner.members(["val", "timeout", "expires", "comment", "counter"])
            return try key(members.required("val", in: inner))
        case "concat":
            return .concatenation(try inner.items().map { item throws(RulesetError) in try key(item) })
        default: return try value(node)
        }
    }

    /// What stands right of a match, or a key's part.
    static func value(_ node: JSONNode) throws(RulesetError) -> Expression {
        switch node.value {
        case .string(let text) where text.hasPrefix("@"): return .reference(String(text.dropFirst()))
        case .array: return .list(try node.strings())
        case .null, .boolean, .number, .string: return .literal(try node.literal())
        case .object: break
        }
        let (name, inner) = try node.only()
        switch name {
        case "prefix":
            let members = try inner.members(["addr", "len"])
            return .prefix(
                try members.required("addr", in: inner).string(), try members.required("len", in: inner).integer())
        case "range":
            let ends = try inner.items()
            guard ends.count == 2 else { throw inner.failure("two ends") }
            return .range(try ends[0].literal(), try ends[1].literal())
        case "set": return .set(try elements(inner, isMap: false).map(\.value))
        case "concat": return .concatenation(try inner.items().map { item throws(RulesetError) in try value(item) })
        case "|": return .either(try alternatives(inner))
        default: throw RulesetError(node.place, "unknown value `\(name)`")
        }
    }

    /// The operands of `|`, which nests to the left.
    private static func alternatives(_ node: JSONNode) throws(RulesetError) -> [String] {
        var result: [String] = []
        for item in try node.items() {
            if case .object = item.value {
                let (name, inner) = try item.only()
                guard name == "|" else { throw item.failure("`|`") }
                result += try alternatives(inner)
            } else {
                result.append(try item.literal())
            }
        }
        return result
    }

    /// What a rule reads: a field, a field under a mask, or several fields.
    static func subject(_ node: JSONNode) throws(RulesetError) -> Expression {
        let (name, inner) = try node.only()
        switch name {
        case "concat":
            var parts: [Expression] = []
            for item in try inner.items() { parts.append(.field(try field(item))) }
            return .concatenation(parts)
        case "&":
            let sides = try inner.items()
            guard sides.count == 2 else { throw inner.failure("two operands") }
            return .masked(try field(sides[0]), try value(sides[1]))
        default: return .field(try field(node))
        }
    }

    private static func field(_ node: JSONNode) throws(RulesetError) -> Field {
        let (name, inner) = try node.only()
        let words: String
        switch name {
        case "payload":
            let members = try inner.members(["protocol", "field"])
            let proto = try members.required("protocol", in: inner).string()
            words = "\(proto) \(try members.required("field", in: inner).string())"
        case "meta": words = "meta \(try inner.members(["key"]).required("key", in: inner).string())"
        case "ct":
            let members = try inner.members(["key", "dir"])
            let direction = try members["dir"].map { node throws(RulesetError) in try node.string() + " " } ?? ""
            words = "ct \(direction)\(try members.required("key", in: inner).string())"
        case "fib":
            let members = try inner.members(["result", "flags"])
            let flags = try members.required("flags", in: inner).strings().joined(separator: " . ")
            words = "fib \(flags) \(try members.required("result", in: inner).string())"
        default: throw RulesetError(node.place, "unknown match `\(name)`")
        }
        guard let field = Field(rawValue: words) else { throw RulesetError(node.place, "unknown match `\(words)`") }
        return field
    }
}
