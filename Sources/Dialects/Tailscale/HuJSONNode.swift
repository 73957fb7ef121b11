/// A value of a HuJSON text with its place.
struct HuJSONNode: Sendable {
    /// What was written.
    var value: HuJSONValue
    /// Where it starts.
    var place: HuJSONPlace
}

/// What a HuJSON text can say: JSON (RFC 8259), with comments and trailing commas passed over.
enum HuJSONValue: Sendable {
    case null
    case boolean(Bool)
    /// A number as written; nobody here computes with one.
    case number(String)
    case string(String)
    case array([HuJSONNode])
    /// The members in the order of the text; a repeated name is a fault of its own and stands only once.
    case object([HuJSONMember])

    /// What findings call it.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// One member of an object.
struct HuJSONMember: Sendable {
    /// Its name.
    var name: String
    /// Where its name starts.
    var place: HuJSONPlace
    /// Its value.
    var node: HuJSONNode
}

/// A place in a text; both count from 1, the column in characters.
struct HuJSONPlace: Hashable, Sendable {
    var line: Int
    var column: Int
}

/// Why a text, or a part of it, is refused.
struct HuJSONFault: Error, Hashable {
    var code: String
    var message: String
    var place: HuJSONPlace
}

extension HuJSONNode {
    /// The text of a string.
    var string: String? {
        guard case .string(let text) = value else { return nil }
        return text
    }

    /// The items of an array.
    var array: [HuJSONNode]? {
        guard case .array(let items) = value else { return nil }
        return items
    }

    /// The members of an object.
    var object: [HuJSONMember]? {
        guard case .object(let members) = value else { return nil }
        return members
    }

    /// The truth of a boolean.
    var boolean: Bool? {
        guard case .boolean(let truth) = value else { return nil }
        return truth
    }

    /// Whether it is `null`.
    var isNull: Bool {
        guard case .null = value else { return false }
        return true
    }

    /// The value of the member of exactly this name; linear.
    subscript(name: String) -> HuJSONNode? { object?.first { $0.name == name }?.node }
}
