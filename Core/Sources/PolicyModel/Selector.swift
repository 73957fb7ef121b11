/// A condition on the labels of a workload.
///
/// `!=`, `not in` and `not exists` hold for a workload that lacks the label. A selector never holds for an address that
/// is not a workload's. The text form is read by `init(parsing:)` and printed by `description`; printing and reading
/// again gives the same selector.
public indirect enum Selector: Hashable, Sendable {
    /// Holds for every workload; written `all`.
    case all
    /// The label is present and has this value; written `key = value`.
    case equals(LabelKey, LabelValue)
    /// The label is absent or has another value; written `key != value`.
    case notEquals(LabelKey, LabelValue)
    /// The label is present with one of the values; written `key in (a, b)`. No value: holds for nothing.
    case isIn(LabelKey, [LabelValue])
    /// The label is absent or has none of the values; written `key not in (a, b)`.
    case notIn(LabelKey, [LabelValue])
    /// The label is present; written `key exists`.
    case exists(LabelKey)
    /// The label is absent; written `key not exists`.
    case notExists(LabelKey)
    /// The inner selector does not hold; written `not (…)`.
    case not(Selector)
    /// All hold; written with `and`. Of no selector: holds for every workload.
    case and([Selector])
    /// At least one holds; written with `or`. Of no selector: holds for nothing.
    case or([Selector])

    /// Whether the selector holds for a workload with these labels.
    public func matches(_ labels: Labels) -> Bool {
        switch self {
        case .all: true
        case .equals(let key, let value): labels[key] == value
        case .notEquals(let key, let value): labels[key] != value
        case .isIn(let key, let values): labels[key].map(values.contains) ?? false
        case .notIn(let key, let values): !(labels[key].map(values.contains) ?? false)
        case .exists(let key): labels[key] != nil
        case .notExists(let key): labels[key] == nil
        case .not(let inner): !inner.matches(labels)
        case .and(let parts): parts.allSatisfy { $0.matches(labels) }
        case .or(let parts): parts.contains { $0.matches(labels) }
        }
    }

    /// Whether a workload must have some named label to be selected, on every branch.
    ///
    /// An allow rule whose selector lacks such a term would also admit workloads that nobody has labelled yet.
    public var hasPositiveTerm: Bool {
        switch self {
        case .equals, .isIn, .exists: true
        case .all, .notEquals, .notIn, .notExists: false
        case .not(let inner): inner.negationHasPositiveTerm
        case .and(let parts): parts.contains(where: \.hasPositiveTerm)
        case .or(let parts): !parts.isEmpty && parts.allSatisfy(\.hasPositiveTerm)
        }
    }

    private var negationHasPositiveTerm: Bool {
        switch self {
        case .notEquals, .notIn, .notExists: true
        case .all, .equals, .isIn, .exists: false
        case .not(let inner): inner.hasPositiveTerm
        case .and(let parts): !parts.isEmpty && parts.allSatisfy(\.negationHasPositiveTerm)
        case .or(let parts): parts.contains(where: \.negationHasPositiveTerm)
        }
    }

    /// The label dimensions that the selector names.
    public var keys: Set<LabelKey> {
        switch self {
        case .all: []
        case .equals(let key, _), .notEquals(let key, _), .isIn(let key, _), .notIn(let key, _), .exists(let key),
            .notExists(let key):
            [key]
        case .not(let inner): inner.keys
        case .and(let parts), .or(let parts): parts.reduce(into: []) { $0.formUnion($1.keys) }
        }
    }
}

extension Selector: CustomStringConvertible {
    /// The text form, which `init(parsing:)` reads back to the same selector.
    public var description: String {
        switch self {
        case .all: "all"
        case .equals(let key, let value): "\(key) = \(Self.quoted(value))"
        case .notEquals(let key, let value): "\(key) != \(Self.quoted(value))"
        case .isIn(let key, let values): "\(key) in (\(values.map(Self.quoted).joined(separator: ", ")))"
        case .notIn(let key, let values): "\(key) not in (\(values.map(Self.quoted).joined(separator: ", ")))"
        case .exists(let key): "\(key) exists"
        case .notExists(let key): "\(key) not exists"
        case .not(let inner): "not (\(inner))"
        case .and(let parts): Self.joined(parts, by: "and")
        case .or(let parts): Self.joined(parts, by: "or")
        }
    }

    private static func joined(_ parts: [Selector], by word: String) -> String {
        switch parts.count {
        case 0: word == "and" ? "and ()" : "or ()"
        case 1: "\(word) (\(parts[0]))"
        default:
            parts.map {
                switch $0 {
                case .and, .or: "(\($0))"
                default: $0.description
                }
            }.joined(separator: " \(word) ")
        }
    }

    /// Words that mean something in the text form, so that a value spelled so is quoted.
    static let keywords: Set<String> = ["all", "and", "or", "not", "in", "exists"]

    private static func quoted(_ value: LabelValue) -> String {
        let text = value.description
        let plain = text.utf8.allSatisfy {
            LabelKey.isLetter($0) || LabelKey.isDigit($0) || LabelKey.isMark($0) || $0 == UInt8(ascii: ":")
        }
        if plain, !text.isEmpty, !keywords.contains(text) { return text }
        var escaped = ""
        for character in text {
            if character == "\"" || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
        return "\"\(escaped)\""
    }
}
