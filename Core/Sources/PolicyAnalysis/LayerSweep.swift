import PolicyEngine
import PolicyModel

/// A rule as the sweep sees it: where it stands, what it does, and the traffic that it covers between two given ends.
struct RuleShape: Hashable, Sendable {
    let layer: Int
    let tier: Int
    let action: RuleFacts.Action
    let passTo: Int
    var isCertain: Bool
    /// Whether it is asked about the reply of a stateless layer.
    let isReply: Bool
    /// The number of the mask.
    let mask: Int
}

/// What an end lets pass: for sure, and perhaps.
struct EndTraffic: Hashable, Sendable {
    var must: AtomMask
    var may: AtomMask

    /// What both let pass.
    func intersection(_ other: EndTraffic) -> EndTraffic {
        EndTraffic(must: must.intersection(other.must), may: may.intersection(other.may))
    }
}

/// Judges all traffic between two ends at once: each tier is asked with the set of atoms that reach it.
///
/// An uncertain rule lets what it covers go both ways, as the engine does with a flow (semantics, *unknown attributes*).
struct LayerSweep: Sendable {
    /// How a layer meets the pair of ends.
    enum Presence: UInt32 {
        case absent
        case present
        /// It depends on principals; *must* counts it, *may* does not.
        case optional
    }

    /// What a rule took of the traffic that reached it.
    struct Step {
        /// The place of the rule in the list.
        let rule: Int
        /// What reached it, of what it covers.
        let hit: AtomMask
    }

    let engine: PolicyEngine
    let offsets: [Int]
    let everything: AtomMask
    init(_ engine: PolicyEngine, everything: AtomMask) {
        self.engine = engine
        self.everything = everything
        offsets = LayerStates.offsets(engine)
    }

    /// What the subject's end lets pass; rules in order of precedence, `masks` by their numbers.
    ///
    /// The observer hears of each rule, in the order in which they are asked.
    func judge(
        state: ArraySlice<UInt32>, presence: (Int) -> Presence, rules: [RuleShape], masks: [AtomMask],
        observer: ((Step) -> Void)? = nil
    ) -> EndTraffic {
        var result = EndTraffic(must: everything, may: everything)
        for (number, layer) in engine.layers.enumerated() {
            let codes = state[(state.startIndex + offsets[number])...]
            let presence = presence(number)
            guard let code = codes.first, code != LayerStates.absent, presence != .absent else { continue }
            let tiers = layer.tiers.count
            let first = codes.startIndex + 1
            var passed = walk(number, code, codes[first..<first + tiers], isReply: false, rules, masks, observer)
            if !layer.source.isStateful {
                let back = walk(
                    number, code, codes[(first + tiers)..<first + 2 * tiers], isReply: true, rules, masks, observer)
                // What the forward packet leaves undecided stays so, whatever the reply (semantics, *stateless layers*).
                var may = passed.may.subtracting(passed.must)
                may.formUnion(passed.must.intersection(back.may))
                passed = EndTraffic(must: passed.must.intersection(back.must), may: may)
            }
            if presence == .optional { passed.may = everything }
            result = result.intersection(passed)
        }
        return result
    }

    /// One pass through the tiers of a layer.
    private func walk(
        _ layer: Int, _ layerDefault: UInt32, _ noMatch: ArraySlice<UInt32>, isReply: Bool, _ rules: [RuleShape],
        _ masks: [AtomMask], _ observer: ((Step) -> Void)?
    ) -> EndTraffic {
        let empty = everything.subtracting(everything)
        var reaching = [AtomMask](repeating: empty, count: noMatch.count + 1)
        reaching[0] = everything
        var allowed = empty
        var denied = empty
        var next = rules.startIndex
        while next < rules.endIndex, rules[next].layer != layer || rules[next].isReply != isReply { next += 1 }
        for (tier, onNoMatch) in noMatch.enumerated() {
            var pending = reaching[tier]
            while next < rules.endIndex, rules[next].layer == layer, rules[next].isReply == isReply,
                rules[next].tier == tier
            {
                let rule = rules[next]
                let hit = pending.intersection(masks[rule.mask])
                observer?(Step(rule: next, hit: hit))
                next += 1
                guard !hit.isEmpty else { continue }
                switch rule.action {
                case .allow: allowed.formUnion(hit)
                case .deny: denied.formUnion(hit)
                case .pass: reaching[rule.passTo].formUnion(hit)
                }
                if rule.isCertain { pending.subtract(hit) }
            }
            switch onNoMatch {
            case LayerStates.allow: allowed.formUnion(pending)
            case LayerStates.deny: denied.formUnion(pending)
            default: reaching[tier + 1].formUnion(pending)
            }
        }
        if layerDefault == LayerStates.allow {
            allowed.formUnion(reaching[noMatch.count])
        } else {
            denied.formUnion(reaching[noMatch.count])
        }
        return EndTraffic(must: everything.subtracting(denied), may: allowed)
    }
}
