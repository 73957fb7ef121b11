internal import NetworkTypes
internal import PolicyEngine
internal import PolicyModel

/// Makes the chain that one base chain jumps to.
struct HookRenderer {
    let program: WorkloadProgram
    let options: RenderOptions
    let denials: DenialChains
    let defaultAction: DefaultAction
    let hook: FilterHook

    /// The direction of the rules that hold for packets in state new at this hook.
    private var direction: Direction {
        switch hook {
        case .input: .ingress
        case .output: .egress
        }
    }

    /// The name of the chain, in the order of semantics §6: essential, self-traffic, connection state, policy.
    func chain(_ builder: inout TableBuilder) throws(RenderError) -> String {
        let tiers = try DirectedTier.tiers(of: program, direction, at: options.instant)
        var rules = try essential(tiers, &builder)
        rules += try selfTraffic(&builder)
        rules.append(try connectionState(&builder))
        rules.append(FilterRule([.isNotOpening], try denials.verdict(.notOpening, .drop, &builder)))
        rules += try policy(tiers, &builder)
        return try builder.chain(hook.rawValue, rules)
    }

    // MARK: Essential

    /// What passes whatever connection tracking says, and messages that a router must not have forwarded.
    private func essential(
        _ tiers: [DirectedTier], _ builder: inout TableBuilder
    ) throws(RenderError) -> [FilterRule] {
        let place = tiers.firstIndex { $0.id == "essential" }
        var dispatch = ServiceDispatch(
            walk: TierWalk(
                hook, .essential(tier: place ?? -1), tiers, fallback: .return, denials: denials),
            cut: try ServiceCut(place.map { Array(tiers[...$0]) } ?? []))
        let late = try denials.verdict(.hopLimit, .drop, &builder)
        let guards: [IPProtocol: [FilterRule]] = [
            .icmpv6: [
                FilterRule([.messages(.icmpv6, LinkMessages.neighbour), .hopLimitIsNot(.ipv6, 255)], late),
                FilterRule([.messages(.icmpv6, LinkMessages.listener), .hopLimitIsNot(.ipv6, 1)], late),
            ],
            .igmp: [FilterRule([.hopLimitIsNot(.ipv4, 1)], late)] + (try groupQueries(&builder)),
        ]
        var cases: [FilterCase] = []
        let named = Set(dispatch.cut.protocols.map(\.proto)).union(guards.keys).sorted()
        for proto in named {
            var verdict = try dispatch.verdict(proto, &builder)
            if let first = guards[proto] {
                let rest = verdict == .return ? [] : [FilterRule(verdict)]
                verdict = .goto(try builder.chain("essential", first + rest))
            }
            if let called = verdict.called {
                cases.append(FilterCase(UInt16(proto.rawValue)...UInt16(proto.rawValue), called))
            }
        }
        var rules = [FilterRule([], [.dispatch(.proto, cases)])]
        // What came back from its own protocol's chain was not essential, whatever holds for the rest.
        if let others = try dispatch.others(&builder).called {
            rules.append(FilterRule([.proto(named, isMember: false)], others))
        }
        return rules
    }

    /// Routers ask groups, which are no workload's address, who listens (RFC 3376 §4.1.12); only the host can hear them.
    private func groupQueries(_ builder: inout TableBuilder) throws(RenderError) -> [FilterRule] {
        guard hook == .input, let set = try builder.ranges(LinkMessages.groups, .ipv4) else { return [] }
        let isForGroup = FilterMatch.address(.ipv4, .destination, set: set, isMember: true)
        return [FilterRule([isForGroup], .accept, comment: "essential/igmp-query")]
    }

    // MARK: Self-traffic

    /// The workload's talk with itself, over the loopback interface only: other workloads of the host are judged.
    private func selfTraffic(_ builder: inout TableBuilder) throws(RenderError) -> [FilterRule] {
        let sole = Set(program.addresses).subtracting(program.sharedAddresses)
        let own = AddressSet(sole.compactMap { AddressRange($0, $0) })
        let itself = own.union(LinkMessages.loopback)
        var rules: [FilterRule] = []
        for family in AddressFamily.allCases {
            guard let set = try builder.ranges(itself, family) else { continue }
            let ends = [PacketSide.source, .destination].map {
                FilterMatch.address(family, $0, set: set, isMember: true)
            }
            rules.append(FilterRule([.loopback(hook)] + ends, .accept, comment: "self-traffic"))
        }
        return rules
    }

    // MARK: Connection state

