import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyModel
import RulesetSimulator
import TestWorlds

/// Renders the programs of random worlds and sends packets through the simulator.
struct FilterDifferential {
    /// What makes a world from the generator.
    var world: (inout SplitMix64) -> FilterWorld = FilterWorld.lattice
    /// Packets for each enforcing end, address pair and direction.
    var packets = 4
    /// A fault to put into what was rendered.
    var fault: (inout FilterTable) -> Void = { _ in }
    /// Whether programs are only watched.
    var isWatched = false
    /// Decisions that were compared, and those of them that were denied.
    private(set) var compared = 0
    private(set) var denied = 0
    private(set) var rules: Set<String> = []

    /// The first disagreement over these seeds.
    mutating func run(_ seeds: Range<UInt64>) throws -> FilterDisagreement? {
        for seed in seeds {
            var rng = SplitMix64(seed: seed)
            let world = world(&rng)
            let instant = Instant.random(using: &rng)
            var builder = ProgramBuilder(world.engine)
            for workload in world.workloads {
                guard let program = builder.program(for: workload.id) else { continue }
                if let found = try run(program, world, instant, seed, &rng) { return found }
            }
        }
        return nil
    }

    private mutating func run(
        _ program: WorkloadProgram, _ world: FilterWorld, _ instant: Instant, _ seed: UInt64, _ rng: inout SplitMix64
    ) throws -> FilterDisagreement? {
        // Rules of test worlds live for nanoseconds; nft knows seconds.
        var slow = program.inSeconds
        if isWatched {
            guard program.mode?.enforces ?? false else { return nil }
            slow.mode = .visibility
        } else if program.mode == .visibility {
            // What is watched counts what full mode would deny; the watched runs compare that.
            return nil
        }
        let now = instant.inSeconds
        let rendered = try PacketFilter.render(slow, options: RenderOptions(instant: now))
        var table = rendered.table
        fault(&table)
        let ruleset = try RulesetSimulator.Ruleset(text: table.text)
        let reasons = Dictionary(uniqueKeysWithValues: rendered.references.map { ($0.key.counter, $0.value) })
        let pool = program.traffic
        for own in program.addresses where world.owners(own).count == 1 {
            for peer in world.peers(of: own) {
                let isSelf = world.owners(peer) == [program.workload]
                for direction in Direction.allCases {
                    for _ in 0..<(program.mode?.enforces ?? false ? packets : 1) {
                        let (from, to) = direction == .egress ? (own, peer) : (peer, own)
                        // Two workloads of one host talk over loopback too.
                        let probe = rng.traffic(pool, own.family).probe(
                            from: from, to: to, direction, isLocal: isSelf || rng.chance(10), at: now)
                        let expected = world.expectation(probe, program, at: instant)
                        let got = ruleset.evaluate(probe.packet, hook: probe.hook)
                        compared += 1
                        if expected != .allowed { denied += 1 }
                        if let what = difference(expected, got, reasons) {
                            return FilterDisagreement(
                                seed: seed, workload: program.workload, probe: probe, expected: expected, got: got,
                                what: what, text: table.text)
                        }
                    }
                }
            }
        }
        return nil
    }

    /// What differs between what must happen and what did, or nil.
    private mutating func difference(
        _ expected: Expectation, _ got: RulesetSimulator.Outcome, _ reasons: [String: DenialReason]
    ) -> String? {
        let counted = got.counters.compactMap { hit -> DenialReason? in
            if case .named(let name) = hit { reasons[name] } else { nil }
        }
        if case .policy = got.decidedBy, !reasons.isEmpty { return "no rule ended the packet" }
        switch expected {
        case .allowed:
            if got.verdict != .accepted { return "the packet was turned away" }
            if !got.counters.isEmpty || !got.logs.isEmpty { return "an allowed packet was counted or logged" }
        case .denied(let reason, let answered):
            let passes = got.verdict == .accepted
            if passes != isWatched { return isWatched ? "visibility dropped the packet" : "the packet passed" }
            if counted != [reason] { return "the denial was counted as \(counted)" }
            let word = isWatched ? "would-deny" : "deny"
            if got.logs.map(\.prefix) != ["bulkhead \(word) 1 \(DenialReference(reason)) "] {
                return "logs \(got.logs)"
            }
            if case .rejected = got.verdict { if !answered { return "the denial was answered" } }
            if case .dropped = got.verdict { if answered { return "the denial was not answered" } }
            rules.insert(reason.name)
        }
        return nil
    }
}

