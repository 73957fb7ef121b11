import NetworkTypes
import PolicyModel

extension Workload {
    /// Three or four workloads `w0`…; with `distinct`, no address has two owners.
    static func randomWorld(
        _ limits: WorldLimits, distinct: Bool, using rng: inout some RandomNumberGenerator
    ) -> [Workload] {
        var numbers = Array(Universe.managed)
        return (0..<(3 + rng.below(2))).map { index in
            var own = [numbers.remove(at: rng.below(numbers.count))]
            if rng.chance(15) { own.append(numbers.remove(at: rng.below(numbers.count))) }
            if !distinct, rng.chance(12) { own.append(Universe.managed.lowerBound + rng.below(Universe.managed.count)) }
            var labels: Labels = [:]
            for (key, values) in Universe.labels where rng.chance(75) { labels[key] = rng.pick(values) }
            var named: [PortName: [ProtocolPort]] = [:]
            for name in Universe.portNames where rng.chance(60) {
                named[name] = rng.list(0...2) { ProtocolPort($0.pick([.tcp, .udp]), $0.pick(Universe.ports)) }
            }
            let families = rng.chance(70) ? limits.families : [rng.pick(limits.families)]
            return Workload(
                id: WorkloadID(rawValue: "w\(index)"), labels: labels,
                addresses: own.flatMap { number in families.map { Universe.address(number, $0) } },
                namedPorts: named, mode: rng.pick([nil, .idle, .visibility, .selective, .selective, .full, .full]),
                enforcesAttributes: rng.chance(50))
        }
    }
}

extension AddressSet {
    /// Definitions of the named sets of the universe, all but one.
    static func randomDefinitions(
        _ limits: WorldLimits, using rng: inout some RandomNumberGenerator
    ) -> [AddressSetID: AddressSet] {
        [
            "partners": AddressSet(rng.list(1...3) { Universe.prefix(using: &$0, families: limits.families) }),
            "wide": AddressSet(limits.families.map { Universe.block(1, hostBits: 4, $0) }),
            "empty": AddressSet(),
        ]
    }
}
