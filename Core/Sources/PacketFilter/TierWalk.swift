internal import NetworkTypes
internal import PolicyEngine
internal import PolicyModel

/// Turns what applies in one atom into one chain that asks all tiers in order.
struct TierWalk {
    /// What a walk is for.
    enum Purpose: Hashable {
        /// The decision on a packet in state new.
        case policy
        /// Accepting what the essential tier allows, before connection tracking is asked; decides nothing else.
        case essential(tier: Int)
        /// Denying UDP that comes from a denied service, where the default is to allow.
        case reversed
    }

    private struct Key: Hashable {
        let entries: [AtomEntry]
        /// Set where a test of other ports makes the chain one of this protocol only.
        let proto: IPProtocol?
    }

    let hook: FilterHook
    let purpose: Purpose
    let tiers: [DirectedTier]
    /// What happens after the last tier.
    let fallback: FilterVerdict
    let denials: DenialChains
    private var known: [Key: FilterVerdict] = [:]

    init(
        _ hook: FilterHook, _ purpose: Purpose, _ tiers: [DirectedTier], fallback: FilterVerdict,
        denials: DenialChains
    ) {
        self.hook = hook
        self.purpose = purpose
        self.tiers = tiers
        self.fallback = fallback
        self.denials = denials
    }

    /// Where the peer's address stands.
    var peerSide: PacketSide {
        switch hook {
        case .input: .source
        case .output: .destination
        }
    }

    /// Where the port of the service stands.
    var serviceSide: PacketSide {
        switch purpose {
        case .policy, .essential: .destination
        case .reversed: .source
        }
    }

    /// The verdict on an atom: a plain one, or a goto to its chain.
    mutating func verdict(
        _ entries: [AtomEntry], _ proto: IPProtocol?, _ builder: inout TableBuilder
    ) throws(RenderError) -> FilterVerdict {
        let key = Key(entries: entries, proto: entries.contains { $0.otherPorts != nil } ? proto : nil)
        if let verdict = known[key] { return verdict }
        let verdict = try verdict(entries, proto, from: 0, &builder)
        known[key] = verdict
        return verdict
    }

    private func verdict(
        _ entries: [AtomEntry], _ proto: IPProtocol?, from first: Int, _ builder: inout TableBuilder
    ) throws(RenderError) -> FilterVerdict {
        var rules: [FilterRule] = []
        var isFinal = false
        for number in first..<max(first, lastTier) where !isFinal {
            let tier = try list(entries, proto, number, &builder)
            if tier.hasPass {
                // A pass returns from the tier's own chain, past the rest of the tier.
                if let own = try chain("tier", tier.rules, end: .return, &builder) {
                    rules.append(FilterRule(.jump(own)))
                }
            } else {
                rules += tier.rules
                isFinal = tier.isFinal
            }
        }
        if !isFinal { rules.append(FilterRule(fallback)) }
        if rules.count == 1, rules[0].matches.isEmpty, case .verdict(let verdict) = rules[0].statements.first {
            // A deny chain has the name of its rule, so nothing is lost.
            return verdict
        }
        guard let name = try chain("atom", rules, end: .return, &builder) else { return .return }
        return .goto(name)
    }

    /// The chain of these rules without a needless end, or nil when nothing is left.
    private func chain(
        _ kind: String, _ rules: [FilterRule], end: FilterVerdict, _ builder: inout TableBuilder
    ) throws(RenderError) -> String? {
        var rules = rules
        while rules.last?.statements == [.verdict(end)] { rules.removeLast() }
        return rules.isEmpty ? nil : try builder.chain(kind, rules)
    }

    private var lastTier: Int {
        switch purpose {
        case .policy, .reversed: tiers.count
        case .essential(let tier): tier + 1
        }
    }

    /// The rules of one tier, whether any of them passes, and whether the last one ends every packet.
    private func list(
        _ entries: [AtomEntry], _ proto: IPProtocol?, _ number: Int, _ builder: inout TableBuilder
    ) throws(RenderError) -> (rules: [FilterRule], hasPass: Bool, isFinal: Bool) {
        var rules: [FilterRule] = []
        var seen: Set<[FilterMatch]> = []
        var hasPass = false
        for entry in entries where entry.tier == number {
            let directed = tiers[number].rules[entry.rule]
            let part = directed.rule.parts[entry.part]
            let conditions = try conditions(entry, directed, part, proto, &builder)
            // What an earlier rule of the tier matched never comes here.
            let fresh = conditions.filter { seen.insert($0).inserted }
            if fresh.isEmpty { continue }
            let (verdict, isPass) = try verdict(directed.rule, entries, proto, tier: number, &builder)
            for matches in fresh {
                rules.append(FilterRule(matches, verdict, comment: directed.rule.id.rawValue))
                hasPass = hasPass || isPass
                if matches.isEmpty { return (rules, hasPass, true) }
            }
        }
        guard let end = try tierDefault(number, &builder) else { return (rules, hasPass, false) }
        rules.append(FilterRule(end))
        return (rules, hasPass, true)
    }

