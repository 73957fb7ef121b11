public import NetworkTypes
public import PolicyModel

/// An executable form of `docs/design/semantics.md` for flat policy: naive, slow, and meant to be read beside that page.
public struct FlatReference: Sendable {
    private let workloads: [Workload]
    private let policy: FlatPolicy

    /// Makes a reference; the order of workloads and of rules means nothing.
    public init(workloads: [Workload], policy: FlatPolicy) {
        self.workloads = workloads.sorted { $0.id < $1.id }
        self.policy = policy
    }

    /// Both verdicts on a flow at an instant.
    public func decide(_ flow: Flow, at instant: Instant) -> Decision {
        Decision(
            policy: verdict(flow, in: .policy, at: instant), effective: verdict(flow, in: .effective, at: instant))
    }

    private func verdict(_ flow: Flow, in view: View, at instant: Instant) -> Verdict {
        guard flow.sourcePort == nil, flow.proto.hasPorts else { return verdictOnPacket(flow, view, instant) }
        let judged = pieces(cutBy: portSets).map { ports in
            var packet = flow
            packet.sourcePort = ports.lowerBound
            return (ports: ports, verdict: verdictOnPacket(packet, view, instant))
        }
        let denied = judged.filter { $0.verdict.outcome == .denied }
        let unclear = judged.first { $0.verdict.outcome != .denied && $0.verdict.outcome != .allowed }
        var verdict = denied.first?.verdict ?? judged[0].verdict
        if let unclear {
            verdict.outcome = unclear.verdict.outcome
        } else if !denied.isEmpty, denied.count < judged.count {
            verdict.outcome = .partly(denied: PortSet(denied.map(\.ports)))
        }
        return verdict
    }

    private var portSets: [PortSet] {
        policy.layers.flatMap(\.tiers).flatMap(\.rules).flatMap(\.services).flatMap(\.portSets)
            + workloads.flatMap { $0.namedPorts.values.joined() }.map { PortSet($0.port) }
    }

    // MARK: The flow, its ends, their subjects

    /// A packet where one of its ends is judged; a reply is the reversed packet, judged for the same subject.
    private struct Seat {
        var flow: Flow
        var packet: Flow
        var isReply = false
        var direction: Direction
        var subject: Workload?
        var peers: [Workload?]
        var isSelfTraffic: Bool
        var view: View
        var instant: Instant

        var subjectEnd: FlowEnd { direction == .egress ? packet.source : packet.destination }
        var peerEnd: FlowEnd { direction == .egress ? packet.destination : packet.source }
        /// Whether the subject is the source of the flow, whichever way the packet goes.
        var isFlowSource: Bool { (direction == .egress) != isReply }
    }

    private func verdictOnPacket(_ flow: Flow, _ view: View, _ instant: Instant) -> Verdict {
        let source = end(.egress, of: flow, view, instant)
        let destination = end(.ingress, of: flow, view, instant)
        let outcome: Outcome =
            switch Self.strongest([source, destination]).kind {
            case .denied: .denied
            case .indeterminate(let attribute): .indeterminate(attribute)
            case .allowed, .notGoverned: .allowed
            }
        return Verdict(outcome: outcome, source: source, destination: destination)
    }

    /// The first that is denied, else the first indeterminate, else the first allowed, else not governed.
    private static func strongest(_ decisions: [EndDecision]) -> EndDecision {
        decisions.first { $0.kind == .denied }
            ?? decisions.first { $0.kind != .allowed && $0.kind != .notGoverned }
            ?? decisions.first { $0.kind == .allowed } ?? .notGoverned
    }

    private func owners(_ address: IPAddress) -> [Workload?] {
        let owners = workloads.filter { $0.addresses.contains(address) }
        return owners.isEmpty ? [nil] : owners
    }

