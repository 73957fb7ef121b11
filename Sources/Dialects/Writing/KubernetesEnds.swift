import NetworkTypes
import PolicyModel

/// Says ends in the words of Kubernetes: pods by labels, others by addresses.
struct KubernetesEnds {
    /// An end in those words.
    struct Resolved {
        /// Pods; a union.
        var pods: [PodTerm]
        /// Addresses that are no pod's.
        var outside: AddressSet
    }

    let table: EndTable
    let workloads: [Workload]
    /// The namespace of each workload.
    let namespaces: [WorkloadID: String]
    private let addressSets: [AddressSetID: AddressSet]
    /// The labels that pods can have, each under a name of its own.
    private let usable: Set<LabelKey>

    init(_ table: EndTable, workloads: [Workload], namespaces: [WorkloadID: String], sets: [AddressSetID: AddressSet]) {
        self.table = table
        self.workloads = workloads
        self.namespaces = namespaces
        addressSets = sets
        var names: [KubernetesText.Key: Set<LabelKey>] = [:]
        for workload in workloads {
            for (key, value) in workload.labels {
                let name = KubernetesText.Key(key)
                names[name, default: []].insert(key)
                // A value that no pod can have makes the label unusable for all.
                if !KubernetesNames.isLabelValue(value.description) { names[name]?.formUnion(KubernetesText.ownLabels) }
            }
        }
        usable = Set(names.filter { $0.key.isValid && $0.value.count == 1 }.flatMap(\.value))
            .filter { !KubernetesText.isOwn($0) }
    }

    /// The end, or nil when labels cannot tell its workloads from others.
    func resolve(_ end: EndSet) -> Resolved? {
        let outside = outside(end.expression)
        let wanted = end.members.intersection(table.universe.owned)
        let direct = pods(end.expression, negated: false).map { PodTerm.reduced($0.map(withoutOwnLabels)) }
        if let terms = direct, members(terms) == wanted {
            return Resolved(pods: terms.count > 8 ? terms.filter(isInhabited) : terms, outside: outside)
        }
        // One by one, by what tells each from all others.
        let chosen = workloads.filter { !table[.workload($0.id)].members.isDisjoint(with: wanted) }
        guard let terms = pods(chosen, false) else { return nil }
        guard members(terms) == wanted else { return nil }
        return Resolved(pods: terms, outside: outside)
    }

    /// Without tests of labels that reading manifests adds, which no pod has, and of the name that every namespace has.
    private func withoutOwnLabels(_ term: PodTerm) -> PodTerm {
        var result = PodTerm(tests: term.tests.filter { !KubernetesText.isOwn($0.key) })
        if let key = RulesetPlan.namespaceKey, case .present(let values) = result.tests[key] {
            result.tests[key] = values.isEmpty ? nil : .missingOr(besides: values)
        }
        return result
    }

    /// Whether a pod in its node's network is among the members, which ClusterNetworkPolicy never selects.
    func touchesHostNetwork(_ end: EndSet) -> Bool {
        guard let key = KubernetesCluster.hostNetwork else { return false }
        return end.members.numbers.contains { table.universe.members[$0].owner?.labels[key] != nil }
    }

    /// The workloads that a term holds for.
    func members(_ term: PodTerm) -> [Workload] { workloads.filter { term.holds($0.labels) } }

    private func isInhabited(_ term: PodTerm) -> Bool { workloads.contains { term.holds($0.labels) } }

    private func members(_ terms: [PodTerm]) -> MemberSet {
        let members = table.universe.members
        return MemberSet(count: members.count) { number in
            guard let owner = members[number].owner else { return false }
            return terms.contains { $0.holds(owner.labels) }
        }
    }

    // MARK: Pods

    private func pods(_ expression: EndExpression, negated: Bool) -> [PodTerm]? {
        switch expression {
        case .any, .anyWorkload: return negated ? [] : [PodTerm()]
        case .selector(let selector): return PodTerm.terms(selector, negated: negated)
        case .workload(let id): return pods(workloads.filter { $0.id == id }, negated)
        case .addressSet(let id): return pods(in: addressSets[id] ?? AddressSet(), negated)
        case .addresses(let set): return pods(in: set, negated)
        case .union(let parts): return joined(parts.map { ($0, negated) }, byAnd: negated)
        case .intersection(let parts): return joined(parts.map { ($0, negated) }, byAnd: !negated)
        case .difference(let whole, let hole):
            return joined([(whole, negated), (hole, !negated)], byAnd: !negated)
        }
    }

    private func joined(_ parts: [(EndExpression, Bool)], byAnd: Bool) -> [PodTerm]? {
        var result: [PodTerm] = byAnd ? [PodTerm()] : []
        for (part, negated) in parts {
            guard let terms = pods(part, negated: negated) else { return nil }
            if byAnd {
                guard let both = PodTerm.and(result, terms) else { return nil }
                result = both
            } else {
                result += terms.filter { !result.contains($0) }
            }
        }
        return result.count <= PodTerm.maximum ? PodTerm.reduced(result) : nil
    }

    private func pods(in set: AddressSet, _ negated: Bool) -> [PodTerm]? {
        pods(workloads.filter { $0.addresses.contains(where: set.contains) }, negated)
    }

    private func pods(_ chosen: [Workload], _ negated: Bool) -> [PodTerm]? {
        var result: [PodTerm] = negated ? [PodTerm()] : []
        let others = workloads.filter { workload in !chosen.contains { $0.id == workload.id } }
        for workload in chosen {
            guard let term = profile(workload, besides: others) else { return nil }
            if negated {
                guard let both = PodTerm.and(result, term.negated) else { return nil }
                result = both
            } else if !result.contains(term) {
                result.append(term)
            }
        }
        return result
    }

    /// The fewest labels that tell a workload from others, or nil when its labels are another's too.
    private func profile(_ workload: Workload, besides others: [Workload]) -> PodTerm? {
        var term = PodTerm(
            tests: workload.labels.filter { usable.contains($0.key) }.mapValues { .oneOf([$0]) })
        for other in others where term.holds(other.labels) {
            guard let key = other.labels.keys.filter({ usable.contains($0) && workload.labels[$0] == nil }).min() else {
                return nil
            }
            term.tests[key] = .missing
        }
        for key in term.tests.keys.sorted(by: >) where key != RulesetPlan.namespaceKey {
            var shorter = term
            shorter.tests[key] = nil
            if !others.contains(where: { shorter.holds($0.labels) }) { term = shorter }
        }
        return term
    }

    // MARK: Others

    /// The addresses that the expression holds for where no workload owns them.
    private func outside(_ expression: EndExpression) -> AddressSet {
        switch expression {
        case .any: .all
        case .anyWorkload, .selector, .workload: AddressSet()
        case .addressSet(let id): addressSets[id] ?? AddressSet()
        case .addresses(let set): set
        case .union(let parts): parts.reduce(AddressSet()) { $0.union(outside($1)) }
        case .intersection(let parts): parts.reduce(.all) { $0.intersection(outside($1)) }
        case .difference(let whole, let hole): outside(whole).subtracting(outside(hole))
        }
    }
}
