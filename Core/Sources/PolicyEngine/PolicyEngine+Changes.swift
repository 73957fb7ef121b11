internal import NetworkTypes
public import PolicyModel

/// Something that happens to what the engine was told.
public enum PolicyChange: Sendable {
    /// A workload is added, or takes the place of the one with its identifier.
    case upsert(Workload)
    /// A workload is gone; unknown identifiers change nothing.
    case remove(WorkloadID)
    /// A rule is added to a tier.
    case addRule(FlatRule, layer: LayerID, tier: TierID)
    /// One rule equal to this one is taken out of a tier; no such rule: nothing changes.
    case removeRule(FlatRule, layer: LayerID, tier: TierID)
    /// The whole policy is replaced; what stays the same is not computed again where the structure allows.
    case replace(FlatPolicy)
}

extension PolicyChange {
    /// The rules to take out and to add that make one policy of another; nil where they differ in anything else.
    ///
    /// The order of rules in a tier means nothing.
    public static func rules(from old: FlatPolicy, to new: FlatPolicy) -> [PolicyChange]? {
        func withoutRules(_ policy: FlatPolicy) -> FlatPolicy {
            var result = policy
            for layer in result.layers.indices {
                for tier in result.layers[layer].tiers.indices { result.layers[layer].tiers[tier].rules = [] }
            }
            return result
        }
        guard withoutRules(old) == withoutRules(new) else { return nil }
        var (removed, added): ([PolicyChange], [PolicyChange]) = ([], [])
        for (layer, other) in zip(old.layers, new.layers) {
            for (tier, next) in zip(layer.tiers, other.tiers) {
                var more: [FlatRule: Int] = [:]
                for rule in next.rules { more[rule, default: 0] += 1 }
                for rule in tier.rules { more[rule, default: 0] -= 1 }
                for rule in tier.rules where more[rule, default: 0] < 0 {
                    more[rule, default: 0] += 1
                    removed.append(.removeRule(rule, layer: layer.id, tier: tier.id))
                }
                for rule in next.rules where more[rule, default: 0] > 0 {
                    more[rule, default: 0] -= 1
                    added.append(.addRule(rule, layer: layer.id, tier: tier.id))
                }
            }
        }
        return removed + added
    }
}

/// What a change touched.
public struct ChangeReport: Hashable, Sendable {
    /// Identities that were born, died, or whose rules changed.
    public var identitiesAffected = 0
    /// Identities whose list of rules was written.
    public var rowsTouched = 0
    /// Whether everything was compiled anew, because the change alters what the policy can tell apart.
    public var wasFullCompile = false

    mutating func add(_ other: ChangeReport) {
        identitiesAffected += other.identitiesAffected
        rowsTouched += other.rowsTouched
        wasFullCompile = wasFullCompile || other.wasFullCompile
    }
}

extension PolicyEngine {
    /// Applies one change; the engine is then equal to one that was told the new state at once.
    ///
    /// Cost: an address that joins a known identity touches no rule; a new identity finds its rules through an index; a
    /// rule costs its members. A change of what the policy mentions (a label dimension named for the first or the last
    /// time) compiles everything anew.
    @discardableResult
    public mutating func apply(_ change: PolicyChange) -> ChangeReport {
        if index == nil { index = ExpressionIndex(expressions) }
        switch change {
        case .upsert(let workload): return replaceWorkload(workload.id, with: workload)
        case .remove(let id): return replaceWorkload(id, with: nil)
        case .addRule(let rule, let layer, let tier):
            guard let place = place(layer, tier) else { return ChangeReport() }
            guard covers(rule) else { return recompile { $0.layers[place.layer].tiers[place.tier].rules.append(rule) } }
            return add(rule, place)
        case .removeRule(let rule, let layer, let tier):
            guard let place = place(layer, tier) else { return ChangeReport() }
            return remove(rule, place)
        case .replace(let policy): return replace(with: policy)
        }
    }

    private func place(_ layer: LayerID, _ tier: TierID) -> (layer: Int, tier: Int)? {
        guard let layerNumber = layers.firstIndex(where: { $0.source.id == layer }),
            let tierNumber = layers[layerNumber].tiers.firstIndex(where: { $0.source.id == tier })
        else { return nil }
        return (layerNumber, tierNumber)
    }

    private mutating func recompile(_ edit: (inout FlatPolicy) -> Void) -> ChangeReport {
        var changed = policy
        edit(&changed)
        self = PolicyEngine(workloads: directory.unordered, policy: changed)
        return ChangeReport(identitiesAffected: identityCount, rowsTouched: identityCount, wasFullCompile: true)
    }

