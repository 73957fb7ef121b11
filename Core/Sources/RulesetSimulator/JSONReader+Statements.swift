extension JSONReader {
    static func statement(_ node: JSONNode) throws(RulesetError) -> StatementSyntax {
        let (name, inner) = try node.only()
        if let verdict = try verdict(name, inner) { return .verdict(verdict) }
        switch name {
        case "match": return try match(inner)
        case "vmap":
            let members = try inner.members(["key", "data"])
            let key = try subject(members.required("key", in: inner))
            let data = try members.required("data", in: inner)
            if case .string = data.value { return .dispatch(key, try value(data)) }
            let (kind, elementsNode) = try data.only()
            guard kind == "set" else { throw data.failure("a map") }
            return .dispatch(key, .set(try elements(elementsNode, isMap: true).map(\.value)))
        case "counter":
            if case .string(let text) = inner.value { return .counter(text) }
            if inner.value != .null { _ = try inner.members(["packets", "bytes"]) }
            return .counter(nil)
        case "limit": return .limit(over: try limit(inner))
        case "log": return try log(inner)
        case "reject": return .reject(try reject(inner))
        case "set": return try update(inner)
        case "notrack":
            try inner.null()
            return .notrack
        default: throw RulesetError(node.place, "unknown statement `\(name)`")
        }
    }

    private static func match(_ node: JSONNode) throws(RulesetError) -> StatementSyntax {
        let members = try node.members(["op", "left", "right"])
        let relations: [String: Relation] = [
            "in": .implicit, "==": .equal, "!=": .notEqual, "!": .disjoint, "<": .less, ">": .greater,
            "<=": .lessOrEqual, ">=": .greaterOrEqual,
        ]
        let operation = try members.required("op", in: node)
        guard let relation = relations[try operation.string()] else { throw operation.failure("an operator") }
        return .match(
            try subject(members.required("left", in: node)), relation, try value(members.required("right", in: node)))
    }

    private static func limit(_ node: JSONNode) throws(RulesetError) -> Bool {
        let members = try node.members(["rate", "burst", "per", "inv", "rate_unit", "burst_unit"])
        _ = try members.required("rate", in: node).integer()
        return members["inv"]?.value == .boolean(true)
    }

    private static func log(_ node: JSONNode) throws(RulesetError) -> StatementSyntax {
        if node.value == .null { return .log(prefix: "", group: nil) }
        let members = try node.members(["prefix", "group", "snaplen", "queue-threshold", "level", "flags"])
        if let level = members["level"], !LogOptions.levels.contains(try level.string()) {
            throw level.failure("a level")
        }
        for flag in try members["flags"]?.strings() ?? [] where !LogOptions.flags.contains(flag) {
            throw RulesetError(node.place, "unknown flag `\(flag)` of `log`")
        }
        let group = try members["group"].map { node throws(RulesetError) in
            guard let group = UInt16(exactly: try node.integer()) else { throw node.failure("a group up to 65535") }
            return group
        }
        return .log(prefix: try members["prefix"]?.string() ?? "", group: group)
    }

    private static func reject(_ node: JSONNode) throws(RulesetError) -> RejectKind {
        if node.value == .null { return .standard }
        let members = try node.members(["type", "expr"])
        let type = try members.required("type", in: node).string()
        if type == "tcp reset", members["expr"] == nil { return .tcpReset }
        let code = try members.required("expr", in: node).literal()
        guard let kind = RejectKind(family: type, code: code) else {
            throw RulesetError(node.place, "unknown answer `\(type) \(code)` of `reject`")
        }
        return kind
    }

    private static func update(_ node: JSONNode) throws(RulesetError) -> StatementSyntax {
        let members = try node.members(["op", "elem", "set", "stmt"])
        let verb = try members.required("op", in: node)
        guard let operation = SetOperation(rawValue: try verb.string()) else { throw verb.failure("an operation") }
        var element = try members.required("elem", in: node)
        if case .object = element.value {
            let (name, inner) = try element.only()
            if name == "elem" {
                let options = try inner.members(["val", "timeout", "expires", "comment"])
                element = try options.required("val", in: inner)
            }
        }
        let setNode = try members.required("set", in: node)
        guard case .reference(let set) = try value(setNode) else { throw setNode.failure("`@` and a set's name") }
        var limits: [Bool] = []
        for item in try members["stmt"]?.items() ?? [] {
            let (name, inner) = try item.only()
            switch name {
            case "limit": limits.append(try limit(inner))
            case "counter": break
            default: throw RulesetError(item.place, "unknown statement `\(name)` of an element")
            }
        }
        return .update(operation, set: set, key: try subject(element), limits: limits)
    }
}