    private func connectionState(_ builder: inout TableBuilder) throws(RenderError) -> FilterRule {
        // ICMP errors about a connection: RFC 792, RFC 1812 §4.3; RFC 4443 §3. Redirects are none.
        var related = [
            FilterRule([.messages(.icmp, [3, 4, 11, 12])], .accept),
            FilterRule([.messages(.icmpv6, [1, 2, 3, 4])], .accept),
        ]
        if program.rejects {
            // The reset that our own `reject` sends inherits the refused packet's connection, as related
            // (nf_conntrack_attach, net/netfilter/nf_conntrack_core.c).
            related.append(FilterRule([.isReset], .accept, comment: "the answer of our own reject"))
        }
        related.append(FilterRule(try denials.verdict(.related, .drop, &builder)))
        let untracked = [
            FilterRule([.messages(.icmpv6, LinkMessages.neighbour + LinkMessages.listener)], .accept),
            FilterRule(try denials.verdict(.untracked, .drop, &builder)),
        ]
        let verdicts: [(ConnectionState, FilterVerdict)] = [
            (.established, .accept),
            (.related, .goto(try builder.chain("related", related))),
            (.invalid, try denials.verdict(.invalid, .drop, &builder)),
            (.untracked, .goto(try builder.chain("untracked", untracked))),
            (.new, .continue),
        ]
        let cases = verdicts.map { FilterCase($0.0.rawValue...$0.0.rawValue, $0.1) }
        return FilterRule([], [.dispatch(.connectionState, cases)])
    }

    // MARK: Policy

    private func policy(
        _ tiers: [DirectedTier], _ builder: inout TableBuilder
    ) throws(RenderError) -> [FilterRule] {
        let fallback: FilterVerdict
        switch defaultAction {
        case .allow: fallback = .accept
        case .deny: fallback = try denials.verdict(.layerDefault, .drop, &builder)
        }
        let cut = try ServiceCut(tiers)
        var dispatch = ServiceDispatch(
            walk: TierWalk(hook, .policy, tiers, fallback: fallback, denials: denials), cut: cut)
        let others = try dispatch.others(&builder)
        var cases: [FilterCase] = []
        for proto in Set(cut.protocols.map(\.proto)).union([.udp]).sorted() {
            let verdict: FilterVerdict
            if proto == .udp, defaultAction == .allow {
                let back = try reversedService(&builder)
                var udp = ServiceDispatch(
                    walk: TierWalk(hook, .policy, tiers, fallback: back, denials: denials), cut: cut)
                verdict = try udp.verdict(proto, &builder)
            } else {
                verdict = try dispatch.verdict(proto, &builder)
            }
            if verdict != others {
                cases.append(FilterCase(UInt16(proto.rawValue)...UInt16(proto.rawValue), verdict))
            }
        }
        var rules: [FilterRule] = []
        if !cases.isEmpty { rules.append(FilterRule([], [.dispatch(.proto, cases)])) }
        return rules + [FilterRule(others)]
    }

    /// What happens to UDP that only the default allows: it is denied if the service that it comes from is (semantics
    /// §5), or else a server that keeps sending would re-open what was cut.
    private func reversedService(_ builder: inout TableBuilder) throws(RenderError) -> FilterVerdict {
        let tiers = try DirectedTier.tiers(of: program, direction.opposite, at: options.instant)
        var dispatch = ServiceDispatch(
            walk: TierWalk(hook, .reversed, tiers, fallback: .accept, denials: denials), cut: try ServiceCut(tiers))
        return try dispatch.verdict(.udp, &builder)
    }
}

extension FilterVerdict {
    /// The same as seen from a rule that wants to go on behind it; nil for what does nothing.
    fileprivate var called: FilterVerdict? {
        switch self {
        case .goto(let chain): .jump(chain)
        case .return, .continue: nil
        case .accept, .drop, .reset, .prohibit, .jump: self
        }
    }
}

extension WorkloadProgram {
    /// Whether any rule answers what it denies.
    fileprivate var rejects: Bool {
        tiers.contains { $0.rules.contains { $0.action == .deny(.reject) } }
    }
}

/// Messages and addresses that never leave the link or the host.
enum LinkMessages {
    /// Neighbour discovery without redirects; valid only with hop limit 255 (RFC 4861 §4.1–4.4, §6.1, §7.1).
    static let neighbour: [UInt8] = [133, 134, 135, 136]
    /// Multicast listener messages; sent with hop limit 1 (RFC 2710 §3, RFC 3810 §5).
    static let listener: [UInt8] = [130, 131, 132, 143]
    /// `224.0.0.0/4` (RFC 5771 §3).
    static let groups = AddressSet([Prefix(IPAddress(ipv4: 0xE000_0000), length: 4)].compactMap(\.self))
    /// `127.0.0.0/8` (RFC 1122 §3.2.1.3) and `::1` (RFC 4291 §2.5.3).
    static let loopback = AddressSet(
        [
            Prefix(IPAddress(ipv4: 0x7F00_0000), length: 8), Prefix(IPAddress(ipv6: 1), length: 128),
        ].compactMap(\.self))
}
