import NetworkTypes
import PolicyModel

/// An end as policy files write it: a union of terms whose parts must all hold.
struct WrittenEnd {
    /// Parts that must all hold, as the keys of a mapping do.
    struct Term {
        var isOwned = false
        var selectors: [Selector] = []
        var workloads: Set<WorkloadID>?
        var sets: [AddressSetID] = []
        var addresses: AddressSet?
        var holes: [EndExpression] = []
    }

    /// How many terms one end may have.
    static let maximum = 256

    let terms: [Term]

    /// The terms of an expression, or nil when they are too many.
    init?(_ expression: EndExpression) {
        guard let terms = Self.terms(expression) else { return nil }
        self.terms = terms
    }

    private static func terms(_ expression: EndExpression) -> [Term]? {
        switch expression {
        case .any: return [Term()]
        case .anyWorkload: return [Term(isOwned: true)]
        case .selector(let selector): return [Term(selectors: [selector])]
        case .workload(let id): return [Term(workloads: [id])]
        case .addressSet(let id): return [Term(sets: [id])]
        case .addresses(let set): return set.isEmpty ? [] : [Term(addresses: set)]
        case .union(let parts):
            var result: [Term] = []
            for part in parts {
                guard let terms = terms(part) else { return nil }
                result += terms
            }
            return result.count <= maximum ? result : nil
        case .intersection(let parts):
            var result = [Term()]
            for part in parts {
                guard let terms = terms(part), terms.count * result.count <= maximum else { return nil }
                result = result.flatMap { first in terms.compactMap { joined(first, $0) } }
            }
            return result
        case .difference(let whole, let hole):
            guard var result = terms(whole) else { return nil }
            for number in result.indices { result[number].holes.append(hole) }
            return result
        }
    }

    private static func joined(_ a: Term, _ b: Term) -> Term? {
        var result = a
        result.isOwned = a.isOwned || b.isOwned
        result.selectors += b.selectors.filter { !a.selectors.contains($0) }
        if let mine = a.workloads, let theirs = b.workloads {
            let both = mine.intersection(theirs)
            guard !both.isEmpty else { return nil }
            result.workloads = both
        } else {
            result.workloads = a.workloads ?? b.workloads
        }
        result.sets += b.sets.filter { !a.sets.contains($0) }
        if let mine = a.addresses, let theirs = b.addresses {
            let both = mine.intersection(theirs)
            guard !both.isEmpty else { return nil }
            result.addresses = both
        } else {
            result.addresses = a.addresses ?? b.addresses
        }
        result.holes += b.holes.filter { !a.holes.contains($0) }
        return result
    }
}

extension WrittenEnd {
    /// The end in YAML; nil when it holds for nothing, which files have no word for.
    ///
    /// - Parameters:
    ///   - letsThrough: Whether the rule lets through, so that no selector may hold for workloads without labels.
    ///   - sets: The named sets, for ends that lie in several at once.
    func yaml(letsThrough: Bool, sets: [AddressSetID: AddressSet]) -> YAMLText? {
        var items: [YAMLText] = []
        var names: [WorkloadID] = []
        for term in terms {
            // Workloads by name stand in one item.
            if let one = term.onlyWorkload {
                if !names.contains(one) { names.append(one) }
                continue
            }
            if let item = Self.yaml(term, letsThrough, sets), !items.contains(item) { items.append(item) }
        }
        if !names.isEmpty { items.append(.map([.init("workloads", Self.one(names.map { .text($0.rawValue) }))])) }
        return items.isEmpty ? nil : Self.one(items)
    }

    private static func one(_ items: [YAMLText]) -> YAMLText {
        if items.count == 1, let only = items.first { return only }
        return .list(items)
    }

