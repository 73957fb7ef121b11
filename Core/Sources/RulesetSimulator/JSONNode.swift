/// A JSON value and the path that leads to it; asking for what is not there fails with that path.
struct JSONNode {
    let value: JSONValue
    let path: String

    var place: RulesetError.Place { .json(path: path) }

    func failure(_ expected: String) -> RulesetError { RulesetError(place, "expected \(expected), got \(value.kind)") }

    /// The members of an object; a name that is not in `names` is an error, never skipped.
    func members(_ names: Set<String>) throws(RulesetError) -> [String: JSONNode] {
        guard case .object(let members) = value else { throw failure("an object") }
        var result: [String: JSONNode] = [:]
        for member in members {
            guard names.contains(member.name) else {
                throw RulesetError(place, "unknown member `\(member.name)`")
            }
            result[member.name] = JSONNode(value: member.value, path: "\(path).\(member.name)")
        }
        return result
    }

    /// The name and the value of an object's only member.
    func only() throws(RulesetError) -> (name: String, node: JSONNode) {
        guard case .object(let members) = value, members.count == 1, let member = members.first else {
            throw failure("an object with one member")
        }
        return (member.name, JSONNode(value: member.value, path: "\(path).\(member.name)"))
    }

    func items() throws(RulesetError) -> [JSONNode] {
        guard case .array(let items) = value else { throw failure("an array") }
        return items.enumerated().map { JSONNode(value: $1, path: "\(path)[\($0)]") }
    }

    func string() throws(RulesetError) -> String {
        guard case .string(let text) = value else { throw failure("a string") }
        return text
    }

    func integer() throws(RulesetError) -> Int {
        guard case .number(let number) = value else { throw failure("a number") }
        return Int(number)
    }

    func null() throws(RulesetError) {
        guard value == .null else { throw failure("null") }
    }

    /// One string, or an array of strings.
    func strings() throws(RulesetError) -> [String] {
        if case .string(let text) = value { return [text] }
        return try items().map { node throws(RulesetError) in try node.string() }
    }

    /// A string, number or truth value as text.
    func literal() throws(RulesetError) -> String {
        switch value {
        case .string(let text): return text
        case .number(let number): return String(number)
        case .boolean(let value): return String(value)
        case .null, .array, .object: throw failure("a value")
        }
    }
}

extension [String: JSONNode] {
    func required(_ name: String, in node: JSONNode) throws(RulesetError) -> JSONNode {
        guard let found = self[name] else { throw RulesetError(node.place, "expected a member `\(name)`") }
        return found
    }
}
