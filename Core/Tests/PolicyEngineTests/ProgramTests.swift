import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// A program says, without the policy beside it, what the engine decides at that end.
@Suite struct ProgramTests {
    /// How many ends of each kind were compared.
    private struct Tally {
        var ends = 0
        var byRule = 0
        var byDefault = 0
        var shared = 0
        var excepting = 0
    }

    /// What a packet filter knows of a flow: no process, no principal, no condition, but every header field.
    private func visible(_ flow: Flow) -> Flow? {
        guard !flow.proto.isICMP || flow.icmp != nil else { return nil }
        var flow = flow
        flow.source = FlowEnd(flow.source.address)
        flow.destination = FlowEnd(flow.destination.address)
        flow.conditions = [:]
        if flow.proto.hasPorts, flow.sourcePort == nil { flow.sourcePort = 40_000 }
        return flow
    }

    /// Judges flows by the programs of all owners and by the engine; false after the first difference.
    private func run(
        _ seed: UInt64, _ workloads: [Workload], _ policy: FlatPolicy, _ rng: inout SplitMix64, _ tally: inout Tally
    ) -> Bool {
        guard let layer = policy.layers.first else { return true }
        let engine = PolicyEngine(workloads: workloads, policy: policy)
        var builder = ProgramBuilder(engine)
        var programs: [WorkloadID: WorkloadProgram] = [:]
        for workload in workloads {
            guard let program = builder.program(for: workload.id, layer: layer.id) else {
                Issue.record("seed \(seed): no program for \(workload.id)")
                return false
            }
            programs[workload.id] = program
            #expect(program.tiers.flatMap(\.rules).flatMap(\.parts).flatMap(\.services).allSatisfy { !$0.isNamed })
            if program.tiers.flatMap(\.rules).flatMap(\.parts).contains(where: { !$0.peers.exceptions.isEmpty }) {
                tally.excepting += 1
            }
        }
        // A program has one mode and one list of selections, so they must be the same at all addresses of a workload.
        let frame = [layer.appliesTo, layer.fullFor] + layer.tiers.flatMap { $0.selections ?? [] }.map(\.subject)
        let isOneAtAllAddresses = !frame.contains(where: \.tellsAddressesApart)
        for _ in 0..<20 {
            guard let flow = visible(Flow.random(among: workloads, using: &rng)) else { continue }
            let instant = Instant.random(using: &rng)
            let decision = engine.decide(flow, at: instant)
            let verdict = decision.effective
            let (sources, destinations) = (
                workloads.filter { $0.addresses.contains(flow.source.address) },
                workloads.filter { $0.addresses.contains(flow.destination.address) }
            )
            // Traffic of a workload with itself is not the program's: it is accepted before.
            if sources.count == 1, sources == destinations { continue }
            for (owners, direction, expected) in [
                (sources, Direction.egress, verdict.source), (destinations, .ingress, verdict.destination),
            ] where !owners.isEmpty {
                guard isOneAtAllAddresses || owners.allSatisfy({ $0.addresses.count == 1 }) else { continue }
                // What only watches says what full mode would do.
                if owners.count == 1, let watching = programs[owners[0].id], watching.mode == .visibility {
                    let would = ProgramInterpreter(program: watching, layer: layer.id).judge(
                        flow, direction, at: instant)
                    let full = direction == .egress ? decision.policy.source : decision.policy.destination
                    guard would == full else {
                        Issue.record(
                            "seed \(seed): \(direction) \(flow): the watching program says \(would), full mode \(full)")
                        return false
                    }
                }
                let enforcing = owners.sorted { $0.id < $1.id }.compactMap { programs[$0.id] }
                    .filter { $0.mode != .visibility }
                let answers = enforcing.map {
                    ProgramInterpreter(program: $0, layer: layer.id).judge(flow, direction, at: instant)
                }
                let got =
                    answers.first { $0.kind == .denied } ?? answers.first { $0.kind == .allowed } ?? .notGoverned
                tally.ends += 1
                if owners.count > 1 || sources.count > 1 || destinations.count > 1 { tally.shared += 1 }
                switch expected.decider {
                case .rule: tally.byRule += 1
                case .tierDefault, .layerDefault: tally.byDefault += 1
                case .selfTraffic, .nothing: break
                }
                guard got == expected else {
                    Issue.record(
                        """
                        seed \(seed): \(direction) \(flow) at \(instant.rawValue): programs say \(got), the engine \
                        \(expected)
                        """)
                    return false
                }
            }
        }
        return true
    }

    private func expectEnough(_ tally: Tally) {
        #expect(tally.byRule * 10 > tally.ends && tally.byDefault * 20 > tally.ends, "\(tally)")
        #expect(tally.ends > 20 && tally.excepting > 0, "\(tally)")
    }

    @Test func programsOfTheLatticeSayWhatTheEngineDecides() {
        var tally = Tally()
        var limits = WorldLimits()
        limits.hasAttributes = false
        for seed in worlds(3_000, from: 110_000) {
            var rng = SplitMix64(seed: seed)
            let world = LatticeWorld.random(limits: limits, using: &rng)
            guard run(seed, world.workloads, world.policy.lowered(), &rng, &tally) else { return }
        }
        expectEnough(tally)
        #expect(tally.shared > 0)
    }

    /// Selections, named passes, relations of every kind, conditions, and parts of far ends.
    @Test func programsOfFlatPolicySayWhatTheEngineDecides() {
        var tally = Tally()
        for seed in worlds(3_000, from: 120_000) {
            var rng = SplitMix64(seed: seed)
            let world = FlatWorld.random(using: &rng)
            guard var layer = world.policy.layers.first, layer.enforcer == .agent else { continue }
            layer.isStateful = true
            layer.appliesWhen = []
            for tier in layer.tiers.indices {
                for rule in layer.tiers[tier].rules.indices {
                    layer.tiers[tier].rules[rule].subjectAttributes = .none
                    // A program enforces less than may be meant; `ProgramCornerTests` says how much.
                    layer.tiers[tier].rules[rule].certainty = .exact
                    layer.tiers[tier].rules[rule].relations.removeAll { $0 == .samePrincipal }
                }
            }
            let policy = FlatPolicy(layers: [layer], addressSets: world.policy.addressSets)
            guard run(seed, world.workloads, policy, &rng, &tally) else { return }
        }
        expectEnough(tally)
        #expect(tally.shared > 0)
    }
}

extension ServiceTerm {
    var isNamed: Bool {
        switch self {
        case .named: true
        case .any, .proto, .ports, .icmp: false
        }
    }
}
