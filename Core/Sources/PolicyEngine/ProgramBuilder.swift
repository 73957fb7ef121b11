internal import NetworkTypes
public import PolicyModel

/// Makes the programs of workloads from one state of the engine.
///
/// Peer sets are resolved once for each expression and shared by all workloads. Named ports, relations and conditions
/// are resolved here: an unknown condition makes an allow match nothing and a deny match, as semantics §3 has it.
public struct ProgramBuilder {
    private struct Key: Hashable {
        let peer: Int
        let isDeny: Bool
    }

    private let engine: PolicyEngine
    /// The addresses of each identity that have one owner, ascending.
    private var hosts: [[IPAddress]]
    /// The addresses with several owners, ascending.
    private var shared: [(address: IPAddress, identities: [UInt32])] = []
    private let owned: [IPAddress]
    private var cache: [Key: PeerSet] = [:]
    /// How far ends are seen by the program at hand: what only watches says what full mode everywhere would do.
    private var view = VerdictView.effective
    /// The texts of expressions, where rules tie.
    private var texts: [Int: String] = [:]

    /// Prepares the addresses; linear in them.
    public init(_ engine: PolicyEngine) {
        self.engine = engine
        hosts = Array(repeating: [], count: engine.identities.capacity)
        let all = engine.directory.allOwners.sorted { $0.address < $1.address }
        for (address, owners) in all {
            if owners.count == 1 {
                hosts[Int(owners[0].identity)].append(address)
            } else {
                shared.append((address, owners.map(\.identity)))
            }
        }
        owned = all.map(\.address)
    }

    /// The program of a workload for one agent layer, or nil when there is no such workload or layer.
    public mutating func program(for id: WorkloadID, layer layerID: LayerID = Policy.layerID) -> WorkloadProgram? {
        guard let workload = engine.directory.workload(id),
            let number = engine.layers.firstIndex(where: { $0.source.id == layerID && $0.source.enforcer == .agent })
        else { return nil }
        let layer = engine.layers[number]
        let addresses = Set(workload.addresses).sorted()
        let identities = engine.directory.identities(of: id)
        let applying = identities.filter { engine.holds(layer.appliesTo, $0) }
        let mode = applying.compactMap { engine.mode(of: $0, layer, .effective) }.max { $0.strength < $1.strength }
        var program = WorkloadProgram(
            workload: id, addresses: addresses,
            sharedAddresses: addresses.filter { engine.directory.owners(of: $0).count > 1 }, mode: mode,
            isQuarantined: workload.mode != nil && identities.contains { engine.holds(layer.fullFor, $0) }, tiers: [],
            defaultAction: nil)
        guard let mode, mode != .idle else { return program }
        view = mode == .visibility ? .policy : .effective
        program.defaultAction = mode == .selective ? layer.source.selectiveDefault : layer.source.fullDefault
        program.tiers = tiers(number, identities, addresses)
        return program
    }

    private mutating func tiers(_ number: Int, _ identities: [UInt32], _ addresses: [IPAddress]) -> [ProgramTier] {
        let layer = engine.layers[number]
        var tiers = layer.tiers.map { ProgramTier(id: $0.source.id, rules: [], onNoMatch: [:]) }
        var numbers: Set<UInt32> = []
        let distinct = Array(Set(identities)).sorted()
        for identity in distinct {
            for direction in Direction.allCases {
                numbers.formUnion(engine.identityRules[Int(identity)][direction])
                for (place, tier) in layer.tiers.enumerated() where tier.source.onNoMatch != .next {
                    if engine.decidesOnNoMatch(tier, identity, direction) {
                        tiers[place].onNoMatch[direction] = tier.source.onNoMatch
                    }
                }
            }
        }
        let rules = inOrder(numbers.compactMap { engine.rules[Int($0)] }.filter { $0.layer == number })
        for rule in rules {
            let mine = distinct.filter { engine.holds(rule.subject, $0) }
            let own =
                mine.count == distinct.count ? nil : zip(addresses, identities).filter { mine.contains($0.1) }.map(\.0)
            if let resolved = resolve(rule, subjects: mine, own: own, layer) { tiers[rule.tier].rules.append(resolved) }
        }
        var targets: Set<TierID> = []
        for rule in tiers.flatMap(\.rules) {
            if case .pass(let name?) = rule.action { targets.insert(name) }
        }
        return tiers.filter { !$0.rules.isEmpty || !$0.onNoMatch.isEmpty || targets.contains($0.id) }
    }

    /// The rules by precedence; those that tie stand egress first, then by the text of subject and peer, so that a program
    /// depends on the policy alone and not on the numbers that history gave to rules.
    private mutating func inOrder(_ rules: [CompiledRule]) -> [CompiledRule] {
        var texts = self.texts
        func text(_ expression: Int) -> String {
            if let known = texts[expression] { return known }
            let made = engine.describe(engine.expressions[expression].source)
            texts[expression] = made
            return made
        }
        let sorted = rules.sorted { a, b in
            if a.precedes(b) { return true }
            if b.precedes(a) { return false }
            if a.source.direction != b.source.direction { return a.source.direction == .egress }
            if a.subject != b.subject { return text(a.subject) < text(b.subject) }
            return a.peer != b.peer && text(a.peer) < text(b.peer)
        }
        self.texts = texts
        return sorted
    }

