import NetworkTypes
import PolicyFiles
import PolicyModel

/// Whom one end of a rule is about.
struct CalicoEntity {
    /// What is understood.
    var exact: EndExpression = .any
    /// What covers at least what was written, where that is more.
    var wide: EndExpression?
    /// Why it may be more.
    var reason = ""
    /// The traffic that a service adds; nil for what the rule says.
    var services: [ServiceTerm]?
    /// Whether anything was written about the end but ports.
    var isAny = true

    /// Both hold.
    mutating func narrow(to part: EndExpression, wide other: EndExpression? = nil, reason: String = "") {
        if wide != nil || other != nil {
            wide = Self.both(wide ?? exact, other ?? part)
            if other != nil { self.reason = reason }
        }
        exact = Self.both(exact, part)
        isAny = false
    }

    private static func both(_ a: EndExpression, _ b: EndExpression) -> EndExpression {
        if a == .any { return b }
        return b == .any ? a : .intersection([a, b])
    }
}

extension CalicoPolicy {
    /// Reads `source` or `destination`.
    ///
    /// Selectors are joined as Calico joins them (`updateprocessors/rules.go`, `GetEntityRuleSelector`): in a namespaced policy any of them
    /// means the endpoints and sets of its own namespace unless there is a `namespaceSelector`. A `notSelector` beside another
    /// one narrows the set of addresses (`rule_scanner.go`, `combineMatchesIfPossible`).
    mutating func entity(
        _ tree: Tree?, home: String?, unknown: inout [Scalar]
    ) throws(Refusal) -> CalicoEntity {
        var entity = CalicoEntity()
        guard let tree else { return entity }
        _ = try tree.entries("an end of a rule")
        unknown += tree.unknownFields(known: [
            "nets", "notNets", "selector", "notSelector", "namespaceSelector", "services", "ports", "notPorts",
            "serviceAccounts",
        ])
        if let services = tree["services"] {
            try addServices(services, beside: tree, home: home, to: &entity, unknown: &unknown)
            return entity
        }
        let negative = try selector(tree["notSelector"])
        if let positive = try positive(tree, home: home, hasNegative: negative != nil, unknown: &unknown) {
            add(negative.map { .and([positive, .not($0)]) } ?? positive, to: &entity)
        } else if let negative {
            let found = members(negative)
            let others = EndExpression.difference(.any, found.exact)
            entity.narrow(
                to: found.isOpen ? .union([]) : others, wide: found.isOpen ? others : nil, reason: Self.domains)
        }
        if let nets = try blocks(tree, "nets") { entity.narrow(to: networks(nets, at: tree.location)) }
        if let nets = try blocks(tree, "notNets") {
            entity.narrow(to: .difference(.any, networks(nets, at: tree.location)))
        }
        return entity
    }

    private static let domains = "the addresses of a network set's domains are not known"

    private mutating func add(_ selector: CalicoSelector, to entity: inout CalicoEntity) {
        let found = members(selector)
        entity.narrow(to: found.exact, wide: found.isOpen ? .any : nil, reason: Self.domains)
    }

    /// The endpoints and sets that a selector finds; open where a set stands for more than its addresses.
    private func members(_ selector: CalicoSelector) -> (exact: EndExpression, isOpen: Bool) {
        var parts: [EndExpression] = [
            .selector(KubernetesCluster.all([CalicoLabels.anyPeer, selector.lowered(over: values)]))
        ]
        var isOpen = false
        for set in cluster.sets where selector.matches(set.labels) {
            if !set.addresses.isEmpty { parts.append(networks(set.addresses, as: .addressSet(set.id))) }
            isOpen = isOpen || set.hasDomains
        }
        return (KubernetesPolicy.any(of: parts), isOpen)
    }

    // MARK: Selectors

    private mutating func positive(
        _ tree: Tree, home: String?, hasNegative: Bool, unknown: inout [Scalar]
    ) throws(Refusal) -> CalicoSelector? {
        var parts: [CalicoSelector] = []
        if let accounts = tree["serviceAccounts"] {
            _ = try accounts.entries("`serviceAccounts`")
            unknown += accounts.unknownFields(known: ["names", "selector"])
            if let written = try selector(accounts["selector"]) {
                parts.append(written.mapping(key: { CalicoLabels.serviceAccountPrefix + $0 }))
            }
            var names: [String] = []
            for item in try accounts.list("names") { names.append(try item.scalar("a service account").text) }
            if !names.isEmpty { parts.append(.isIn(CalicoLabels.serviceAccount, names)) }
        }
        if let written = try selector(tree["selector"]) { parts.append(written) }
        let namespaces = try namespaceSelector(tree["namespaceSelector"])
        if namespaces == nil, parts.isEmpty, !hasNegative { return nil }
        if let place = namespaces ?? home.map({ .equals(CalicoLabels.namespace, $0) }) { parts.insert(place, at: 0) }
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : .and(parts)
    }

