internal import PolicyModel

/// Whom the tiers with selections isolate, by identity, so that no decision looks through selections.
///
/// A bit for each identity, direction and *group*: the selections of one tier.
struct SelectedIdentities: Sendable {
    private struct Group: Sendable {
        var egress: [UInt64] = []
        var ingress: [UInt64] = []
    }

    private var groups: [Group]
    /// For each expression, the groups and directions that select by it; made by the first change.
    private var selectors: [Int: [(group: Int, direction: Direction)]]?

    init(_ layers: [CompiledLayer], _ expressions: [ExpressionEntry], capacity: Int) {
        let words = (capacity + 63) / 64
        groups = []
        for tier in layers.flatMap(\.tiers) {
            guard let selections = tier.selections else { continue }
            var group = Group(
                egress: Array(repeating: 0, count: words), ingress: Array(repeating: 0, count: words))
            for selection in selections {
                for identity in expressions[selection.subject].members {
                    let bit: UInt64 = 1 << UInt64(identity & 63)
                    switch selection.direction {
                    case .egress: group.egress[Int(identity >> 6)] |= bit
                    case .ingress: group.ingress[Int(identity >> 6)] |= bit
                    }
                }
            }
            groups.append(group)
        }
    }

    /// Whether a selection of the group holds for the identity in this direction.
    func contains(_ identity: UInt32, _ group: Int, _ direction: Direction) -> Bool {
        let words =
            switch direction {
            case .egress: groups[group].egress
            case .ingress: groups[group].ingress
            }
        let word = Int(identity >> 6)
        return word < words.count && words[word] >> UInt64(identity & 63) & 1 == 1
    }

    /// Enters a new identity for which these expressions hold.
    mutating func enter(_ identity: UInt32, _ matching: [Int], _ layers: [CompiledLayer]) {
        if groups.isEmpty { return }
        for group in groups.indices {
            while groups[group].egress.count <= Int(identity >> 6) {
                groups[group].egress.append(0)
                groups[group].ingress.append(0)
            }
        }
        let selectors = self.selectors ?? Self.selectors(layers)
        self.selectors = selectors
        for (group, direction) in matching.flatMap({ selectors[$0] ?? [] }) {
            let bit: UInt64 = 1 << UInt64(identity & 63)
            switch direction {
            case .egress: groups[group].egress[Int(identity >> 6)] |= bit
            case .ingress: groups[group].ingress[Int(identity >> 6)] |= bit
            }
        }
    }

    /// Takes out an identity that is gone.
    mutating func leave(_ identity: UInt32) {
        for group in groups.indices where Int(identity >> 6) < groups[group].egress.count {
            groups[group].egress[Int(identity >> 6)] &= ~(1 << UInt64(identity & 63))
            groups[group].ingress[Int(identity >> 6)] &= ~(1 << UInt64(identity & 63))
        }
    }

    private static func selectors(_ layers: [CompiledLayer]) -> [Int: [(group: Int, direction: Direction)]] {
        var result: [Int: [(group: Int, direction: Direction)]] = [:]
        for tier in layers.flatMap(\.tiers) {
            guard let group = tier.group else { continue }
            for selection in tier.selections ?? [] {
                result[selection.subject, default: []].append((group, selection.direction))
            }
        }
        return result
    }
}

extension PolicyEngine {
    /// Whether what a tier does on no match is for this subject and direction.
    func decidesOnNoMatch(_ tier: CompiledTier, _ subject: UInt32, _ direction: Direction) -> Bool {
        tier.group.map { selected.contains(subject, $0, direction) } ?? true
    }
}