extension FilterWorld {
    /// Every address of the same family that a flow may have at its other end.
    fileprivate func peers(of own: IPAddress) -> [IPAddress] {
        let unmanaged = Universe.unmanaged.map { Universe.address($0, own.family) }
        return (Set(workloads.flatMap(\.addresses)).filter { $0.family == own.family }.union(unmanaged)).sorted()
    }
}

extension Instant {
    /// As many seconds as this has nanoseconds.
    var inSeconds: Instant { Instant(rawValue: rawValue * 1_000_000_000) }
}

extension WorkloadProgram {
    var inSeconds: WorkloadProgram {
        var copy = self
        for tier in tiers.indices {
            for rule in tiers[tier].rules.indices {
                let validity = tiers[tier].rules[rule].validity
                copy.tiers[tier].rules[rule].validity = Validity(
                    from: validity.from?.inSeconds, until: validity.until?.inSeconds)
            }
        }
        return copy
    }

    /// Traffic on both sides of every edge that the program's services have.
    fileprivate var traffic: [Traffic] {
        var found: Set<Traffic> = []
        for part in tiers.flatMap(\.rules).flatMap(\.parts) {
            for term in part.services {
                switch term {
                case .any, .named: break
                case .proto(let proto): found.insert(Traffic(proto: proto))
                case .ports(let proto, let destination, let source):
                    for port in destination.edges {
                        for other in source.edges {
                            found.insert(Traffic(proto: proto, destinationPort: port, sourcePort: other))
                        }
                    }
                case .icmp(let proto, let type, let code):
                    for code in [code ?? 0, (code ?? 0) &+ 1] {
                        found.insert(Traffic(proto: proto, icmp: ICMPMessage(type: type, code: code)))
                    }
                }
            }
        }
        return found.sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }
}

extension Traffic {
    fileprivate var order: [UInt16] {
        [UInt16(proto.rawValue), destinationPort, sourcePort, icmp.map { UInt16($0.type) << 8 | UInt16($0.code) } ?? 0]
    }
}

extension PortSet {
    fileprivate var edges: Set<UInt16> {
        Set(intervals.flatMap { [$0.lowerBound &- 1, $0.lowerBound, $0.upperBound, $0.upperBound &+ 1] } + [40_000])
    }
}

extension SplitMix64 {
    /// Mostly what the program speaks of, in any state of connection tracking.
    fileprivate mutating func traffic(_ pool: [Traffic], _ family: AddressFamily) -> Traffic {
        let protocols = Set(pool.map(\.proto)).filter { !$0.isICMP || ($0 == .icmp) == (family == .ipv4) }.sorted()
        var traffic: Traffic
        if chance(70), !protocols.isEmpty {
            let proto = pick(protocols)
            traffic = pick(pool.filter { $0.proto == proto })
        } else {
            let proto: IPProtocol = pick([.tcp, .tcp, .udp, .udp, .gre, .sctp, family == .ipv4 ? .igmp : .esp, .icmp])
            traffic = Traffic(proto: proto)
            if proto.hasPorts {
                traffic.destinationPort = pick(Universe.ports + [67, 68, 546, 547, 40_000])
                traffic.sourcePort = pick(Universe.sourcePorts + Universe.ports + [67, 68, 546, 547])
            }
            if proto == .icmp { traffic.proto = family == .ipv4 ? .icmp : .icmpv6 }
        }
        if traffic.proto == .igmp, family == .ipv6 { traffic.proto = .gre }
        if traffic.proto.isICMP, traffic.icmp == nil {
            let types: [UInt8] = family == .ipv4 ? [8, 0, 3, 5, 11] : [128, 129, 1, 137, 133, 135, 130, 143]
            traffic.icmp = ICMPMessage(type: pick(types), code: pick([0, 0, 1]))
        }
        if chance(20) { traffic.state = pick([.established, .related, .invalid, .untracked]) }
        if traffic.proto == .tcp, chance(10) { traffic.flags = pick([.ack, [.syn, .ack], .rst, [.fin, .ack]]) }
        return traffic
    }
}
