import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

@Suite struct DifferenceTests {
    @Test func theDifferenceIsWhatBothSidesSayAndWitnessesShowIt() {
        var groups = 0
        for seed in worlds(3_000, debugShare: 40) {
            var rng = SplitMix64(seed: seed)
            let both = TwoWorlds.random(using: &rng)
            let (before, after) = (both.connectivity(both.before), both.connectivity(both.after))
            let difference = ConnectivityDifference(from: before, to: after, scope: .everything)
            groups += difference.groups.count
            if let found = Self.fault(in: difference, before, after, using: &rng)
                ?? Self.badWitness(in: difference, both)
            {
                Issue.record("seed \(seed): \(found)")
                return
            }
        }
        #expect(groups > 100)
    }

    /// Compares random pairs of addresses with what the groups say of them.
    private static func fault(
        in difference: ConnectivityDifference, _ before: Connectivity, _ after: Connectivity,
        using rng: inout some RandomNumberGenerator
    ) -> String? {
        for _ in 0..<20 {
            guard let source = rng.pick(before.ends).address(using: &rng),
                let target = rng.pick(after.ends).address(using: &rng), source.family == target.family,
                let a = before.end(of: source), let b = before.end(of: target), let c = after.end(of: source),
                let d = after.end(of: target), !a.isSelfTraffic(with: b), !c.isSelfTraffic(with: d)
            else { continue }
            let (old, new) = (before.traffic(from: a, to: b), after.traffic(from: c, to: d))
            let found = difference.groups.filter { group in
                group.pairs.contains {
                    $0.source.addresses.contains(source) && $0.destination.addresses.contains(target)
                }
            }
            guard found.count == (old == new ? 0 : 1) else {
                return "\(source) → \(target) is in \(found.count) groups"
            }
            guard let group = found.first else { continue }
            if group.before != old || group.after != new { return "\(source) → \(target): a group with other traffic" }
            for _ in 0..<10 {
                let point = ServicePoint.random(using: &rng)
                let rises = !old.may.contains(point) && new.must.contains(point)
                let falls = old.must.contains(point) && !new.may.contains(point)
                if group.newlyAllowed.must.contains(point) != rises || group.newlyCut.must.contains(point) != falls {
                    return "\(source) → \(target): \(point)"
                }
            }
        }
        return nil
    }

    private static func badWitness(in difference: ConnectivityDifference, _ both: TwoWorlds) -> String? {
        for group in difference.groups {
            for (services, witness, less, more) in [
                (group.newlyAllowed, group.allowedWitness, both.before, both.after),
                (group.newlyCut, group.cutWitness, both.after, both.before),
            ] {
                if services.may.isEmpty != (witness == nil) { return "no witness of \(services)" }
                guard let witness else { continue }
                guard let flow = witness.flow else {
                    if services.must.isEmpty { continue }
                    return "no flow shows \(services)"
                }
                guard services.may.contains(witness.point) else { return "\(witness.point) is not in \(services)" }
                let (low, high) = (both.outcome(less, flow), both.outcome(more, flow))
                let isPlain = low == .denied && high == .allowed
                let isWeak = low != .allowed && high != .denied && low != high
                if services.must.isEmpty ? !isWeak : !isPlain { return "\(flow) is \(low), then \(high)" }
            }
        }
        return nil
    }

    @Test func aPolicyDoesNotDifferFromItself() {
        for seed in worlds(300) {
            var rng = SplitMix64(seed: seed)
            let both = TwoWorlds.random(using: &rng)
            let side = both.connectivity(both.before)
            #expect(ConnectivityDifference(from: side, to: side, scope: .everything).isEmpty, "seed \(seed)")
        }
    }

    @Test func workloadsWithoutAddressesAreMatchedByName() {
        let workloads = ["a", "b"].map { Workload(id: $0) }
        func side(_ names: [WorkloadID], _ rules: [FlatRule]) -> Connectivity {
            let layer = Layer(
                id: "l", enforcer: .platform, appliesTo: .anyWorkload, tiers: [Tier(id: "t", rules: rules)])
            let engine = PolicyEngine(
                workloads: workloads.filter { names.contains($0.id) }, policy: FlatPolicy(layers: [layer]))
            return Connectivity(engine, at: Instant(rawValue: 0))
        }
        let open = Direction.allCases.map { direction in
            FlatRule(
                id: "open", action: .allow, direction: direction, subject: .anyWorkload, peer: .anyWorkload,
                services: [.ports(.tcp, destination: PortSet(80))])
        }
        let difference = ConnectivityDifference(from: side(["a", "b"], []), to: side(["a", "b"], open))
        let pairs = difference.groups.flatMap(\.pairs).map { "\($0.source) \($0.destination)" }
        #expect(pairs == ["a b", "b a"])
        #expect(difference.groups.first?.newlyAllowed.must == ServiceSet(.tcp, destination: PortSet(80)))
        #expect(difference.groups.first?.allowedWitness?.flow == nil)
        #expect(ConnectivityDifference(from: side(["a"], []), to: side(["b"], [])).unmatched == ["a", "b"])
    }
}