    private func end(_ direction: Direction, of flow: Flow, _ view: View, _ instant: Instant) -> EndDecision {
        let sources = owners(flow.source.address)
        let destinations = owners(flow.destination.address)
        let (subjects, peers) = direction == .egress ? (sources, destinations) : (destinations, sources)
        let isSelfTraffic = sources.count == 1 && sources[0] != nil && sources == destinations
        return Self.strongest(
            subjects.map {
                subject(
                    Seat(
                        flow: flow, packet: flow, direction: direction, subject: $0, peers: peers,
                        isSelfTraffic: isSelfTraffic,
                        view: view, instant: instant))
            })
    }

    private func subject(_ seat: Seat) -> EndDecision {
        Self.strongest(policy.layers.filter { applies($0, to: seat) }.map { layer($0, on: seat) })
    }

    // MARK: Layers

    private func holds(_ expression: EndExpression, _ owner: Workload?, _ address: IPAddress) -> Bool {
        expression.holds(owner, address, policy.addressSets)
    }

    /// The mode in which the agent of a workload enforces the layer, or nil where it does not.
    private func mode(of workload: Workload?, _ address: IPAddress, at layer: Layer, _ view: View) -> EnforcementMode? {
        guard let workload else { return nil }
        switch view {
        case .policy: return .full
        case .effective:
            guard let mode = workload.mode else { return nil }
            if holds(layer.fullFor, workload, address) { return .full }
            return mode.enforces ? mode : nil
        }
    }

    private func applies(_ layer: Layer, to seat: Seat) -> Bool {
        let address = seat.subjectEnd.address
        if layer.enforcer == .agent, mode(of: seat.subject, address, at: layer, seat.view) == nil { return false }
        return holds(layer.appliesTo, seat.subject, address)
            && seat.peers.contains { peer in
                layer.appliesWhen.allSatisfy { $0.holds(seat.subject, peer, seat.flow) != .no }
            }
    }

    private func layer(_ layer: Layer, on seat: Seat) -> EndDecision {
        let forward = tiers(of: layer, from: 0, on: seat)
        guard !layer.isStateful, forward.kind == .allowed else { return forward }
        let reply = tiers(of: layer, from: 0, on: Self.reply(to: seat))
        return reply.kind == .allowed ? forward : reply
    }

    private static func reply(to seat: Seat) -> Seat {
        var reply = seat
        reply.isReply = true
        reply.direction = seat.direction.opposite
        (reply.packet.source, reply.packet.destination) = (seat.packet.destination, seat.packet.source)
        reply.packet.sourcePort = seat.packet.destinationPort
        reply.packet.destinationPort = seat.packet.sourcePort ?? 0
        // Echo request and reply: RFC 792 pages 14–15; RFC 4443 §4.1–4.2.
        let echoes: [IPProtocol: [UInt8: UInt8]] = [.icmp: [8: 0, 0: 8], .icmpv6: [128: 129, 129: 128]]
        if let type = seat.packet.icmp?.type, let other = echoes[seat.packet.proto]?[type] {
            reply.packet.icmp?.type = other
        }
        return reply
    }

    // MARK: Tiers

    private func tiers(of layer: Layer, from index: Int, on seat: Seat) -> EndDecision {
        guard index < layer.tiers.count else { return afterLastTier(of: layer, seat) }
        let asked = layer.tiers[index].rules
            .filter { $0.direction == seat.direction && $0.validity.contains(seat.instant) }
            .filter { !seat.isSelfTraffic || $0.namesProcess }
            .sorted { Self.order($0) < Self.order($1) }
        return rules(asked[...], of: index, in: layer, on: seat)
    }

    private static func order(_ rule: FlatRule) -> (Int, Int, RuleID) {
        switch rule.action {
        case .deny: (rule.rank, 0, rule.id)
        case .allow: (rule.rank, 1, rule.id)
        case .pass: (rule.rank, 2, rule.id)
        }
    }

