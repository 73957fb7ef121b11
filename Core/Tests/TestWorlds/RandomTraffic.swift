import NetworkTypes
public import PolicyModel

extension Selector {
    /// A selector over the labels of the universe, at most `depth` deep.
    public static func random(depth: Int = 1, using rng: inout some RandomNumberGenerator) -> Selector {
        let (key, values) = rng.pick(Universe.labels)
        switch rng.below(depth > 0 ? 16 : 12) {
        case 0...4: return .equals(key, rng.pick(values))
        case 5: return .notEquals(key, rng.pick(values))
        case 6: return .isIn(key, rng.list(0...2) { $0.pick(values) })
        case 7: return .notIn(key, rng.list(0...2) { $0.pick(values) })
        case 8: return .exists(key)
        case 9: return .notExists(key)
        case 10, 11: return .all
        case 12: return .not(random(depth: depth - 1, using: &rng))
        case 13: return .or(rng.list(0...2) { random(depth: depth - 1, using: &$0) })
        default: return .and(rng.list(0...2) { random(depth: depth - 1, using: &$0) })
        }
    }
}

extension EndExpression {
    /// An expression over workloads `w0`… and the addresses of the universe, at most `depth` deep.
    static func random(
        _ limits: WorldLimits, depth: Int = 1, using rng: inout some RandomNumberGenerator
    ) -> EndExpression {
        func inner(_ rng: inout some RandomNumberGenerator) -> EndExpression {
            random(limits, depth: depth - 1, using: &rng)
        }
        switch rng.below(depth > 0 ? 24 : 19) {
        case 0...5: return .any
        case 6...8: return .anyWorkload
        case 9...12: return .selector(.random(using: &rng))
        case 13, 14: return .workload(WorkloadID(rawValue: "w\(rng.below(4))"))
        case 15, 16: return .addressSet(rng.pick(Universe.addressSets))
        case 17, 18:
            return .addresses(AddressSet(rng.list(0...2) { Universe.prefix(using: &$0, families: limits.families) }))
        case 19: return .union(rng.list(0...2) { inner(&$0) })
        case 20: return .intersection(rng.list(0...2) { inner(&$0) })
        default: return .difference(inner(&rng), inner(&rng))
        }
    }
}

extension ServiceTerm {
    /// A line of a service.
    static func random(_ limits: WorldLimits, using rng: inout some RandomNumberGenerator) -> ServiceTerm {
        let proto: IPProtocol = rng.pick([.tcp, .tcp, .tcp, .udp, .udp, .sctp])
        switch rng.below(14) {
        case 0, 1: return .any
        case 2:
            let icmp: IPProtocol = rng.pick(limits.families) == .ipv4 ? .icmp : .icmpv6
            // IGMP has no twin, so worlds of one family do without it.
            return .proto(rng.pick([.tcp, .udp, .gre, icmp, limits.families.count > 1 ? .igmp : .gre]))
        case 3, 4: return .ports(proto, destination: PortSet(rng.pick(Universe.ports)))
        case 5: return .ports(proto, destination: PortSet([443...443, 0...80]))
        case 6: return .ports(proto, destination: .all, source: rng.pick(Universe.sourcePortSets))
        case 7: return .ports(rng.pick([.tcp, .udp]), destination: rng.pick(Universe.sourcePortSets))
        case 8: return .named(rng.pick(Universe.portNames))
        case 9: return .ports(proto, destination: rng.chance(20) ? PortSet() : .all)
        case 10, 11:
            return .ports(.tcp, destination: .all, source: rng.pick(Universe.sourcePortSets))
        default:
            let code: UInt8? = rng.chance(50) ? nil : 0
            return rng.pick(limits.families) == .ipv4
                ? .icmp(.icmp, type: rng.pick([0, 3, 8]), code: code)
                : .icmp(.icmpv6, type: rng.pick([129, 1, 128]), code: code)
        }
    }

    static func list(_ limits: WorldLimits, using rng: inout some RandomNumberGenerator) -> [ServiceTerm] {
        if rng.chance(30) { return [.any] }
        return rng.list(rng.chance(3) ? 0...0 : 1...(rng.chance(40) ? 2 : 1)) { random(limits, using: &$0) }
    }
}

extension Relation {
    static func list(_ limits: WorldLimits, using rng: inout some RandomNumberGenerator) -> [Relation] {
        guard rng.chance(15) else { return [] }
        return rng.list(1...(rng.chance(20) ? 2 : 1)) { rng in
            let keys = rng.list(0...2) { $0.pick(Universe.labels).key }
            switch rng.below(limits.hasAttributes ? 3 : 2) {
            case 0: return .same(keys)
            case 1: return .different(keys)
            default: return .samePrincipal
            }
        }
    }
}

extension AttributeMatch {
    static func random(_ limits: WorldLimits, using rng: inout some RandomNumberGenerator) -> AttributeMatch {
        guard limits.hasAttributes, rng.chance(10) else { return .none }
        var match = AttributeMatch()
        if rng.chance(60) { match.processes = [rng.pick(Universe.processes)] }
        if rng.chance(50) { match.principals = [rng.pick(Universe.principalNames)] }
        return match
    }
}

extension Condition {
    static func list(_ limits: WorldLimits, using rng: inout some RandomNumberGenerator) -> [Condition] {
        guard limits.hasAttributes, rng.chance(10) else { return [] }
        return rng.list(1...2) { Condition($0.pick(Universe.conditions), is: $0.chance(60)) }
    }
}

extension Validity {
    static func random(using rng: inout some RandomNumberGenerator) -> Validity {
        guard rng.chance(15) else { return .always }
        return Validity(
            from: rng.chance(60) ? rng.pick(Universe.boundaries) : nil,
            until: rng.chance(60) ? rng.pick(Universe.boundaries) : nil)
    }
}
