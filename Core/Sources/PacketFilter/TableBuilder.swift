internal import NetworkTypes
internal import PolicyModel

/// Collects sets, chains, counters; gives equal content one name and refuses one name for two contents.
struct TableBuilder {
    struct Denial: Hashable {
        let reason: DenialReason
        let denial: RuleAction.Denial
    }

    let limits: FilterLimits
    private(set) var sets: [FilterSet] = []
    private(set) var chains: [FilterChain] = []
    private(set) var counters: [FilterCounter] = []
    private(set) var references: [DenialReference: DenialReason] = [:]
    private var setNumbers: [String: Int] = [:]
    private var chainNumbers: [String: Int] = [:]
    private var setNames: [FilterSet.Kind: [[AddressRange]: String]] = [:]
    private struct HostsKey: Hashable {
        let family: AddressFamily
        let count: Int
        let first: IPAddress
        let last: IPAddress
    }

    private var knownHosts: [HostsKey: [(addresses: [IPAddress], name: String?)]] = [:]
    /// The verdict that denies for a reason, answered or not, once it was made.
    var knownDenials: [Denial: FilterVerdict] = [:]
    private var elementCount = 0
    private var ruleCount = 0
    /// For each chain, how deep the chains below it reach, and how many chain visits validating it takes.
    private var depths: [String: Int] = [:]
    private var visits: [String: Int] = [:]

    init(limits: FilterLimits) { self.limits = limits }

    /// The name of the set of these addresses, or nil when there are none of this family.
    ///
    /// Many rules share one list; comparing a list with itself takes no time, hashing it would.
    mutating func hosts(_ addresses: [IPAddress], _ family: AddressFamily) throws(RenderError) -> String? {
        guard let first = addresses.first, let last = addresses.last else { return nil }
        let key = HostsKey(family: family, count: addresses.count, first: first, last: last)
        if let same = knownHosts[key]?.first(where: { $0.addresses == addresses }) { return same.name }
        let elements = addresses.filter { $0.family == family }.compactMap { AddressRange($0, $0) }
        let name = try set(.hosts(family), elements, prefix: "h\(family.rawValue)")
        knownHosts[key, default: []].append((addresses, name))
        return name
    }

    /// The name of the set of these blocks, or nil when there are none of this family.
    mutating func ranges(_ addresses: AddressSet, _ family: AddressFamily) throws(RenderError) -> String? {
        let elements = addresses.ranges.filter { $0.family == family }
        return try set(.ranges(family), elements, prefix: "n\(family.rawValue)")
    }

    /// The set of tuples that were logged lately.
    mutating func sample(_ family: AddressFamily, hasPorts: Bool) throws(RenderError) -> String {
        let name =
            "seen\(family.rawValue)_\(hasPorts ? "ports" : "other")_\(limits.samples)_\(limits.sampleSeconds)"
        let kind = FilterSet.Kind.sample(
            family, hasPorts: hasPorts, size: limits.samples, seconds: limits.sampleSeconds)
        if setNumbers[name] == nil { add(FilterSet(name: name, kind: kind, elements: [])) }
        return name
    }

    private mutating func set(
        _ kind: FilterSet.Kind, _ elements: [AddressRange], prefix: String
    ) throws(RenderError) -> String? {
        if elements.isEmpty { return nil }
        if let known = setNames[kind]?[elements] { return known }
        var hash = ContentHash()
        for element in elements {
            hash.combine(element.description)
            hash.combine(" ")
        }
        let name = "\(prefix)_\(hash.digits)"
        if setNumbers[name] != nil { throw .hashCollision(name) }
        elementCount += elements.count
        if elementCount > limits.elements { throw .tooLarge(.elements, elementCount, limit: limits.elements) }
        setNames[kind, default: [:]][elements] = name
        add(FilterSet(name: name, kind: kind, elements: elements))
        return name
    }

