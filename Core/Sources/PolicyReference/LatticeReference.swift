public import NetworkTypes
public import PolicyModel

/// An executable form of Bulkhead's own lattice, asked of the policy as people write it and never lowered to flat rules.
///
/// Naive and slow; meant to be read beside "Bulkhead's own layer" in `docs/design/semantics.md`.
public struct LatticeReference: Sendable {
    private let workloads: [Workload]
    private let policy: Policy

    /// Makes a reference; the order of workloads and of everything in the policy means nothing.
    public init(workloads: [Workload], policy: Policy) {
        self.workloads = workloads.sorted { $0.id < $1.id }
        self.policy = policy
    }

    /// Both verdicts on a flow at an instant.
    public func decide(_ flow: Flow, at instant: Instant) -> Decision {
        Decision(
            policy: verdict(on: flow, .policy, at: instant), effective: verdict(on: flow, .effective, at: instant))
    }

    // MARK: A flow whose source port nobody recorded

    private func verdict(on flow: Flow, _ view: View, at instant: Instant) -> Verdict {
        if flow.sourcePort != nil || !flow.proto.hasPorts { return judge(flow, view, at: instant) }
        var verdicts: [(ports: ClosedRange<UInt16>, verdict: Verdict)] = []
        for ports in pieces(cutBy: mentionedPorts) {
            var known = flow
            known.sourcePort = ports.lowerBound
            verdicts.append((ports, judge(known, view, at: instant)))
        }
        var outcome = verdicts[0].verdict.outcome
        let denied = verdicts.filter { $0.verdict.outcome == .denied }
        if let unclear = verdicts.map(\.verdict.outcome).first(where: { $0 != .allowed && $0 != .denied }) {
            outcome = unclear
        } else if !denied.isEmpty, denied.count < verdicts.count {
            outcome = .partly(denied: PortSet(denied.map(\.ports)))
        }
        let shown = (denied.first ?? verdicts[0]).verdict
        return Verdict(outcome: outcome, source: shown.source, destination: shown.destination)
    }

    private var mentionedPorts: [PortSet] {
        var matches = policy.essential.map(\.match)
        for quarantine in policy.quarantines { matches += quarantine.exceptions.map(\.match) }
        for guardrail in policy.guardrails { matches += [guardrail.match] + guardrail.exceptions.map(\.match) }
        for ruleset in policy.rulesets { matches += ruleset.rules.map(\.match) }
        var ports = matches.flatMap { $0.services.flatMap(\.portSets) }
        for workload in workloads { ports += workload.namedPorts.values.flatMap { $0.map { PortSet($0.port) } } }
        return ports
    }

    // MARK: A flow and its two ends

    private func judge(_ flow: Flow, _ view: View, at instant: Instant) -> Verdict {
        let source = judge(flow, atSource: true, view, instant)
        let destination = judge(flow, atSource: false, view, instant)
        let outcome: Outcome
        switch (source.kind, destination.kind) {
        case (.denied, _), (_, .denied): outcome = .denied
        case (.indeterminate(let attribute), _): outcome = .indeterminate(attribute)
        case (_, .indeterminate(let attribute)): outcome = .indeterminate(attribute)
        case (.allowed, .allowed), (.allowed, .notGoverned), (.notGoverned, .allowed), (.notGoverned, .notGoverned):
            outcome = .allowed
        }
        return Verdict(outcome: outcome, source: source, destination: destination)
    }

    /// The agent of one workload, judging a flow at the end where the workload sits.
    private struct Seat {
        var flow: Flow
        var isSource: Bool
        var subject: Workload
        /// The owners of the far address, or one nil where it is unmanaged.
        var peers: [Workload?]
        var mode: EnforcementMode
        var view: View
        var instant: Instant
        var isSelfTraffic: Bool

        var here: FlowEnd { isSource ? flow.source : flow.destination }
        var there: FlowEnd { isSource ? flow.destination : flow.source }
        var sources: [Workload?] { isSource ? [subject] : peers }
        var destinations: [Workload?] { isSource ? peers : [subject] }
    }

    private func judge(_ flow: Flow, atSource: Bool, _ view: View, _ instant: Instant) -> EndDecision {
        let here = owners(of: atSource ? flow.source.address : flow.destination.address)
        let there = owners(of: atSource ? flow.destination.address : flow.source.address)
        var answers: [EndDecision] = []
        for subject in here {
            let address = atSource ? flow.source.address : flow.destination.address
            guard let mode = enforcedMode(of: subject, at: address, view) else { continue }
            answers.append(
                messages(
                    Seat(
                        flow: flow, isSource: atSource, subject: subject, peers: there.isEmpty ? [nil] : there,
                        mode: mode, view: view, instant: instant, isSelfTraffic: here.count == 1 && here == there)))
        }
        if let denied = answers.first(where: { $0.kind == .denied }) { return denied }
        return answers.first { $0.kind != .allowed } ?? answers.first ?? .notGoverned
    }

    private func owners(of address: IPAddress) -> [Workload] { workloads.filter { $0.addresses.contains(address) } }

