import PolicyModel

/// A mapping whose keys were checked against their shape.
struct Record {
    let shape: PolicyFormat.Shape
    let location: Diagnostic.Location
    fileprivate(set) var entries: [String: Tree.Entry] = [:]

    /// The value of a key; nil when it is not written, or no key of the shape.
    subscript(_ key: String) -> Tree? { entries[key]?.value }

    /// Where the key stands, or the record itself.
    func place(_ key: String) -> Diagnostic.Location { entries[key]?.key.location ?? location }
}

extension PolicyReader {
    /// Reads a mapping; unknown and missing keys are reported, and nil is given only for something else than a mapping.
    mutating func record(_ tree: Tree, as shape: PolicyFormat.Shape) -> Record? {
        guard case .mapping(let entries, let location) = tree else {
            findings.report(
                .wrongKind, "expected \(shape.article) as a mapping, got \(tree.kind)", at: tree.location)
            return nil
        }
        let names = shape.keys.map(\.name)
        var record = Record(shape: shape, location: location)
        for entry in entries {
            let key = entry.key.text
            if names.contains(key) {
                record.entries[key] = entry
                if case .scalar(let scalar) = entry.value, scalar.text.isEmpty {
                    findings.report(.emptyValue, "expected a value for `\(key)`, got nothing", at: scalar.location)
                }
            } else if let refusal = shape.refused[key] {
                findings.report(refusal.code, refusal.message, at: entry.key.location)
            } else if key == "<<" {
                findings.report(.unknownKey, "policy files have no merge keys, got `<<`", at: entry.key.location)
            } else {
                let hint = Suggestion.hint(for: key, among: names)
                let expected =
                    hint.isEmpty ? "; expected one of \(names.map { "`\($0)`" }.joined(separator: ", "))" : ""
                findings.report(
                    .unknownKey, "unknown key `\(key.prefix(60))` in \(shape.article)\(hint)\(expected)",
                    at: entry.key.location)
            }
        }
        for key in shape.keys where key.isRequired && record.entries[key.name] == nil {
            findings.report(key.whenMissing, "expected `\(key.name)` in \(shape.article)", at: location)
        }
        return record
    }

    /// A text; an empty value was reported with its key, or is reported here for an item of a list.
    mutating func scalar(_ tree: Tree, _ what: String, isItem: Bool = false) -> Scalar? {
        guard case .scalar(let scalar) = tree else {
            findings.report(.wrongKind, "expected \(what), got \(tree.kind)", at: tree.location)
            return nil
        }
        guard !scalar.text.isEmpty else {
            if isItem { findings.report(.emptyValue, "expected \(what), got nothing", at: scalar.location) }
            return nil
        }
        return scalar
    }

    /// The items of a list; an empty one is an error, since it could be taken for nothing as well as for everything.
    mutating func list(_ tree: Tree, of what: String) -> [Tree]? {
        switch tree {
        case .list(let items, let location):
            if items.isEmpty {
                findings.report(.emptyList, "expected at least one item, got an empty list", at: location)
            }
            return items
        case .scalar(let scalar) where scalar.text.isEmpty: return nil
        case .scalar, .mapping:
            findings.report(.wrongKind, "expected \(what), got \(tree.kind)", at: tree.location)
            return nil
        }
    }

    /// The items of a list, or the one thing that stands there instead.
    mutating func oneOrMore(_ tree: Tree, of what: String) -> [Tree] {
        switch tree {
        case .list: list(tree, of: "a list of \(what)") ?? []
        case .scalar(let scalar) where scalar.text.isEmpty: []
        case .scalar, .mapping: [tree]
        }
    }

    /// One or more texts; one that stands there twice is reported.
    mutating func scalars(_ tree: Tree?, of what: String) -> [Scalar] {
        guard let tree else { return [] }
        var seen: [String: Diagnostic.Location] = [:]
        var result: [Scalar] = []
        for item in oneOrMore(tree, of: what) {
            guard let scalar = scalar(item, what, isItem: true) else { continue }
            if let first = seen[scalar.text] {
                findings.report(
                    .duplicateItem, "expected each item once, got `\(scalar.text.prefix(60))` again",
                    at: scalar.location, related: [first])
                continue
            }
            seen[scalar.text] = scalar.location
            result.append(scalar)
        }
        return result
    }

    /// `true` or `false`, and no other word that YAML might take for one.
    mutating func boolean(_ tree: Tree?, default missing: Bool = false) -> Bool {
        guard let tree, let scalar = scalar(tree, "`true` or `false`") else { return missing }
        switch scalar.text {
        case "true": return true
        case "false": return false
        default:
            findings.report(
                .invalidBoolean, "expected `true` or `false`, got `\(scalar.text.prefix(60))`", at: scalar.location)
            return missing
        }
    }

    /// One of a few words.
    mutating func word(_ tree: Tree?, among words: [String], for what: String) -> String? {
        guard let tree, let scalar = scalar(tree, what) else { return nil }
        if words.contains(scalar.text) { return scalar.text }
        let hint = Suggestion.hint(for: scalar.text, among: words)
        let list = words.map { "`\($0)`" }.joined(separator: ", ")
        findings.report(
            .unknownWord, "expected \(what), one of \(list), got `\(scalar.text.prefix(60))`\(hint)",
            at: scalar.location)
        return nil
    }

    /// A mapping with keys of the user's choice.
    mutating func freeMapping(_ tree: Tree?, _ what: String) -> [Tree.Entry] {
        guard let tree else { return [] }
        switch tree {
        case .mapping(let entries, let location):
            if entries.isEmpty {
                findings.report(.emptyList, "expected \(what) with at least one entry, got none", at: location)
            }
            return entries
        case .scalar(let scalar) where scalar.text.isEmpty: return []
        case .scalar, .list:
            findings.report(.wrongKind, "expected \(what) as a mapping, got \(tree.kind)", at: tree.location)
            return []
        }
    }
}
