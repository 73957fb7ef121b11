import PolicyEngine
import PolicyModel

/// How layers are enforced at a subject, as far as the peer does not matter: a list of codes.
///
/// Of each layer: whether it is enforced and with what default, then what each tier does on no match; of a stateless
/// layer also what each tier does with a reply.
struct LayerStates: Sendable {
    /// Codes of a layer: it is not enforced, or its default.
    static let absent: UInt32 = 0
    static let allow: UInt32 = 1
    static let deny: UInt32 = 2
    /// Of a tier: on no match the next is asked; `allow` and `deny` are as above.
    static let next: UInt32 = 0

    private let view: VerdictView
    /// For each layer, tier and direction: who is selected, by identity; nil for everybody.
    private var selected: [[[Direction: [Bool]?]]] = []
    /// For each layer, whether `appliesTo` holds, by identity.
    private var applies: [[Bool]] = []

    init(_ engine: PolicyEngine, _ view: VerdictView) {
        self.view = view
        let capacity = engine.identities.capacity
        for layer in engine.layers {
            var holds = [Bool](repeating: false, count: capacity)
            for identity in engine.expressions[layer.appliesTo].members { holds[Int(identity)] = true }
            applies.append(holds)
            selected.append(
                layer.tiers.map { tier in
                    guard tier.source.onNoMatch != .next, let selections = tier.selections else {
                        return [.ingress: nil, .egress: nil]
                    }
                    var result: [Direction: [Bool]?] = [:]
                    for direction in Direction.allCases {
                        var holds = [Bool](repeating: false, count: capacity)
                        for selection in selections where selection.direction == direction {
                            for identity in engine.expressions[selection.subject].members {
                                holds[Int(identity)] = true
                            }
                        }
                        result[direction] = holds
                    }
                    return result
                })
        }
    }

    /// The codes of a subject for flows that leave it (egress) or enter it.
    func state(_ engine: PolicyEngine, _ subject: UInt32, _ direction: Direction) -> [UInt32] {
        var result: [UInt32] = []
        for (number, layer) in engine.layers.enumerated() {
            result.append(code(engine, layer, number, subject))
            for asked in layer.source.isStateful ? [direction] : [direction, direction.opposite] {
                for tier in layer.tiers.indices {
                    result.append(noMatch(layer.tiers[tier], number, tier, asked, subject))
                }
            }
        }
        return result
    }

    /// Where the codes of each layer begin in a state.
    static func offsets(_ engine: PolicyEngine) -> [Int] {
        var next = 0
        return engine.layers.map { layer in
            defer { next += 1 + layer.tiers.count * (layer.source.isStateful ? 1 : 2) }
            return next
        }
    }

    private func code(_ engine: PolicyEngine, _ layer: CompiledLayer, _ number: Int, _ subject: UInt32) -> UInt32 {
        guard applies[number][Int(subject)] else { return Self.absent }
        var isSelective = false
        if layer.source.enforcer == .agent {
            guard let mode = engine.mode(of: subject, layer, view), mode.enforces else { return Self.absent }
            isSelective = mode == .selective
        }
        switch isSelective ? layer.source.selectiveDefault : layer.source.fullDefault {
        case .allow: return Self.allow
        case .deny: return Self.deny
        }
    }

    private func noMatch(
        _ tier: CompiledTier, _ layer: Int, _ number: Int, _ direction: Direction, _ subject: UInt32
    ) -> UInt32 {
        if let holds = selected[layer][number][direction] ?? nil, !holds[Int(subject)] { return Self.next }
        switch tier.source.onNoMatch {
        case .allow: return Self.allow
        case .deny: return Self.deny
        case .next: return Self.next
        }
    }
}