    private mutating func resolve(
        _ rule: CompiledRule, subjects: [UInt32], own: [IPAddress]?, _ layer: CompiledLayer
    ) -> ProgramRule? {
        let isDeny = rule.source.action.order == 0
        // No condition is known to the packet filter.
        if !rule.source.conditions.isEmpty, !isDeny { return nil }
        // What is not understood makes an allow shrink and a deny grow (semantics §4).
        if rule.source.certainty != .exact, !isDeny { return nil }
        guard let subject = subjects.first else { return nil }
        let plain = rule.source.services.filter { if case .named = $0 { false } else { true } }
        var parts: [ProgramPart] = []
        func add(_ peers: PeerSet, _ services: [ServiceTerm]) {
            if !peers.isEmpty, !services.isEmpty {
                parts.append(ProgramPart(ownAddresses: own, peers: peers, services: services))
            }
        }
        add(peers(rule, subject, isDeny, layer) { _ in true }, plain)
        for (ports, destinations) in destinations(naming: rule.source.services) {
            let terms = ports.map { ServiceTerm.ports($0.proto, destination: PortSet($0.port)) }
            switch rule.source.direction {
            case .egress: add(peers(rule, subject, isDeny, layer) { destinations.contains($0) }, terms)
            case .ingress where destinations.contains(subject):
                add(peers(rule, subject, isDeny, layer) { _ in true }, terms)
            case .ingress: break
            }
        }
        return ProgramRule(
            id: rule.source.id, action: rule.source.action, direction: rule.source.direction, parts: parts,
            validity: rule.source.validity, attributes: rule.source.subjectAttributes,
            needsSamePrincipal: rule.source.relations.contains(.samePrincipal))
    }

    /// The ports that the names among the terms stand for, with the identities where they do.
    ///
    /// Port by port, since the owners of one address may reach a port by different names.
    private func destinations(naming terms: [ServiceTerm]) -> [(ports: [ProtocolPort], identities: Set<UInt32>)] {
        var byPort: [ProtocolPort: Set<UInt32>] = [:]
        for case .named(let name) in terms {
            for identity in 0..<UInt32(engine.identities.capacity) where engine.identities.isUsed(identity) {
                let table = engine.vocabulary.portTableList[Int(engine.column(Vocabulary.Column.ports, identity))]
                for port in table[name] ?? [] where port.proto.hasPorts { byPort[port, default: []].insert(identity) }
            }
        }
        return Dictionary(grouping: byPort.keys) { byPort[$0] ?? [] }
            .map { ($0.value.sorted(), $0.key) }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
    }

    private mutating func peers(
        _ rule: CompiledRule, _ subject: UInt32, _ isDeny: Bool, _ layer: CompiledLayer, _ also: (UInt32) -> Bool
    ) -> PeerSet {
        let hasAttributes = rule.source.peerAttributes != .none
        let isPlain =
            rule.relations.isEmpty && !hasAttributes
            && !rule.source.services.contains { if case .named = $0 { true } else { false } }
        let key = Key(peer: rule.peer, isDeny: isDeny)
        if isPlain, let known = cache[key] { return known }
        let result = peerSet(isDeny: isDeny) { peer in
            guard engine.holds(rule.peer, peer), also(peer) else { return false }
            for relation in rule.relations where !engine.holdsByLabels(relation, subject, peer) { return false }
            guard hasAttributes else { return true }
            let enforced =
                engine.column(Vocabulary.Column.owned, peer) == 1
                && AgentColumn.enforcesAttributes(engine.column(Vocabulary.Column.agent, peer))
                && engine.mode(of: peer, layer, view)?.enforces ?? false
            return isDeny ? !enforced : enforced || rule.source.widensPeer
        }
        if isPlain { cache[key] = result }
        return result
    }

    private func peerSet(isDeny: Bool, _ holds: (UInt32) -> Bool) -> PeerSet {
        var set = PeerSet()
        var inside: Set<IPAddress> = []
        var ranges = AddressSet()
        var whole = true
        for identity in 0..<UInt32(engine.identities.capacity) where engine.identities.isUsed(identity) {
            if !holds(identity) {
                whole = false
            } else if engine.column(Vocabulary.Column.owned, identity) == 1 {
                inside.formUnion(hosts[Int(identity)])
            } else {
                let signature = engine.column(Vocabulary.Column.signature, identity)
                ranges = ranges.union(engine.vocabulary.space.addresses(with: signature))
            }
        }
        if whole { return .everything }
        for (address, identities) in shared {
            let belongs = isDeny ? identities.contains(where: holds) : identities.allSatisfy(holds)
            if belongs { inside.insert(address) }
        }
        set.ranges = ranges
        set.hosts = inside.filter { !ranges.contains($0) }.sorted()
        if !ranges.isEmpty { set.exceptions = owned.filter { ranges.contains($0) && !inside.contains($0) } }
        return set
    }
}

extension EnforcementMode {
    /// How much is enforced, for choosing the strictest of several.
    var strength: Int {
        switch self {
        case .idle: 0
        case .visibility: 1
        case .selective: 2
        case .full: 3
        }
    }
}

extension PolicyEngine {
    /// Whether a relation holds as far as labels go; principals are left to `needsSamePrincipal`.
    package func holdsByLabels(_ relation: CompiledRule.ColumnRelation, _ subject: UInt32, _ peer: UInt32) -> Bool {
        switch relation {
        case .samePrincipal: true
        case .same(let columns): areEqual(columns, subject, peer) == true
        case .different(let columns): areEqual(columns, subject, peer) == false
        }
    }

    /// Whether two workloads have the same present values; nil when one is no workload.
    func areEqual(_ columns: [Int], _ subject: UInt32, _ peer: UInt32) -> Bool? {
        guard column(Vocabulary.Column.owned, subject) == 1, column(Vocabulary.Column.owned, peer) == 1 else {
            return nil
        }
        return columns.allSatisfy {
            let code = column($0, subject)
            return code != 0 && code == column($0, peer)
        }
    }
}
