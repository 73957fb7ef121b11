import PolicyModel

/// A selector of Calico over the labels of endpoints and network sets (Calico, "Global network policy", Selector).
///
/// `!=` and `not in` also hold where the label is absent.
package indirect enum CalicoSelector: Hashable, Sendable {
    /// Holds for everything; written `all()`, or nothing at all.
    case all
    /// Stands for what is in no namespace; written `global()`, alone in a `namespaceSelector`.
    case global
    /// The label has this value; written `k == "v"`.
    case equals(String, String)
    /// It has not; written `k != "v"`.
    case notEquals(String, String)
    /// The label has one of the values; written `k in {"v", "w"}`.
    case isIn(String, [String])
    /// It has none of them; written `k not in {"v", "w"}`.
    case notIn(String, [String])
    /// The value holds the text somewhere; written `k contains "v"`.
    case contains(String, String)
    /// The value begins with the text; written `k starts with "v"`.
    case starts(String, String)
    /// The value ends with the text; written `k ends with "v"`.
    case ends(String, String)
    /// The label is present; written `has(k)`.
    case has(String)
    /// The inner selector does not hold; written `!…`.
    case not(CalicoSelector)
    /// All hold; written with `&&`.
    case and([CalicoSelector])
    /// At least one holds; written with `||`.
    case or([CalicoSelector])

    /// Whether it holds for these labels.
    package func matches(_ labels: [String: String]) -> Bool {
        switch self {
        case .all, .global: true
        case .equals(let key, let value): labels[key] == value
        case .notEquals(let key, let value): labels[key] != value
        case .isIn(let key, let values): labels[key].map(values.contains) ?? false
        case .notIn(let key, let values): !(labels[key].map(values.contains) ?? false)
        case .contains(let key, let text): labels[key].map { Self.holds($0, text) } ?? false
        case .starts(let key, let text): labels[key].map { $0.utf8.starts(with: text.utf8) } ?? false
        case .ends(let key, let text):
            labels[key].map { $0.utf8.reversed().starts(with: text.utf8.reversed()) } ?? false
        case .has(let key): labels[key] != nil
        case .not(let inner): !inner.matches(labels)
        case .and(let parts): parts.allSatisfy { $0.matches(labels) }
        case .or(let parts): parts.contains { $0.matches(labels) }
        }
    }

    private static func holds(_ value: String, _ text: String) -> Bool {
        let (value, text) = (Array(value.utf8), Array(text.utf8))
        guard value.count >= text.count else { return false }
        return (0...(value.count - text.count)).contains { value[$0...].starts(with: text) }
    }

    /// The same selector with other keys and other meanings of `all()` and `global()`.
    ///
    /// Calico's own data model has one kind of label: those of a namespace or a service account stand beside an endpoint's under a prefix.
    func mapping(
        key: (String) -> String = { $0 }, all: CalicoSelector = .all, global: CalicoSelector = .global
    ) -> CalicoSelector {
        switch self {
        case .all: all
        case .global: global
        case .equals(let name, let value): .equals(key(name), value)
        case .notEquals(let name, let value): .notEquals(key(name), value)
        case .isIn(let name, let values): .isIn(key(name), values)
        case .notIn(let name, let values): .notIn(key(name), values)
        case .contains(let name, let text): .contains(key(name), text)
        case .starts(let name, let text): .starts(key(name), text)
        case .ends(let name, let text): .ends(key(name), text)
        case .has(let name): .has(key(name))
        case .not(let inner): .not(inner.mapping(key: key, all: all, global: global))
        case .and(let parts): .and(parts.map { $0.mapping(key: key, all: all, global: global) })
        case .or(let parts): .or(parts.map { $0.mapping(key: key, all: all, global: global) })
        }
    }

    /// The same condition on workloads; what looks into values is resolved over those that workloads have.
    func lowered(over values: CalicoValues) -> Selector {
        switch self {
        case .all, .global: return .all
        case .equals(let name, let value):
            guard let key = CalicoLabels.key(name), let value = LabelValue(value) else { return .or([]) }
            return .equals(key, value)
        case .notEquals(let name, let value):
            guard let key = CalicoLabels.key(name), let value = LabelValue(value) else { return .all }
            return .notEquals(key, value)
        case .isIn(let name, let written):
            guard let key = CalicoLabels.key(name) else { return .or([]) }
            return .isIn(key, written.compactMap { LabelValue($0) })
        case .notIn(let name, let written):
            guard let key = CalicoLabels.key(name) else { return .all }
            return .notIn(key, written.compactMap { LabelValue($0) })
        case .contains(let name, _), .starts(let name, _), .ends(let name, _):
            guard let key = CalicoLabels.key(name) else { return .or([]) }
            return .isIn(key, values.of(key) { matches([name: $0]) })
        case .has(let name):
            guard let key = CalicoLabels.key(name) else { return .or([]) }
            return .exists(key)
        case .not(let inner): return .not(inner.lowered(over: values))
        case .and(let parts): return .and(parts.map { $0.lowered(over: values) })
        case .or(let parts): return .or(parts.map { $0.lowered(over: values) })
        }
    }
}

/// The values that the labels of the workloads have.
struct CalicoValues {
    private var values: [LabelKey: Set<LabelValue>] = [:]

    init(_ workloads: [Workload]) {
        for workload in workloads { for (key, value) in workload.labels { values[key, default: []].insert(value) } }
    }

    /// The values of a label that a condition holds for, in order.
    func of(_ key: LabelKey, where condition: (String) -> Bool) -> [LabelValue] {
        (values[key] ?? []).filter { condition($0.description) }.sorted()
    }
}
