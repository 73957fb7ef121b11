import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// Ends and pairs, in small policies that are written out and on random worlds.
@Suite struct EndTests {
    private static func side(_ workloads: [Workload], _ layers: [Layer]) -> Connectivity {
        let engine = PolicyEngine(workloads: workloads, policy: FlatPolicy(layers: layers))
        return Connectivity(engine, at: Instant(rawValue: 0))
    }

    private static func workload(_ id: WorkloadID, _ addresses: String...) -> Workload {
        Workload(id: id, addresses: addresses.compactMap { IPAddress($0) })
    }

    @Test func endsCoverEveryAddressOnce() {
        for seed in worlds(500) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            let ends = Connectivity(engine, at: Instant(rawValue: 0)).ends
            #expect(ends == ends.sorted())
            let covered = AddressSet(ends.flatMap(\.ranges))
            #expect(covered == .all, "seed \(seed)")
            for (number, end) in ends.enumerated() {
                for other in ends[(number + 1)...] where !end.addresses.intersection(other.addresses).isEmpty {
                    Issue.record("seed \(seed): \(end) meets \(other)")
                }
                for range in end.ranges {
                    let owners = world.workloads.filter { $0.addresses.contains(range.lower) }.map(\.id).sorted()
                    #expect(owners == end.owners, "seed \(seed)")
                }
            }
        }
    }

    @Test func aVisitMeetsThePairsInOrder() {
        for seed in worlds(500) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            let side = Connectivity(engine, at: .random(using: &rng), view: rng.pick(VerdictView.allCases))
            for scope in [PairScope.workloads, .everything] {
                var visited: [(source: Int, destination: Int, traffic: Int)] = []
                let traffic = side.visitPairs(scope) { visited.append(($0, $1, $2)) }
                let pairs = Array(side.pairs(scope))
                #expect(visited.map { side.ends[$0.source] } == pairs.map(\.source), "seed \(seed)")
                #expect(visited.map { side.ends[$0.destination] } == pairs.map(\.destination), "seed \(seed)")
                #expect(visited.map { traffic[$0.traffic] } == pairs.map(\.traffic), "seed \(seed)")
                #expect(pairs.contains { $0.source.isSelfTraffic(with: $0.destination) } == false)
            }
        }
    }

    @Test func classPairsSayTheSameOfTheirEnds() {
        for seed in worlds(300) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            let engine = PolicyEngine(workloads: world.workloads, policy: world.policy)
            let side = Connectivity(engine, at: .random(using: &rng))
            side.forEachClassPair { source, destination, traffic in
                guard let from = source.ends.first, let to = destination.ends.last, from.sharesFamily(with: to),
                    !from.isSelfTraffic(with: to)
                else { return }
                #expect(side.traffic(from: from, to: to) == traffic, "seed \(seed)")
            }
        }
    }

    @Test func aWorkloadIsSplitWherePolicyTellsItsAddressesApart() {
        let lan = AddressSet([Prefix("10.0.0.0/8")].compactMap(\.self))
        let rule = FlatRule(
            id: "r", action: .allow, direction: .ingress, subject: .addresses(lan), peer: .any, services: [.any])
        let layer = Layer(id: "l", enforcer: .platform, tiers: [Tier(id: "t", rules: [rule])])
        let workloads = [
            Self.workload("a", "10.0.0.1", "192.0.2.1", "192.0.2.2"), Self.workload("b", "10.0.0.2"),
            Self.workload("c", "192.0.2.1"), Self.workload("d"),
        ]
        let ends = Self.side(workloads, [layer]).ends
        #expect(
            ends.prefix(5).map(\.description) == ["a[10.0.0.1]", "a[192.0.2.2]", "b", "d", "a+c[192.0.2.1]"])
        #expect(ends.prefix(5).map(\.kind)[4] == .shared(["a", "c"]))
        #expect(
            ends.dropFirst(5).map(\.description) == [
                "0.0.0.0-9.255.255.255,11.0.0.0-192.0.2.0,192.0.2.3-255.255.255.255",
                "10.0.0.0,10.0.0.3-10.255.255.255", "::/0",
            ])
    }

    @Test func workloadsStandInTheOrderOfTheBytesOfTheirNames() {
        let names: [WorkloadID] = [
            "b", "", "a-name-of-seventeen", "a-name-of-sevente", "a-name-of-sevent", "a", "ab", "é", "~", "a\u{0}",
            "a-name-of-sevente\u{0}", "zz-this-is-a-long-name-2", "zz-this-is-a-long-name-1",
        ]
        let ends = Self.side(names.map { Workload(id: $0) }, []).ends.filter { !$0.owners.isEmpty }
        #expect(ends.map { $0.owners[0] } == names.sorted())
    }

    @Test func endsOfDifferentFamiliesExchangeNothing() {
        let side = Self.side(
            [Self.workload("four", "10.0.0.1"), Self.workload("six", "2001:db8::1"), Self.workload("any")], [])
        let pairs = side.pairs().map { "\($0.source) \($0.destination)" }.filter {
            !$0.contains("/") && !$0.contains("-")
        }
        #expect(pairs == ["any four", "any six", "four any", "six any"])
        #expect(side.pairs().allSatisfy { $0.traffic == Traffic(must: .all, may: .all) })
    }

    @Test func aLayerBetweenDifferentPrincipalsMayBeAbsent() {
        let layer = Layer(id: "l", enforcer: .platform, appliesWhen: [.samePrincipal], tiers: [])
        let side = Self.side([Self.workload("a", "10.0.0.1"), Self.workload("b", "10.0.0.2")], [layer])
        let traffic = side.pairs().first { $0.source.owners == ["a"] && $0.destination.owners == ["b"] }?.traffic
        #expect(traffic == Traffic(must: ServiceSet(), may: .all))
    }

    @Test func aStatelessLayerNeedsARuleForTheReply() {
        func rule(_ direction: Direction, _ services: [ServiceTerm]) -> FlatRule {
            FlatRule(
                id: RuleID(rawValue: direction.rawValue), action: .allow, direction: direction, subject: .anyWorkload,
                peer: .any, services: services)
        }
        // Replies leave from the server's port to the client's: only those from 32768 on get out.
        let layer = Layer(
            id: "acl", enforcer: .platform, appliesTo: .workload("server"), isStateful: false,
            tiers: [
                Tier(
                    id: "t",
                    rules: [
                        rule(.ingress, [.ports(.tcp, destination: PortSet(443))]),
                        rule(.egress, [.ports(.tcp, destination: PortSet(32_768 ... .max))]),
                    ])
            ])
        let side = Self.side([Self.workload("client", "10.0.0.1"), Self.workload("server", "10.0.0.2")], [layer])
        let traffic = side.pairs().first { $0.source.owners == ["client"] && $0.destination.owners == ["server"] }
        #expect(
            traffic?.traffic.must
                == ServiceSet(.tcp, destination: PortSet(443), source: PortSet(32_768 ... .max)))
        #expect(traffic?.traffic.isExact == true)
    }
}
