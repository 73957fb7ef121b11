import PolicyModel

/// What is asked of one label, closed under AND; each form is one or two requirements of a Kubernetes selector.
enum LabelTest: Hashable {
    /// Present, with one of these values.
    case oneOf(Set<LabelValue>)
    /// Present, with none of these values.
    case present(besides: Set<LabelValue>)
    /// Absent, or with none of these values.
    case missingOr(besides: Set<LabelValue>)
    /// Absent.
    case missing

    /// Both tests, or nil when no label passes both.
    func and(_ other: Self) -> Self? {
        switch (self, other) {
        case (.oneOf(let a), .oneOf(let b)): Self.some(a.intersection(b))
        case (.oneOf(let a), .present(let b)), (.present(let b), .oneOf(let a)), (.oneOf(let a), .missingOr(let b)),
            (.missingOr(let b), .oneOf(let a)):
            Self.some(a.subtracting(b))
        case (.oneOf, .missing), (.missing, .oneOf), (.present, .missing), (.missing, .present): nil
        case (.present(let a), .present(let b)), (.present(let a), .missingOr(let b)),
            (.missingOr(let a), .present(let b)):
            .present(besides: a.union(b))
        case (.missingOr(let a), .missingOr(let b)): .missingOr(besides: a.union(b))
        case (.missingOr, .missing), (.missing, .missingOr), (.missing, .missing): .missing
        }
    }

    private static func some(_ values: Set<LabelValue>) -> Self? { values.isEmpty ? nil : .oneOf(values) }

    /// The tests of which one holds where this one does not.
    var negated: [Self] {
        switch self {
        case .oneOf(let values): [.missingOr(besides: values)]
        case .present(let values): values.isEmpty ? [.missing] : [.missing, .oneOf(values)]
        case .missingOr(let values): values.isEmpty ? [] : [.oneOf(values)]
        case .missing: [.present(besides: [])]
        }
    }

    func holds(_ value: LabelValue?) -> Bool {
        switch self {
        case .oneOf(let values): value.map(values.contains) ?? false
        case .present(let values): value.map { !values.contains($0) } ?? false
        case .missingOr(let values): value.map { !values.contains($0) } ?? true
        case .missing: value == nil
        }
    }
}

/// Pods by their labels and those of their namespace: tests that all hold.
struct PodTerm: Hashable {
    var tests: [LabelKey: LabelTest] = [:]

    /// How many terms one end may have.
    static let maximum = 64

    func holds(_ labels: Labels) -> Bool { tests.allSatisfy { $0.value.holds(labels[$0.key]) } }

    func and(_ other: Self) -> Self? {
        var result = self
        for (key, test) in other.tests {
            guard let former = result.tests[key] else {
                result.tests[key] = test
                continue
            }
            guard let both = former.and(test) else { return nil }
            result.tests[key] = both
        }
        return result
    }

    /// The terms of which one holds where this one does not.
    var negated: [Self] {
        tests.sorted { $0.key < $1.key }.flatMap { key, test in test.negated.map { PodTerm(tests: [key: $0]) } }
    }

    /// All pairs of terms that can hold together, or nil when they are too many.
    static func and(_ first: [Self], _ second: [Self]) -> [Self]? {
        guard first.count * second.count <= maximum * 8 else { return nil }
        var result: [Self] = []
        for a in first {
            for b in second {
                if let both = a.and(b), !result.contains(both) { result.append(both) }
            }
        }
        let reduced = Self.reduced(result)
        return reduced.count <= maximum ? reduced : nil
    }

    /// Without the terms that others cover, as far as their tests show.
    static func reduced(_ terms: [Self]) -> [Self] {
        terms.enumerated().filter { number, term in
            !terms.enumerated().contains { place, other in
                place != number && other.covers(term) && (!term.covers(other) || place < number)
            }
        }.map(\.element)
    }

    private func covers(_ other: Self) -> Bool {
        tests.allSatisfy { key, test in
            guard let theirs = other.tests[key] else { return false }
            return theirs.and(test) == theirs
        }
    }

    /// The terms of a selector, or of what it does not hold for; nil when they are too many.
    static func terms(_ selector: Selector, negated: Bool = false) -> [Self]? {
        func one(_ key: LabelKey, _ test: LabelTest) -> [Self] {
            (negated ? test.negated : [test]).map { PodTerm(tests: [key: $0]) }
        }
        switch selector {
        case .all: return negated ? [] : [PodTerm()]
        case .equals(let key, let value): return one(key, .oneOf([value]))
        case .notEquals(let key, let value): return one(key, .missingOr(besides: [value]))
        case .isIn(let key, let values):
            if values.isEmpty { return negated ? [PodTerm()] : [] }
            return one(key, .oneOf(Set(values)))
        case .notIn(let key, let values):
            if values.isEmpty { return negated ? [] : [PodTerm()] }
            return one(key, .missingOr(besides: Set(values)))
        case .exists(let key): return one(key, .present(besides: []))
        case .notExists(let key): return one(key, .missing)
        case .not(let inner): return terms(inner, negated: !negated)
        case .and(let parts): return negated ? union(parts, negated) : intersection(parts, negated)
        case .or(let parts): return negated ? intersection(parts, negated) : union(parts, negated)
        }
    }

    private static func union(_ parts: [Selector], _ negated: Bool) -> [Self]? {
        var result: [Self] = []
        for part in parts {
            guard let terms = terms(part, negated: negated) else { return nil }
            result += terms.filter { !result.contains($0) }
        }
        return result.count <= maximum ? reduced(result) : nil
    }

    private static func intersection(_ parts: [Selector], _ negated: Bool) -> [Self]? {
        var result = [PodTerm()]
        for part in parts {
            guard let terms = terms(part, negated: negated), let both = and(result, terms) else { return nil }
            result = both
        }
        return result
    }
}