    /// A selector of endpoints; an empty one says nothing.
    func selector(_ tree: Tree?) throws(Refusal) -> CalicoSelector? {
        guard let tree, let parsed = try Self.parse(tree) else { return nil }
        if parsed.usesGlobal {
            throw Refusal(
                "expected `global()` in a rule's `namespaceSelector` only", at: tree.location, code: "invalid-selector")
        }
        return parsed
    }

    /// A `namespaceSelector` of a rule: `all()` is what is in some namespace, `global()` what is in none.
    private func namespaceSelector(_ tree: Tree?) throws(Refusal) -> CalicoSelector? {
        guard let tree, let parsed = try Self.parse(tree) else { return nil }
        if parsed.usesGlobal, parsed != .global {
            throw Refusal(
                "expected `global()` alone in a `namespaceSelector`", at: tree.location, code: "invalid-selector")
        }
        return parsed.mapping(
            key: { CalicoLabels.namespacePrefix + $0 }, all: .has(CalicoLabels.namespace),
            global: .not(.has(CalicoLabels.namespace)))
    }

    static func parse(_ tree: Tree?) throws(Refusal) -> CalicoSelector? {
        guard let tree else { return nil }
        let scalar = try tree.scalar("a selector")
        if scalar.text.isEmpty { return nil }
        do throws(CalicoSelectorFault) {
            return try CalicoSelector(parsing: scalar.text)
        } catch {
            throw Refusal(error.message, at: scalar.location, code: "invalid-selector")
        }
    }

    // MARK: Addresses

    private mutating func blocks(_ tree: Tree, _ field: String) throws(Refusal) -> AddressSet? {
        let items = try tree.list(field)
        if items.isEmpty { return nil }
        var prefixes: [Prefix] = []
        for item in items {
            let scalar = try item.scalar("a block of addresses")
            // `validateRule` takes no lone address, `validateIPNetwork` no bits after the length.
            guard let block = CalicoAddresses.block(scalar.text), block.isBlock, block.isExact else {
                throw Refusal(
                    "expected a block such as `10.0.0.0/8` without bits after its length, got `\(scalar.text.prefix(60))`",
                    at: scalar.location, code: "invalid-address")
            }
            prefixes.append(block.prefix)
        }
        return AddressSet(prefixes)
    }

    /// Everybody whose address lies in a set, pods and hosts too.
    ///
    /// A workload whose address the files do not state lies in the block of all addresses and in no smaller one.
    private func networks(_ set: AddressSet, as named: EndExpression) -> EndExpression {
        var parts = [named]
        let partial = AddressFamily.allCases.filter { family in
            let all = AddressSet([Prefix.all(family)])
            return !all.subtracting(set).isEmpty && standIns.meets(set.intersection(all))
        }
        if !partial.isEmpty, let key = KubernetesCluster.standIn {
            let other = AddressSet(partial.map { Prefix.all($0) })
            parts = [.difference(named, .intersection([.selector(.exists(key)), .addresses(other)]))]
        }
        for pod in kubernetes.hostPods where pod.addresses.contains(where: set.contains) {
            parts.append(.workload(pod.id))
        }
        return KubernetesPolicy.any(of: parts)
    }

    private mutating func networks(_ set: AddressSet, at location: Diagnostic.Location) -> EndExpression {
        let isWhole = AddressFamily.allCases.contains { AddressSet([Prefix.all($0)]).subtracting(set).isEmpty }
        if !isWhole, !cluster.standIns.isEmpty, kubernetes.passedOver.insert("addresses").inserted {
            findings.report(
                .warning, "assumed-address",
                KubernetesCluster.text(withoutAddress: cluster.withoutAddress),
                at: location, effect: .none)
        }
        return networks(set, as: .addresses(set))
    }
}

extension CalicoSelector {
    /// Whether `global()` stands in it.
    var usesGlobal: Bool {
        switch self {
        case .global: true
        case .not(let inner): inner.usesGlobal
        case .and(let parts), .or(let parts): parts.contains(where: \.usesGlobal)
        case .all, .equals, .notEquals, .isIn, .notIn, .contains, .starts, .ends, .has: false
        }
    }
}