    private mutating func add(_ set: FilterSet) {
        setNumbers[set.name] = sets.count
        sets.append(set)
    }

    /// The name of the regular chain with these rules; `kind` says what it is for.
    mutating func chain(_ kind: String, _ rules: [FilterRule]) throws(RenderError) -> String {
        var hash = ContentHash()
        for rule in rules { hash.combine(rule.text + "\n") }
        let name = "\(kind)_\(hash.digits)"
        if let known = chainNumbers[name] {
            guard chains[known].rules == rules else { throw .hashCollision(name) }
            return name
        }
        try measure(name, rules)
        ruleCount += rules.count
        if ruleCount > limits.rules { throw .tooLarge(.rules, ruleCount, limit: limits.rules) }
        if chains.count >= limits.chains { throw .tooLarge(.chains, chains.count + 1, limit: limits.chains) }
        chainNumbers[name] = chains.count
        chains.append(FilterChain(name: name, rules: rules))
        return name
    }

    private mutating func measure(_ name: String, _ rules: [FilterRule]) throws(RenderError) {
        var deepest = 0
        var total = 1
        for target in rules.flatMap(\.targets) {
            deepest = max(deepest, depths[target] ?? 0)
            total += visits[target] ?? 0
            if total > limits.visits { throw .tooLarge(.visits, total, limit: limits.visits) }
        }
        // The base chain stands above every chain.
        if deepest + 2 > limits.depth { throw .tooLarge(.depth, deepest + 2, limit: limits.depth) }
        depths[name] = deepest + 1
        visits[name] = total
    }

    /// The counter that counts denials for this reason.
    mutating func counter(_ reason: DenialReason) throws(RenderError) -> String {
        let reference = DenialReference(reason)
        if let known = references[reference] {
            guard known == reason else { throw .hashCollision(reference.counter) }
            return reference.counter
        }
        references[reference] = reason
        counters.append(FilterCounter(name: reference.counter, comment: reason.name))
        return reference.counter
    }

    /// Everything that the base chains lead to; what a walk made and then did not need is left out.
    func table(_ base: [FilterBaseChain]) -> FilterTable {
        var used: Set<String> = []
        var open = base.flatMap(\.rules)
        while let rule = open.popLast() {
            used.formUnion(rule.names)
            for target in rule.targets where used.insert(target).inserted {
                if let number = chainNumbers[target] { open += chains[number].rules }
            }
        }
        return FilterTable(
            counters: counters.filter { used.contains($0.name) }.sorted { $0.name < $1.name },
            sets: sets.filter { used.contains($0.name) }, chains: chains.filter { used.contains($0.name) }, base: base)
    }

    /// The counter of denials that were not logged because their tuple was, or because a sampling set was full.
    mutating func suppressedCounter() -> String {
        let name = "suppressed"
        if !counters.contains(where: { $0.name == name }) {
            counters.append(FilterCounter(name: name, comment: "denials that were counted but not logged"))
        }
        return name
    }
}

extension FilterRule {
    /// The chains that the rule leads to, once for each way.
    var targets: [String] {
        statements.flatMap { statement -> [String] in
            switch statement {
            case .verdict(let verdict): verdict.target.map { [$0] } ?? []
            case .dispatch(_, let cases): cases.compactMap(\.verdict.target)
            case .counter, .log, .sample: []
            }
        }
    }

    /// The sets and counters that the rule speaks of.
    var names: [String] {
        let tested = matches.compactMap { match -> String? in
            switch match {
            case .address(_, _, let set, _), .isSampled(_, _, let set): set
            case .family, .proto, .ports, .messages, .hopLimitIsNot, .loopback, .isNotOpening, .isReset, .before,
                .notBefore:
                nil
            }
        }
        return tested
            + statements.compactMap { statement in
                switch statement {
                case .counter(let name): name
                case .sample(_, _, let set): set
                case .log, .dispatch, .verdict: nil
                }
            }
    }
}
