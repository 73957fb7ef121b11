import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyModel
import RulesetSimulator
import TestWorlds
import Testing

/// The hand-written cases of `Conformance/` on Bulkhead's own lattice, sent through the rendered rulesets.
///
/// Left out is what a packet does not show (attributes, conditions, unrecorded ports and messages), and what
/// docs/design/packet-filter.md names as a known limit.
@Suite struct ConformanceTests {
    /// How many cases and flows were compared.
    private struct Count {
        var flows = 0
        var denied = 0
        var named = 0
    }

    @Test func theRenderedRulesetsConform() throws {
        var count = Count()
        for one in try ConformanceCase.all() {
            guard case .lattice(let world) = one.world else { continue }
            let policy = world.policy.lowered()
            guard Self.isShownByPackets(policy) else { continue }
            let engine = PolicyEngine(workloads: world.workloads, policy: policy)
            for expected in one.expectations {
                let failures = try Self.failures(expected, world.workloads, engine, &count)
                #expect(failures.isEmpty, "\(one), flow \(expected.number): \(failures)\n\(one.source)")
            }
        }
        // IPv6 twins included; the rest of the lattice cases ask for attributes, conditions or owners.
        #expect(count.flows >= 250, "\(count)")
        #expect(count.denied >= 150 && count.named >= 150, "\(count)")
    }

    private static func isShownByPackets(_ policy: FlatPolicy) -> Bool {
        policy.layers.flatMap(\.tiers).flatMap(\.rules).allSatisfy {
            $0.subjectAttributes == .none && $0.peerAttributes == .none && $0.conditions.isEmpty
                && !$0.relations.contains(.samePrincipal)
        }
    }

    /// What the walls of both ends do otherwise than the case says.
    private static func failures(
        _ expected: ConformanceCase.Expectation, _ workloads: [Workload], _ engine: PolicyEngine, _ count: inout Count
    ) throws -> [String] {
        let flow = expected.flow
        guard ["allowed", "denied"].contains(expected.verdict), !flow.proto.isICMP || flow.icmp != nil else {
            return []
        }
        let owners = [flow.source, flow.destination].map { end in
            workloads.filter { $0.addresses.contains(end.address) }
        }
        // One host that has another's address too has two programs; which one judges is not the packet filter's to say.
        guard owners.allSatisfy({ $0.count <= 1 }) else { return [] }
        let isSelf = owners[0].first != nil && owners[0].first?.id == owners[1].first?.id
        let traffic = Traffic(
            proto: flow.proto, destinationPort: flow.destinationPort, sourcePort: flow.sourcePort ?? 40_000,
            icmp: flow.icmp)
        // The kernel tracks no neighbour discovery, and the wall lets it pass on the link.
        if traffic.isUntrackedByKernel, expected.verdict == "denied" { return [] }
        var denials: [Int: DenialReason] = [:]
        for (place, direction) in [Direction.egress, .ingress].enumerated() {
            guard let workload = owners[place].first?.id else { continue }
            var builder = ProgramBuilder(engine)
            guard let program = builder.program(for: workload) else { continue }
            // Rules of the cases live for nanoseconds; nft knows seconds.
            let now = expected.instant.inSeconds
            let rendered = try PacketFilter.render(program.inSeconds, options: RenderOptions(instant: now))
            let ruleset = try RulesetSimulator.Ruleset(text: rendered.text)
            let probe = traffic.probe(
                from: flow.source.address, to: flow.destination.address, direction, isLocal: isSelf, at: now)
            let got = ruleset.evaluate(probe.packet, hook: probe.hook)
            if got.verdict == .accepted { continue }
            let reasons = Dictionary(uniqueKeysWithValues: rendered.references.map { ($0.key.counter, $0.value) })
            let counted = got.counters.compactMap { hit -> DenialReason? in
                if case .named(let name) = hit { reasons[name] } else { nil }
            }
            guard counted.count == 1 else { return ["a denial counted as \(counted)"] }
            denials[place] = counted[0]
        }
        count.flows += 1
        if !denials.isEmpty { count.denied += 1 }
        guard denials.isEmpty == (expected.verdict == "allowed") else {
            return ["expected \(expected.verdict), got denials \(denials.values.map(\.name))"]
        }
        return denials.sorted { $0.key < $1.key }.compactMap { place, reason in
            guard let decider = expected.decidedBy[place] else { return nil }
            count.named += 1
            let got =
                switch reason {
                case .rule(let id): "rule \(id) in "
                case .layerDefault: "default of layer bulkhead"
                default: reason.name
                }
            return decider.hasPrefix(got) ? nil : "end \(place): expected \(decider), got \(got)"
        }
    }
}
