import NetworkTypes
import PolicyModel

/// Every end that a policy can tell from another: each address of each workload, and one address for each class of
/// addresses that no workload has.
///
/// What only Bulkhead itself treats apart (groups, broadcast, IPv6 link-local; `EssentialRule.standard`) stands for a
/// class only where the class has no other address.
struct EndUniverse {
    /// An address with one of its owners, or without.
    struct Member {
        let address: IPAddress
        let owner: Workload?
        /// All addresses that an end without an owner stands for, owned ones among them too.
        var region = AddressSet()
    }

    /// The members: workloads in the order given, then IPv4 and IPv6.
    let members: [Member]
    private let sets: [AddressSetID: AddressSet]
    /// Workload ends.
    let owned: MemberSet

    /// Makes the universe of a policy's expressions.
    init(workloads: [Workload], expressions: Set<EndExpression>, addressSets: [AddressSetID: AddressSet]) {
        var members: [Member] = []
        var taken = Set<IPAddress>()
        for workload in workloads {
            var own = Set<IPAddress>()
            for address in workload.addresses where own.insert(address).inserted {
                members.append(Member(address: address, owner: workload))
            }
            taken.formUnion(own)
        }
        let ownedCount = members.count
        var used: Set<AddressSet> = []
        for expression in expressions { expression.collectSets(into: &used, addressSets) }
        for family in AddressFamily.allCases {
            members += Self.atoms(family, used, taken)
        }
        self.members = members
        sets = addressSets
        owned = MemberSet(count: members.count) { $0 < ownedCount }
    }

    /// The members that an expression holds for.
    func members(of expression: EndExpression) -> MemberSet {
        MemberSet(count: members.count) { holds(expression, members[$0]) }
    }

    /// Whether an expression holds for an end (as the engine judges it, PolicyModel's `EndExpression`).
    func holds(_ expression: EndExpression, _ end: Member) -> Bool {
        switch expression {
        case .any: true
        case .anyWorkload: end.owner != nil
        case .selector(let selector): end.owner.map { selector.matches($0.labels) } ?? false
        case .workload(let id): end.owner?.id == id
        case .addressSet(let id): sets[id]?.contains(end.address) ?? false
        case .addresses(let set): set.contains(end.address)
        case .union(let parts): parts.contains { holds($0, end) }
        case .intersection(let parts): parts.allSatisfy { holds($0, end) }
        case .difference(let whole, let hole): holds(whole, end) && !holds(hole, end)
        }
    }

    /// One address without an owner for each class that the sets make.
    private static func atoms(_ family: AddressFamily, _ sets: Set<AddressSet>, _ taken: Set<IPAddress>) -> [Member] {
        let ordered = sets.map { $0.intervals(family) }.filter { !$0.isEmpty }
            .sorted { $0.intervals.map(\.lowerBound).lexicographicallyPrecedes($1.intervals.map(\.lowerBound)) }
        var cuts: Set<UInt128> = [0]
        for set in ordered {
            for interval in set.intervals {
                cuts.insert(interval.lowerBound)
                if interval.upperBound < family.highest { cuts.insert(interval.upperBound + 1) }
            }
        }
        let starts = cuts.sorted()
        var found: [[Bool]: (address: UInt128, isOrdinary: Bool)] = [:]
        var regions: [[Bool]: [AddressRange]] = [:]
        var order: [[Bool]] = []
        for (number, start) in starts.enumerated() {
            let end = number + 1 < starts.count ? starts[number + 1] - 1 : family.highest
            let signature = ordered.map { $0.contains(start) }
            if let lower = IPAddress(family, bits: start), let upper = IPAddress(family, bits: end),
                let range = AddressRange(lower, upper)
            {
                regions[signature, default: []].append(range)
            }
            if found[signature]?.isOrdinary == true { continue }
            guard let pick = pick(family, start...end, taken) else { continue }
            if found[signature] == nil { order.append(signature) }
            if found[signature] == nil || pick.isOrdinary { found[signature] = pick }
        }
        return order.compactMap { signature in
            guard let bits = found[signature]?.address, let address = IPAddress(family, bits: bits) else { return nil }
            return Member(address: address, owner: nil, region: AddressSet(regions[signature] ?? []))
        }
    }

    private static func pick(
        _ family: AddressFamily, _ range: ClosedRange<UInt128>, _ taken: Set<IPAddress>
    ) -> (address: UInt128, isOrdinary: Bool)? {
        let whole = IntervalSet<UInt128>(range)
        let ordinary = whole.subtracting(special(family))
        for (set, isOrdinary) in [(ordinary, true), (whole, false)] {
            for interval in set.intervals {
                var next = interval.lowerBound
                while let address = IPAddress(family, bits: next), taken.contains(address) {
                    guard next < interval.upperBound else { break }
                    next += 1
                }
                if let address = IPAddress(family, bits: next), !taken.contains(address) { return (next, isOrdinary) }
            }
        }
        return nil
    }

    /// The unspecified address, loopback, link-local, groups and broadcast (RFC 6890, RFC 4291 §2.4).
    private static func special(_ family: AddressFamily) -> IntervalSet<UInt128> {
        let texts: [String] =
            switch family {
            case .ipv4: ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"]
            case .ipv6: ["::/16", "fe80::/10", "ff00::/8"]
            }
        return AddressSet(texts.compactMap { Prefix($0) }).intervals(family)
    }
}

extension EndExpression {
    fileprivate func collectSets(into sets: inout Set<AddressSet>, _ names: [AddressSetID: AddressSet]) {
        switch self {
        case .any, .anyWorkload, .selector, .workload: break
        case .addressSet(let id): if let set = names[id] { sets.insert(set) }
        case .addresses(let set): sets.insert(set)
        case .union(let parts), .intersection(let parts): for part in parts { part.collectSets(into: &sets, names) }
        case .difference(let whole, let hole):
            whole.collectSets(into: &sets, names)
            hole.collectSets(into: &sets, names)
        }
    }
}

extension FlatPolicy {
    /// Every expression that stands somewhere in the policy.
    var expressions: Set<EndExpression> {
        var result: Set<EndExpression> = []
        for layer in layers {
            result.insert(layer.appliesTo)
            result.insert(layer.fullFor)
            for tier in layer.tiers {
                for selection in tier.selections ?? [] { result.insert(selection.subject) }
                for rule in tier.rules {
                    result.insert(rule.subject)
                    result.insert(rule.peer)
                }
            }
        }
        return result
    }
}
