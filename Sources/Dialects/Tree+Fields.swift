import PolicyFiles
import PolicyModel

extension Tree {
    /// Whether nothing was written, or `null`: the API's nil.
    var isNull: Bool {
        guard case .scalar(let scalar) = self else { return false }
        return scalar.isMissing || (scalar.lead == 0 && ["null", "Null", "NULL", "~"].contains(scalar.text))
    }

    /// The value of a field that is set; nil for no field, for null and for what is no mapping.
    subscript(_ field: String) -> Tree? {
        guard case .mapping(let entries, _) = self, let entry = entries.first(where: { $0.key.text == field }),
            !entry.value.isNull
        else { return nil }
        return entry.value
    }

    /// The fields of a mapping.
    func entries(_ what: String) throws(Refusal) -> [Entry] {
        guard case .mapping(let entries, _) = self else {
            throw Refusal("expected \(what) as a mapping, got \(kind)", at: location, code: "wrong-kind")
        }
        return entries
    }

    /// The items of a list.
    func items(_ what: String) throws(Refusal) -> [Tree] {
        guard case .list(let items, _) = self else {
            throw Refusal("expected \(what) as a list, got \(kind)", at: location, code: "wrong-kind")
        }
        return items
    }

    /// A text.
    func scalar(_ what: String) throws(Refusal) -> Scalar {
        guard case .scalar(let scalar) = self else {
            throw Refusal("expected \(what), got \(kind)", at: location, code: "wrong-kind")
        }
        return scalar
    }

    /// A text field, or nil when it is not set.
    func text(_ field: String) throws(Refusal) -> String? {
        guard let value = self[field] else { return nil }
        return try value.scalar("`\(field)` as a text").text
    }

    /// The items of a list field; a field that is not set is an empty list.
    func list(_ field: String) throws(Refusal) -> [Tree] {
        guard let value = self[field] else { return [] }
        return try value.items("`\(field)`")
    }

    /// A whole number in a range; a number in quotation marks is a text, as for the API server.
    func number(_ what: String, in range: ClosedRange<Int>) throws(Refusal) -> Int {
        let scalar = try scalar(what)
        guard scalar.lead == 0, let number = Int(scalar.text), range.contains(number) else {
            throw Refusal(
                "expected \(what) from \(range.lowerBound) to \(range.upperBound), got `\(scalar.text.prefix(60))`",
                at: scalar.location, code: "out-of-range")
        }
        return number
    }

    /// The fields that are not among the known ones.
    func unknownFields(known: [String]) -> [Scalar] {
        guard case .mapping(let entries, _) = self else { return [] }
        return entries.map(\.key).filter { !known.contains($0.text) }
    }
}
