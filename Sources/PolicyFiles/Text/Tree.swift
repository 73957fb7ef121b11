package import PolicyModel

/// A node of a policy file; every scalar is kept as its text, whatever YAML would make of it.
package indirect enum Tree: Sendable {
    case scalar(Scalar)
    case list([Tree], Diagnostic.Location)
    case mapping([Entry], Diagnostic.Location)

    /// A key with its value.
    package struct Entry: Sendable {
        package let key: Scalar
        package let value: Tree
    }

    /// Where the node starts.
    package var location: Diagnostic.Location {
        switch self {
        case .scalar(let scalar): scalar.location
        case .list(_, let location), .mapping(_, let location): location
        }
    }

    /// What the node is, for messages.
    package var kind: String {
        switch self {
        case .scalar(let scalar): scalar.isMissing ? "nothing" : "`\(scalar.text.prefix(60))`"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

/// A text of a policy file with its place.
package struct Scalar: Sendable {
    package let text: String
    package let location: Diagnostic.Location
    /// How many characters stand before the text itself: none for plain text, one for a quotation mark, nil for a
    /// block or for text with escapes, whose inner places are not known.
    package let lead: Int?
    /// Whether nothing was written, as in `key:`.
    package let isMissing: Bool

    /// The place of a byte of the text, as well as it is known.
    func location(atByte offset: Int) -> Diagnostic.Location {
        guard let lead, offset > 0 else { return location }
        var place = location
        place.column += lead + String(decoding: text.utf8.prefix(offset), as: UTF8.self).unicodeScalars.count
        return place
    }
}