    /// Full in the policy view and for a quarantined agent, else the agent's own mode; nil where nobody enforces.
    private func enforcedMode(of workload: Workload, at address: IPAddress, _ view: View) -> EnforcementMode? {
        if view == .policy { return .full }
        guard let mode = workload.mode else { return nil }
        if policy.quarantines.contains(where: { isMember(workload, address, of: $0) }) { return .full }
        return mode == .selective || mode == .full ? mode : nil
    }

    private func isMember(_ workload: Workload?, _ address: IPAddress, of quarantine: Quarantine) -> Bool {
        workload != nil && quarantine.members.holds(workload, address, policy.addressSets)
    }

    // MARK: The tiers, highest first

    /// Redirects are never let in or out, other errors only as related to a connection.
    private func messages(_ seat: Seat) -> EndDecision {
        let proto = seat.flow.proto
        func concerns(_ test: (ICMPMessage) -> Bool) -> Truth {
            guard proto.isICMP else { return .no }
            return seat.flow.icmp.map { Truth(test($0)) } ?? .unknown(.icmpType)
        }
        var claims = [
            Claim(id: "icmp/errors-only-as-related", holds: concerns { $0.isError(proto) && !$0.isRedirect(proto) }),
            Claim(id: "icmp/redirects-never", holds: concerns { $0.isRedirect(proto) }),
        ]
        if seat.isSelfTraffic { claims = [] }
        return first(of: claims, in: "icmp", then: Self.deny) { essential(seat) }
    }

    /// What the host needs to stay manageable passes, quarantined or not.
    private func essential(_ seat: Seat) -> EndDecision {
        let mine = policy.essential.filter { $0.directions.contains(seat.isSource ? .egress : .ingress) }
        let claims = mine.compactMap { claim($0.id, $0.match, isDenial: false, seat) }
        return first(of: claims, in: "essential", then: Self.allow) {
            quarantines(policy.quarantines.sorted { $0.id < $1.id }[...], seat)
        }
    }

    /// Where an end is quarantined, only what every one of its quarantines excepts goes on.
    private func quarantines(_ left: ArraySlice<Quarantine>, _ seat: Seat) -> EndDecision {
        guard let quarantine = left.first else {
            return guardrails(policy.guardrails.sorted { $0.id < $1.id }[...], seat)
        }
        func goOn() -> EndDecision { quarantines(left.dropFirst(), seat) }
        guard concerns(quarantine, seat) else { return goOn() }
        let tier = TierID(rawValue: "quarantine/\(quarantine.id)")
        return first(of: exceptions(quarantine.exceptions, seat), in: tier, then: { _, _ in goOn() }) {
            seat.isSelfTraffic ? goOn() : Self.deny(quarantine.id, tier)
        }
    }

    private func concerns(_ quarantine: Quarantine, _ seat: Seat) -> Bool {
        isMember(seat.subject, seat.here.address, of: quarantine)
            || seat.peers.contains { isMember($0, seat.there.address, of: quarantine) }
    }

    /// A guardrail denies what it matches, unless one of its own exceptions does.
    private func guardrails(_ left: ArraySlice<Guardrail>, _ seat: Seat) -> EndDecision {
        guard let guardrail = left.first else { return allows(seat) }
        func goOn() -> EndDecision { guardrails(left.dropFirst(), seat) }
        let tier = TierID(rawValue: "guardrail/\(guardrail.id)")
        return first(of: exceptions(guardrail.exceptions, seat), in: tier, then: { _, _ in goOn() }) {
            let denial = claim(guardrail.id, guardrail.match, isDenial: true, seat)
            return first(of: denial.map { [$0] } ?? [], in: tier, then: Self.deny, otherwise: goOn)
        }
    }

    private func exceptions(_ exceptions: [PolicyException], _ seat: Seat) -> [Claim] {
        exceptions.compactMap { claim($0.id, $0.match, during: $0.validity, isDenial: false, seat) }
    }

    /// An allow opens what its scope consents to; the exceptions of the quarantines that concern the flow open as well.
    private func allows(_ seat: Seat) -> EndDecision {
        var claims = policy.quarantines.filter { quarantine in
            isMember(seat.subject, seat.here.address, of: quarantine)
                || seat.peers.allSatisfy { isMember($0, seat.there.address, of: quarantine) }
        }.flatMap { exceptions($0.exceptions, seat) }
        for ruleset in policy.rulesets {
            for rule in ruleset.rules where rule.action == .allow {
                let consents = ruleset.scopes.contains { isInside($0, rule, seat) }
                if consents, let claim = claim(rule.id, rule.match, during: rule.validity, isDenial: false, seat) {
                    claims.append(claim)
                }
            }
        }
        return first(of: claims, in: "allow", then: Self.allow) { denies(seat) }
    }

    /// Whether one scope consents: the destination's owner does, and where it has none the source's.
    private func isInside(_ scope: Selector, _ rule: Rule, _ seat: Seat) -> Bool {
        func all(_ ends: [Workload?]) -> Bool { ends.allSatisfy { $0.map { scope.matches($0.labels) } ?? false } }
        if seat.destinations == [nil] { return all(seat.sources) }
        return all(seat.destinations) && (rule.anywhere || all(seat.sources))
    }

