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

    /// Whether a field is set to true, in any of the words that the API server takes for it.
    func isTrue(_ field: String) throws(Refusal) -> Bool {
        guard let value = self[field] else { return false }
        let scalar = try value.scalar("`\(field)` as `true` or `false`")
        guard scalar.lead == 0, let truth = scalar.truth else {
            throw Refusal(
                "expected `\(field)` as `true` or `false`, got `\(scalar.text.prefix(60))`", at: scalar.location,
                code: "invalid-boolean")
        }
        return truth
    }

    /// The items of a list field; a field that is not set is an empty list.
    func list(_ field: String) throws(Refusal) -> [Tree] {
        guard let value = self[field] else { return [] }
        return try value.items("`\(field)`")
    }

    /// A whole number in a range; a number in quotation marks is a text, as for the API server.
    func number(_ what: String, in range: ClosedRange<Int>) throws(Refusal) -> Int {
        let scalar = try scalar(what)
        guard scalar.lead == 0, let number = Int(scalar.text), String(number) == scalar.text, range.contains(number)
        else {
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

extension Scalar {
    /// The truth that a plain word means in YAML 1.1 (yaml.org/type/bool.html), which the API server reads; not the letters `y` and
    /// `n`, on which readers differ.
    fileprivate var truth: Bool? {
        switch text {
        case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": true
        case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": false
        default: nil
        }
    }

    /// Whether YAML 1.1 takes the plain text for a number or a truth, so that the API server refuses it where it expects a text.
    var isNoText: Bool { lead == 0 && !text.isEmpty && (truth != nil || isNumber) }

    /// Decimal, hexadecimal, octal, binary and floating forms (yaml.org/type/int.html, yaml.org/type/float.html).
    private var isNumber: Bool {
        var body = Substring(text.lowercased())
        if body.hasPrefix("-") || body.hasPrefix("+") { body = body.dropFirst() }
        if [".inf", ".nan"].contains(body) { return true }
        if body.hasPrefix("0x") { return body.count > 2 && body.dropFirst(2).allSatisfy { $0.isHexDigit || $0 == "_" } }
        if body.hasPrefix("0b") || body.hasPrefix("0o") {
            return body.count > 2 && body.dropFirst(2).allSatisfy { $0.isNumber || $0 == "_" }
        }
        guard let first = body.first, first.isNumber || (first == "." && body.dropFirst().first?.isNumber == true)
        else {
            return false
        }
        return body.filter { $0 == "." }.count <= 1 && Double(body.replacing("_", with: "")) != nil
    }
}