    // MARK: Workloads

    private mutating func replaceWorkload(_ id: WorkloadID, with workload: Workload?) -> ChangeReport {
        var report = ChangeReport()
        let old = directory.remove(id)
        let fresh = workload.map { place($0) } ?? []
        for identity in fresh {
            enter(identity)
            report.identitiesAffected += 1
            report.rowsTouched += 1
        }
        for identity in old {
            let mine = matching(identity, ifLast: identities.references[Int(identity)] == 1)
            guard identities.release(identity) else { continue }
            leave(identity, mine)
            report.identitiesAffected += 1
            report.rowsTouched += 1
        }
        return report
    }

    /// The expressions that hold for an identity.
    private func matching(_ identity: UInt32, ifLast: Bool = true) -> [Int] {
        guard ifLast, let index else { return [] }
        return identities.columns.withUnsafeBufferPointer { columns -> [Int] in
            let start = Int(identity) * identities.width
            let row = UnsafeBufferPointer(rebasing: columns[start..<start + identities.width])
            guard let base = row.baseAddress else { return [] }
            return index.candidates(row).filter {
                expressions[$0].compiled.matches(base, vocabulary.space.members)
            }
        }
    }

    private mutating func enter(_ identity: UInt32) {
        while identityRules.count < identities.capacity { identityRules.append(IdentityRules()) }
        var mine = IdentityRules()
        let matching = matching(identity)
        selected.enter(identity, matching, layers)
        for expression in matching {
            expressions[expression].members.insertSorted(identity)
            for number in expressions[expression].subjectOf {
                guard let rule = rules[Int(number)] else { continue }
                mine[rule.source.direction].append(number)
            }
        }
        for direction in Direction.allCases { mine[direction].sort { precedes($0, $1) } }
        identityRules[Int(identity)] = mine
    }

    private mutating func leave(_ identity: UInt32, _ matching: [Int]) {
        for expression in matching { expressions[expression].members.removeSorted(identity) }
        selected.leave(identity)
        identityRules[Int(identity)] = IdentityRules()
    }

    private func precedes(_ a: UInt32, _ b: UInt32) -> Bool {
        guard let first = rules[Int(a)], let second = rules[Int(b)] else { return false }
        return first.precedes(second)
    }

    // MARK: Rules

    /// Adds or removes a rule for a while, without ever compiling anew; the opposite takes it back.
    ///
    /// Returns false, and does nothing, for another change, or when the rule tells apart what no other rule does. What a
    /// removed rule was the last to mention stays told apart, so that it can always be added again (`isBack`).
    mutating func tryOut(_ change: PolicyChange, isBack: Bool = false) -> Bool {
        switch change {
        case .upsert, .remove, .replace: return false
        case .addRule(let rule, let layer, let tier):
            guard let place = place(layer, tier) else { return true }
            guard isBack || covers(rule) else { return false }
            _ = add(rule, place)
        case .removeRule(let rule, let layer, let tier):
            guard let place = place(layer, tier) else { return true }
            _ = remove(rule, place, forGood: false)
        }
        return true
    }

    /// Whether the rule mentions nothing that the columns of identities lack.
    private func covers(_ rule: FlatRule) -> Bool {
        let use = PolicyUse(rule)
        return use.keys.allSatisfy { vocabulary.column($0) != nil }
            && use.workloads.allSatisfy { vocabulary.code($0) != 0 } && use.ports.isSubset(of: vocabulary.portNames)
            && use.sets.allSatisfy { vocabulary.set($0) != nil }
            && use.literals.allSatisfy { vocabulary.space.index(of: $0) != nil }
    }

    /// Counts an expression as used once more and, when it is new, finds its members.
    private mutating func enterExpression(_ number: Int) {
        guard expressions[number].uses == 1 else { return }
        index?.add(number, expressions[number].compiled)
        expressions[number].members = (0..<UInt32(identities.capacity)).filter {
            identities.isUsed($0) && holds(number, $0)
        }
    }