    /// A deny binds at the ends that lie in its scope.
    private func denies(_ seat: Seat) -> EndDecision {
        var claims: [Claim] = []
        for ruleset in policy.rulesets where ruleset.scopes.contains(where: { $0.matches(seat.subject.labels) }) {
            for rule in ruleset.rules where rule.action != .allow {
                if let claim = claim(rule.id, rule.match, during: rule.validity, isDenial: true, seat) {
                    claims.append(claim)
                }
            }
        }
        return first(of: claims, in: "deny", then: Self.deny) { byMode(seat) }
    }

    private func byMode(_ seat: Seat) -> EndDecision {
        if seat.isSelfTraffic { return EndDecision(.allowed, by: .selfTraffic) }
        return EndDecision(seat.mode == .full ? .denied : .allowed, by: .layerDefault("bulkhead"))
    }

    // MARK: Asking one tier

    /// What a rule says to a flow.
    private struct Claim {
        var id: RuleID
        var holds: Truth
    }

    private static func deny(_ id: RuleID, _ tier: TierID) -> EndDecision {
        EndDecision(.denied, by: .rule(id, tier: tier, layer: "bulkhead"))
    }

    private static func allow(_ id: RuleID, _ tier: TierID) -> EndDecision {
        EndDecision(.allowed, by: .rule(id, tier: tier, layer: "bulkhead"))
    }

    /// The first claim by identifier that holds; one that is unknown is followed both ways.
    private func first(
        of claims: [Claim], in tier: TierID, then decision: (RuleID, TierID) -> EndDecision,
        otherwise: () -> EndDecision
    ) -> EndDecision {
        let sorted = claims.sorted { $0.id < $1.id }
        guard let claim = sorted.first else { return otherwise() }
        let others = Array(sorted.dropFirst())
        switch claim.holds {
        case .yes: return decision(claim.id, tier)
        case .no: return first(of: others, in: tier, then: decision, otherwise: otherwise)
        case .unknown(let attribute):
            let ifItHeld = decision(claim.id, tier)
            let ifNot = first(of: others, in: tier, then: decision, otherwise: otherwise)
            if ifItHeld == ifNot { return ifNot }
            switch (ifItHeld.kind, ifNot.kind) {
            case (.allowed, .allowed), (.denied, .denied): return ifNot
            case (.allowed, _), (.denied, _), (.indeterminate, _), (.notGoverned, _):
                return EndDecision(.indeterminate(attribute), by: .rule(claim.id, tier: tier, layer: "bulkhead"))
            }
        }
    }

    /// What a written rule claims; nil where it is not in force, or not asked about a workload's traffic with itself.
    private func claim(
        _ id: RuleID, _ match: TrafficMatch, during validity: Validity = .always, isDenial: Bool, _ seat: Seat
    ) -> Claim? {
        let namesProcess = match.fromAttributes.processes != nil || match.toAttributes.processes != nil
        if seat.isSelfTraffic, !namesProcess { return nil }
        guard validity.contains(seat.instant) else { return nil }
        return Claim(id: id, holds: covers(match, isDenial: isDenial, seat))
    }

    // MARK: Does a written rule cover the flow

    private func covers(_ match: TrafficMatch, isDenial: Bool, _ seat: Seat) -> Truth {
        let (near, far) = seat.isSource ? (match.from, match.to) : (match.to, match.from)
        let (own, other) =
            seat.isSource ? (match.fromAttributes, match.toAttributes) : (match.toAttributes, match.fromAttributes)
        let (flow, sets) = (seat.flow, policy.addressSets)
        // A denial is enough for one owner of the far address, a concession must hold for all of them.
        let together = isDenial ? Truth.any : Truth.all
        let peers = seat.peers.map { peer in
            let destination = seat.isSource ? peer : seat.subject
            return Truth.all([
                Truth(far.holds(peer, seat.there.address, sets)),
                .all(match.relations.map { $0.holds(seat.subject, peer, flow) }),
                .any(match.services.map { $0.covers(flow, named: destination?.namedPorts ?? [:]) }),
            ])
        }
        return .all([
            Truth(near.holds(seat.subject, seat.here.address, sets)),
            together(peers),
            own.holds(
                of: seat.here, process: seat.isSource ? .sourceProcess : .destinationProcess,
                principal: seat.isSource ? .sourcePrincipal : .destinationPrincipal),
            Truth(farEnd(asked: other, match, isDenial: isDenial, seat)),
            .all(match.conditions.map { $0.holds(flow.conditions, ifUnknown: isDenial) }),
        ])
    }

    /// What is asked of the far end's process and principal is the far end's to enforce, if it can.
    private func farEnd(asked: AttributeMatch, _ match: TrafficMatch, isDenial: Bool, _ seat: Seat) -> Bool {
        if asked == .none { return true }
        let isEnforcedThere = seat.peers.allSatisfy { peer in
            guard let peer, peer.enforcesAttributes else { return false }
            return enforcedMode(of: peer, at: seat.there.address, seat.view) != nil
        }
        return isDenial ? !isEnforcedThere : isEnforcedThere || match.widensFarEnd
    }
}
