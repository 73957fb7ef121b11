internal import NetworkTypes
internal import PolicyModel

/// Leads packets to the chains of their atoms: exact values by a hash, spans by a tree.
struct ServiceDispatch {
    var walk: TierWalk
    let cut: ServiceCut

    /// The verdict on protocols that no rule names.
    mutating func others(_ builder: inout TableBuilder) throws(RenderError) -> FilterVerdict {
        try walk.verdict(cut.others, nil, &builder)
    }

    /// The verdict on one protocol: a plain one, or a goto to its chain.
    mutating func verdict(
        _ proto: IPProtocol, _ builder: inout TableBuilder
    ) throws(RenderError) -> FilterVerdict {
        guard let found = cut.protocols.first(where: { $0.proto == proto })?.cut else { return try others(&builder) }
        let whole = try walk.verdict(found.whole, proto, &builder)
        var cases: [FilterCase] = []
        for span in found.spans {
            cases.append(FilterCase(span.values, try walk.verdict(span.entries, proto, &builder)))
        }
        let name = proto.isICMP ? "types" : "ports"
        if proto.isICMP {
            cases = try types(proto, cases, whole, &builder)
            return try dispatch(.messageType(proto), name, cases, whole, &builder)
        }
        return try dispatch(.port(proto, walk.serviceSide), name, cases, whole, &builder)
    }

    /// The verdicts by message type; a type whose codes differ gets a chain of its own.
    private func types(
        _ proto: IPProtocol, _ spans: [FilterCase], _ whole: FilterVerdict, _ builder: inout TableBuilder
    ) throws(RenderError) -> [FilterCase] {
        var result: [FilterCase] = []
        for type in UInt16(0)...255 {
            let codes = (type << 8)...(type << 8 | 255)
            let inside = spans.filter { $0.values.overlaps(codes) }
            if inside.isEmpty { continue }
            let parts = inside.map { FilterCase($0.values.clamped(to: codes), $0.verdict) }
            if parts.count == 1, parts[0].values == codes {
                result.append(FilterCase(type...type, parts[0].verdict))
            } else {
                let byCode = parts.map { part in
                    FilterCase((part.values.lowerBound & 255)...(part.values.upperBound & 255), part.verdict)
                }
                let verdict = try dispatch(.messageCode(proto), "codes", byCode, whole, &builder)
                result.append(FilterCase(type...type, verdict))
            }
        }
        return Self.joined(result)
    }

    /// Neighbouring values with one verdict as one span.
    private static func joined(_ cases: [FilterCase]) -> [FilterCase] {
        var result: [FilterCase] = []
        for next in cases {
            if let last = result.last, last.verdict == next.verdict,
                last.values.upperBound + 1 == next.values.lowerBound
            {
                result[result.count - 1].values = last.values.lowerBound...next.values.upperBound
            } else {
                result.append(next)
            }
        }
        return result
    }

    private func dispatch(
        _ key: FilterKey, _ name: String, _ cases: [FilterCase], _ whole: FilterVerdict,
        _ builder: inout TableBuilder
    ) throws(RenderError) -> FilterVerdict {
        let cases = cases.filter { $0.verdict != whole }
        if cases.isEmpty { return whole }
        let exact = cases.filter { $0.values.count == 1 }
        let spans = cases.filter { $0.values.count > 1 }
        var rules: [FilterRule] = []
        if !exact.isEmpty { rules.append(FilterRule([], [.dispatch(key, exact)])) }
        if !spans.isEmpty { rules.append(FilterRule([], [.dispatch(key, spans)])) }
        // At its end a chain returns by itself.
        if whole != .return { rules.append(FilterRule(whole)) }
        return .goto(try builder.chain(name, rules))
    }
}
