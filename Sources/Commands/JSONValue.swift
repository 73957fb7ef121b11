/// A JSON value (RFC 8259) whose texts are parts of the line that it was read from.
enum JSONValue {
    case null
    case bool(Bool)
    /// As it was written.
    case number(ArraySlice<UInt8>)
    /// Without quotes and escapes; valid UTF-8 where the line is.
    case string(ArraySlice<UInt8>)
    case array([JSONValue])
    case object([Member])

    /// A name with its value; names are unique in their object.
    struct Member {
        let name: ArraySlice<UInt8>
        let value: JSONValue
    }

    /// The text of a string.
    var text: String? {
        if case .string(let bytes) = self { return String(decoding: bytes, as: UTF8.self) }
        return nil
    }

    /// The value in a few words, for messages.
    var excerpt: String {
        switch self {
        case .null: "`null`"
        case .bool(let value): "`\(value)`"
        case .number(let bytes): "`\(Self.short(bytes))`"
        case .string(let bytes): "`\"\(Self.short(bytes))\"`"
        case .array: "an array"
        case .object: "an object"
        }
    }

    private static func short(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(200), as: UTF8.self)
        return text.count > 40 ? text.prefix(40) + "…" : text
    }
}