    private func rules(_ left: ArraySlice<FlatRule>, of tier: Int, in layer: Layer, on seat: Seat) -> EndDecision {
        guard let rule = left.first else { return onNoMatch(of: tier, in: layer, on: seat) }
        let name = Decider.rule(rule.id, tier: layer.tiers[tier].id, layer: layer.id)
        func matched() -> EndDecision {
            switch rule.action {
            case .deny: return EndDecision(.denied, by: name)
            case .allow: return EndDecision(.allowed, by: name)
            case .pass(to: nil): return tiers(of: layer, from: tier + 1, on: seat)
            case .pass(to: let target?):
                let next = layer.tiers.indices.first { $0 > tier && layer.tiers[$0].id == target }
                return tiers(of: layer, from: next ?? layer.tiers.count, on: seat)
            }
        }
        func notMatched() -> EndDecision { rules(left.dropFirst(), of: tier, in: layer, on: seat) }
        switch matches(rule, seat, at: layer) {
        case .yes: return matched()
        case .no: return notMatched()
        case .unknown(let attribute):
            let (one, other) = (matched(), notMatched())
            if one == other { return other }
            let isClear = other.kind == .allowed || other.kind == .denied
            return isClear && one.kind == other.kind ? other : EndDecision(.indeterminate(attribute), by: name)
        }
    }

    private func onNoMatch(of index: Int, in layer: Layer, on seat: Seat) -> EndDecision {
        let tier = layer.tiers[index]
        let decides =
            tier.selections?.contains {
                $0.direction == seat.direction && holds($0.subject, seat.subject, seat.subjectEnd.address)
            } ?? true
        guard decides, !seat.isSelfTraffic else { return tiers(of: layer, from: index + 1, on: seat) }
        switch tier.onNoMatch {
        case .allow: return EndDecision(.allowed, by: .tierDefault(tier.id, layer: layer.id))
        case .deny: return EndDecision(.denied, by: .tierDefault(tier.id, layer: layer.id))
        case .next: return tiers(of: layer, from: index + 1, on: seat)
        }
    }

    private func afterLastTier(of layer: Layer, _ seat: Seat) -> EndDecision {
        if seat.isSelfTraffic { return EndDecision(.allowed, by: .selfTraffic) }
        let mode = mode(of: seat.subject, seat.subjectEnd.address, at: layer, seat.view)
        let isSelective = layer.enforcer == .agent && mode == .selective
        let isAllow = (isSelective ? layer.selectiveDefault : layer.fullDefault) == .allow
        return EndDecision(isAllow ? .allowed : .denied, by: .layerDefault(layer.id))
    }

    private func matches(_ rule: FlatRule, _ seat: Seat, at layer: Layer) -> Truth {
        let isDeny = if case .deny = rule.action { true } else { false }
        let peers = seat.peers.map { peer in
            let table = (seat.direction == .ingress ? seat.subject : peer)?.namedPorts ?? [:]
            return Truth.all(
                [Truth(holds(rule.peer, peer, seat.peerEnd.address))]
                    + rule.relations.map { $0.holds(seat.subject, peer, seat.flow) }
                    + [.any(rule.services.map { $0.covers(seat.packet, named: table) })])
        }
        return .all(
            [
                Truth(holds(rule.subject, seat.subject, seat.subjectEnd.address)),
                isDeny ? .any(peers) : .all(peers),
                rule.subjectAttributes.holds(
                    of: seat.subjectEnd, process: seat.isFlowSource ? .sourceProcess : .destinationProcess,
                    principal: seat.isFlowSource ? .sourcePrincipal : .destinationPrincipal),
                farAttributes(of: rule, isDeny, seat, at: layer),
                rule.certainty == .exact ? .yes : .unknown(.ruleMeaning),
            ] + rule.conditions.map { $0.holds(seat.packet.conditions, ifUnknown: isDeny) })
    }

    private func farAttributes(of rule: FlatRule, _ isDeny: Bool, _ seat: Seat, at layer: Layer) -> Truth {
        if rule.peerAttributes == .none { return .yes }
        let enforces = seat.peers.allSatisfy {
            $0?.enforcesAttributes == true && mode(of: $0, seat.peerEnd.address, at: layer, seat.view) != nil
        }
        return Truth(isDeny ? !enforces : enforces || rule.widensPeer)
    }
}
