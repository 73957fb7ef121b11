internal import NetworkTypes
internal import PolicyModel

/// What stands at the end of every denial: count always, log once per tuple and minute, then turn the packet away.
///
/// In visibility it lets the packet pass instead, after the same counting and logging.
struct DenialChains {
    let generation: UInt64
    let logGroup: UInt16
    let isEnforced: Bool

    /// The verdict that denies for this reason.
    func verdict(
        _ reason: DenialReason, _ denial: RuleAction.Denial = .drop, _ builder: inout TableBuilder
    ) throws(RenderError) -> FilterVerdict {
        let key = TableBuilder.Denial(reason: reason, denial: denial)
        if let known = builder.knownDenials[key] { return known }
        let counter = try builder.counter(reason)
        let end = try ending(denial, &builder)
        let sampling = try sampling(end, &builder)
        let prefix = DenialReference(reason).logPrefix(generation: generation, enforced: isEnforced)
        let rules = [
            FilterRule([], [.counter(counter), .verdict(.jump(sampling))], comment: reason.name),
            FilterRule([], [.log(prefix: prefix, group: logGroup), .verdict(end)]),
        ]
        let verdict = FilterVerdict.goto(try builder.chain("deny", rules))
        builder.knownDenials[key] = verdict
        return verdict
    }

    private func ending(
        _ denial: RuleAction.Denial, _ builder: inout TableBuilder
    ) throws(RenderError) -> FilterVerdict {
        guard isEnforced else { return .accept }
        switch denial {
        case .drop: return .drop
        case .reject:
            let rules = [FilterRule([.proto([.tcp], isMember: true)], .reset), FilterRule(.prohibit)]
            return .goto(try builder.chain("reject", rules))
        }
    }

    /// A chain that comes back for what is to be logged and ends the rest.
    private func sampling(
        _ end: FilterVerdict, _ builder: inout TableBuilder
    ) throws(RenderError) -> String {
        let withPorts: [IPProtocol] = [.tcp, .udp, .dccp, .sctp, .udplite]
        let counter = FilterStatement.counter(builder.suppressedCounter())
        let suppressed = try builder.chain("quiet", [FilterRule([], [counter, .verdict(end)])])
        var rules: [FilterRule] = []
        for family in AddressFamily.allCases {
            for hasPorts in [true, false] {
                let set = try builder.sample(family, hasPorts: hasPorts)
                let guards: [FilterMatch] = [.proto(withPorts, isMember: hasPorts)]
                rules.append(FilterRule(guards + [.isSampled(family, hasPorts: hasPorts, set: set)], .goto(suppressed)))
                rules.append(
                    FilterRule(guards, [.sample(family, hasPorts: hasPorts, set: set), .verdict(.return)]))
            }
        }
        rules.append(FilterRule(.goto(suppressed)))
        return try builder.chain("sample", rules)
    }
}
