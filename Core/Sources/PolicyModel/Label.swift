/// A label dimension: `app`, `env`, `role`, `loc` or the user's own.
///
/// Letters, digits, `_`, `-`, `.` and `/`, starting with a letter, at most 321 bytes: `pod/` before a
/// Kubernetes label key of a 253-byte prefix, a slash and a 63-byte name (Kubernetes, "Labels and Selectors", syntax). ASCII
/// only and case-sensitive, so that no look-alike passes for another key. The words of the selector language are no keys.
public struct LabelKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The key as written.
    public let description: String

    /// Reads a key, or returns nil when its form is wrong.
    public init?(_ text: some StringProtocol) {
        guard let first = text.utf8.first, text.utf8.count <= 321, Self.isLetter(first),
            text.utf8.allSatisfy({ Self.isLetter($0) || Self.isDigit($0) || Self.isMark($0) }),
            !Selector.keywords.contains(String(text))
        else { return nil }
        description = String(text)
    }

    static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
    static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    static func isMark(_ byte: UInt8) -> Bool { byte == 0x5F || byte == 0x2D || byte == 0x2E || byte == 0x2F }

    public static func < (a: Self, b: Self) -> Bool { a.description.utf8.lexicographicallyPrecedes(b.description.utf8) }
}

/// The value of a label: printable ASCII, at most 255 bytes, possibly empty, without space at its ends.
public struct LabelValue: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The value as written.
    public let description: String

    /// Reads a value, or returns nil when its form is wrong.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 255, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            !text.hasPrefix(" "), !text.hasSuffix(" ")
        else { return nil }
        description = String(text)
    }

    public static func < (a: Self, b: Self) -> Bool { a.description.utf8.lexicographicallyPrecedes(b.description.utf8) }
}

/// The labels of one workload, at most one value a dimension.
public typealias Labels = [LabelKey: LabelValue]