    private static func yaml(
        _ term: Term, _ letsThrough: Bool, _ sets: [AddressSetID: AddressSet]
    ) -> YAMLText? {
        var selector: Selector? = term.selectors.isEmpty ? nil : Selector.joined(term.selectors)
        var holes = term.holes
        if let whole = selector, letsThrough, !whole.hasPositiveTerm {
            // Files ask whoever means workloads without the label to say so.
            if whole != .all { holes.append(.selector(whole.negated)) }
            selector = nil
        } else if selector == .all {
            selector = nil
        }
        let isOwned = term.isOwned || (selector == nil && !term.selectors.isEmpty)
        var select: YAMLText?
        if let selector {
            select = .text(selector.description)
        } else if isOwned, term.workloads == nil {
            select = .text("anyWorkload")
        }
        var addresses: [YAMLText] = []
        if !term.sets.isEmpty || term.addresses != nil {
            if term.sets.count == 1, let name = term.sets.first, term.addresses == nil {
                addresses = [.text(name.rawValue)]
            } else {
                var both = term.addresses ?? .all
                for name in term.sets { both = both.intersection(sets[name] ?? AddressSet()) }
                guard !both.isEmpty else { return nil }
                addresses = both.ranges.map { .text($0.description) }
            }
        }
        var except: [YAMLText] = []
        for hole in holes {
            guard let written = WrittenEnd(hole), let item = written.yaml(letsThrough: false, sets: sets) else {
                continue
            }
            if case .list(let items) = item { except += items } else { except.append(item) }
        }
        if addresses.isEmpty, term.workloads == nil, except.isEmpty { return select ?? .text("any") }
        var entries: [YAMLText.Entry] = []
        if let select {
            entries.append(.init("select", select))
        } else if addresses.isEmpty, term.workloads == nil {
            entries.append(.init("select", .text("any")))
        }
        if !addresses.isEmpty { entries.append(.init("addresses", one(addresses))) }
        if let names = term.workloads {
            entries.append(.init("workloads", one(names.sorted().map { .text($0.rawValue) })))
        }
        var seen = Set<YAMLText>()
        let distinct = except.filter { seen.insert($0).inserted }
        if !distinct.isEmpty { entries.append(.init("except", one(distinct))) }
        return .map(entries)
    }
}

extension WrittenEnd.Term {
    fileprivate var onlyWorkload: WorkloadID? {
        guard selectors.isEmpty, sets.isEmpty, addresses == nil, holes.isEmpty, let workloads, workloads.count == 1
        else { return nil }
        return workloads.first
    }
}

extension Selector {
    /// All of the selectors, without `and` around one and inside another.
    static func joined(_ parts: [Selector]) -> Selector {
        var flat: [Selector] = []
        for part in parts {
            switch part {
            case .and(let inner): flat += inner.filter { !flat.contains($0) }
            case .all: break
            case .equals, .notEquals, .isIn, .notIn, .exists, .notExists, .not, .or:
                if !flat.contains(part) { flat.append(part) }
            }
        }
        // What has a value is there.
        var given = Set<LabelKey>()
        for part in flat {
            switch part {
            case .equals(let key, _), .isIn(let key, _): given.insert(key)
            case .all, .notEquals, .notIn, .exists, .notExists, .not, .and, .or: break
            }
        }
        flat.removeAll { if case .exists(let key) = $0 { given.contains(key) } else { false } }
        if flat.count == 1, let only = flat.first { return only }
        return flat.isEmpty ? .all : .and(flat)
    }

    /// The selector that holds where this one does not, in the words of people.
    var negated: Selector {
        switch self {
        case .all: .or([])
        case .equals(let key, let value): .notEquals(key, value)
        case .notEquals(let key, let value): .equals(key, value)
        case .isIn(let key, let values): .notIn(key, values)
        case .notIn(let key, let values): .isIn(key, values)
        case .exists(let key): .notExists(key)
        case .notExists(let key): .exists(key)
        case .not(let inner): inner
        case .and(let parts): parts.isEmpty ? .or([]) : .or(parts.map(\.negated))
        case .or(let parts): parts.isEmpty ? .all : .and(parts.map(\.negated))
        }
    }
}
