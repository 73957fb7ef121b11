import PolicyFiles
import PolicyModel

/// Reads a `LabelSelector` (Kubernetes API, meta/v1): its requirements are joined by AND, and none holds for everything.
struct LabelSelectorReader {
    /// Fields that the API does not know, which may have been meant to narrow the selector.
    private(set) var unknown: [Scalar] = []

    /// The requirements on labels that stand under a prefix.
    mutating func terms(_ tree: Tree, _ prefix: String) throws(Refusal) -> [Selector] {
        _ = try tree.entries("a label selector")
        unknown += tree.unknownFields(known: ["matchLabels", "matchExpressions"])
        var terms: [Selector] = []
        for entry in try tree["matchLabels"]?.entries("`matchLabels`") ?? [] {
            let value = entry.value.isNull ? nil : try entry.value.scalar("the value of a label")
            terms.append(.equals(try key(entry.key, prefix), try Self.value(value, at: entry.key.location)))
        }
        for expression in try tree.list("matchExpressions") {
            _ = try expression.entries("a requirement")
            unknown += expression.unknownFields(known: ["key", "operator", "values"])
            guard let written = try expression["key"]?.scalar("a label key") else {
                throw Refusal("expected `key` in a requirement", at: expression.location, code: "missing-key")
            }
            let key = try key(written, prefix)
            var values: [LabelValue] = []
            for item in try expression.list("values") {
                let scalar = try item.scalar("the value of a label")
                values.append(try Self.value(scalar, at: scalar.location))
            }
            guard let word = try expression["operator"]?.scalar("an operator") else {
                throw Refusal("expected `operator` in a requirement", at: expression.location, code: "missing-key")
            }
            switch (word.text, values.isEmpty) {
            case ("In", false): terms.append(.isIn(key, values))
            case ("NotIn", false): terms.append(.notIn(key, values))
            case ("In", true), ("NotIn", true):
                throw Refusal(
                    "expected at least one value for operator `\(word.text)`", at: expression.location,
                    code: "invalid-selector")
            case ("Exists", true): terms.append(.exists(key))
            case ("DoesNotExist", true): terms.append(.notExists(key))
            case ("Exists", false), ("DoesNotExist", false):
                throw Refusal(
                    "expected no values for operator `\(word.text)`", at: expression.location, code: "invalid-selector")
            case (let other, _):
                throw Refusal(
                    "expected operator `In`, `NotIn`, `Exists` or `DoesNotExist`, got `\(other.prefix(60))`",
                    at: word.location, code: "invalid-selector")
            }
        }
        return terms
    }

    private func key(_ scalar: Scalar, _ prefix: String) throws(Refusal) -> LabelKey {
        guard KubernetesNames.isLabelKey(scalar.text), let key = KubernetesLabels.key(prefix, scalar.text) else {
            throw Refusal(
                "expected a label key such as `app.kubernetes.io/name`, got `\(scalar.text.prefix(60))`",
                at: scalar.location, code: "invalid-selector")
        }
        return key
    }

    private static func value(_ scalar: Scalar?, at place: Diagnostic.Location) throws(Refusal) -> LabelValue {
        let text = scalar?.text ?? ""
        guard scalar?.isNoText != true, KubernetesNames.isLabelValue(text), let value = LabelValue(text) else {
            throw Refusal(
                "expected a label value, a text of at most 63 letters, digits and `-_.`, got `\(text.prefix(60))`",
                at: scalar?.location ?? place, code: "invalid-selector")
        }
        return value
    }
}