    private func tierDefault(_ number: Int, _ builder: inout TableBuilder) throws(RenderError) -> FilterVerdict? {
        switch (tiers[number].onNoMatch, purpose) {
        case (.next, _): nil
        case (.allow, .essential), (.deny, .essential): .return
        case (.allow, .policy), (.allow, .reversed): .accept
        case (.deny, .policy), (.deny, .reversed):
            try denials.verdict(.tierDefault(tiers[number].id), .drop, &builder)
        }
    }

    /// What a rule does; true for a pass that returns from the tier's own chain.
    private func verdict(
        _ rule: ProgramRule, _ entries: [AtomEntry], _ proto: IPProtocol?, tier: Int, _ builder: inout TableBuilder
    ) throws(RenderError) -> (FilterVerdict, isPass: Bool) {
        if case .essential(let essential) = purpose {
            return (rule.action == .allow && tier == essential ? .accept : .return, false)
        }
        switch rule.action {
        case .allow: return (.accept, false)
        case .deny(let denial): return (try denials.verdict(.rule(rule.id), denial, &builder), false)
        case .pass(nil): return (.return, true)
        case .pass(let name?):
            guard let target = tiers.indices.first(where: { $0 > tier && tiers[$0].id == name }) else {
                return (fallback, false)
            }
            if target == tier + 1 { return (.return, true) }
            return (try verdict(entries, proto, from: target, &builder), false)
        }
    }

    /// The ways in which a packet fits a part: one list of matches for each.
    private func conditions(
        _ entry: AtomEntry, _ directed: DirectedTier.DirectedRule, _ part: ProgramPart, _ proto: IPProtocol?,
        _ builder: inout TableBuilder
    ) throws(RenderError) -> [[FilterMatch]] {
        var common: [FilterMatch] = []
        if let start = directed.start { common.append(.notBefore(second: start)) }
        if let expiry = directed.expiry { common.append(.before(second: expiry)) }
        if let otherPorts = entry.otherPorts, let proto {
            common.append(.ports(proto, serviceSide.opposite, otherPorts))
        }
        let peers = part.peers
        if peers.isEverything, part.ownAddresses == nil { return [common] }
        var result: [[FilterMatch]] = []
        for family in AddressFamily.allCases {
            var own: [FilterMatch] = []
            if let addresses = part.ownAddresses {
                guard let set = try builder.hosts(addresses, family) else { continue }
                own = [.address(family, peerSide.opposite, set: set, isMember: true)]
            }
            for peer in try peerMatches(peers, family, &builder) {
                // The own address already tells the family.
                result.append(common + own + (own.isEmpty ? peer : peer.filter { $0 != .family(family) }))
            }
        }
        return result
    }

    /// First the hosts, then the blocks less what they except.
    private func peerMatches(
        _ peers: PeerSet, _ family: AddressFamily, _ builder: inout TableBuilder
    ) throws(RenderError) -> [[FilterMatch]] {
        var result: [[FilterMatch]] = []
        let isWhole = peers.ranges.intervals(family) == IntervalSet(0...family.highest)
        let exceptions =
            peers.ranges.intervals(family).isEmpty ? nil : try builder.hosts(peers.exceptions, family)
        if !(isWhole && exceptions == nil), let set = try builder.hosts(peers.hosts, family) {
            result.append([.address(family, peerSide, set: set, isMember: true)])
        }
        var inside: [FilterMatch] = []
        if isWhole {
            inside.append(.family(family))
        } else if let set = try builder.ranges(peers.ranges, family) {
            inside.append(.address(family, peerSide, set: set, isMember: true))
        } else {
            return result
        }
        if let exceptions { inside.append(.address(family, peerSide, set: exceptions, isMember: false)) }
        result.append(inside)
        return result
    }
}

extension PeerSet {
    /// Whether every address of both families belongs.
    var isEverything: Bool { ranges == .all && exceptions.isEmpty }
}