    private mutating func add(_ rule: FlatRule, _ place: (layer: Int, tier: Int)) -> ChangeReport {
        mentions?.change(rule, by: 1)
        let compiled = compile(rule, layer: place.layer, tier: place.tier)
        let isOne = compiled.subject == compiled.peer
        if isOne { expressions[compiled.subject].uses -= 1 }
        enterExpression(compiled.subject)
        if isOne { expressions[compiled.subject].uses += 1 } else { enterExpression(compiled.peer) }
        let number = freeRules.popLast() ?? UInt32(rules.count)
        if Int(number) == rules.count {
            rules.append(compiled)
            heads.append(RuleHead(compiled))
        } else {
            rules[Int(number)] = compiled
            heads[Int(number)] = RuleHead(compiled)
        }
        expressions[compiled.subject].subjectOf.append(number)
        let members = expressions[compiled.subject].members
        for identity in members {
            let row = identityRules[Int(identity)][rule.direction]
            var low = 0
            var high = row.count
            while low < high {
                let middle = (low + high) / 2
                if precedes(number, row[middle]) { high = middle } else { low = middle + 1 }
            }
            identityRules[Int(identity)][rule.direction].insert(number, at: low)
        }
        return ChangeReport(identitiesAffected: members.count, rowsTouched: members.count)
    }

    private mutating func remove(
        _ rule: FlatRule, _ place: (layer: Int, tier: Int), forGood: Bool = true
    ) -> ChangeReport {
        guard let subject = number(of: rule.subject),
            let number = expressions[subject].subjectOf.first(where: {
                guard let known = rules[Int($0)] else { return false }
                return known.layer == place.layer && known.tier == place.tier && known.source == rule
            }), let compiled = rules[Int(number)]
        else { return ChangeReport() }
        if mentions == nil { mentions = MentionCounts(policy) }
        if mentions?.change(rule, by: -1) == false, forGood {
            return recompile {
                let rules = $0.layers[place.layer].tiers[place.tier].rules
                if let position = rules.firstIndex(of: rule) {
                    $0.layers[place.layer].tiers[place.tier].rules.remove(at: position)
                }
            }
        }
        portCuts.change(rule.services, by: -1)
        let members = expressions[compiled.subject].members
        for identity in members { identityRules[Int(identity)][rule.direction].removeAll { $0 == number } }
        expressions[compiled.subject].subjectOf.removeAll { $0 == number }
        rules[Int(number)] = nil
        freeRules.append(number)
        drop(compiled.subject)
        drop(compiled.peer)
        return ChangeReport(identitiesAffected: members.count, rowsTouched: members.count)
    }

    private mutating func drop(_ number: Int) {
        expressions[number].uses -= 1
        guard expressions[number].uses == 0 else { return }
        index?.remove(number)
        expressionIndex.remove(number, ContentHash.of(expressions[number].source))
        expressions[number].members = []
        freeExpressions.append(number)
    }

    /// Replaces the policy rule by rule where only rules differ.
    private mutating func replace(with policy: FlatPolicy) -> ChangeReport {
        var bare = policy
        for layer in bare.layers.indices {
            for tier in bare.layers[layer].tiers.indices { bare.layers[layer].tiers[tier].rules = [] }
        }
        guard bare == skeleton, PolicyUse(policy).mentionsTheSame(as: PolicyUse(self.policy)) else {
            return recompile { $0 = policy }
        }
        var report = ChangeReport()
        let present = self.policy
        var superfluous: [(rule: FlatRule, place: (layer: Int, tier: Int))] = []
        for (layerNumber, layer) in policy.layers.enumerated() {
            for (tierNumber, tier) in layer.tiers.enumerated() {
                var counts: [FlatRule: Int] = [:]
                for rule in tier.rules { counts[rule, default: 0] += 1 }
                for rule in present.layers[layerNumber].tiers[tierNumber].rules { counts[rule, default: 0] -= 1 }
                let place = (layer: layerNumber, tier: tierNumber)
                for rule in tier.rules where (counts[rule] ?? 0) > 0 {
                    counts[rule, default: 0] -= 1
                    report.add(add(rule, place))
                }
                for (rule, count) in counts where count < 0 {
                    superfluous += repeatElement((rule: rule, place: place), count: -count)
                }
            }
        }
        // After the additions of all tiers, so that nothing is mentioned for the last time in between.
        for (rule, place) in superfluous { report.add(remove(rule, place)) }
        return report
    }
}

extension [UInt32] {
    fileprivate func position(of value: UInt32) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    fileprivate mutating func insertSorted(_ value: UInt32) {
        let place = position(of: value)
        if place == count || self[place] != value { insert(value, at: place) }
    }

    fileprivate mutating func removeSorted(_ value: UInt32) {
        let place = position(of: value)
        if place < count, self[place] == value { remove(at: place) }
    }
}
