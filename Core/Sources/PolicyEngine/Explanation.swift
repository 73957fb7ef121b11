public import NetworkTypes
public import PolicyModel

/// Why a flow is judged as it is: end by end, owner by owner, layer by layer, with the rules that lost.
public struct Explanation: Hashable, Sendable {
    /// The decision that is explained.
    public var decision: Decision
    /// What the source's owners say; one entry for each, or one without a workload.
    public var source: [SubjectExplanation]
    /// What the destination's owners say.
    public var destination: [SubjectExplanation]
    /// Whether both addresses are one workload's, so that only rules which name a process are asked.
    public var isSelfTraffic: Bool
}

/// What one owner of an end's address says.
public struct SubjectExplanation: Hashable, Sendable {
    /// The owner; nil for an unmanaged address.
    public var workload: WorkloadID?
    /// The layers that apply under the policy view, in order.
    public var layers: [LayerExplanation]
}

/// What one layer says at one end.
public struct LayerExplanation: Hashable, Sendable {
    /// The layer.
    public var layer: LayerID
    /// Whether it is enforced now, and in which mode; nil where it is evaluated only for the policy verdict.
    public var enforcedMode: EnforcementMode?
    /// What it says under the policy view.
    public var decision: EndDecision
    /// The rules that cover the flow, or may cover it, in the order in which they are asked.
    public var candidates: [Candidate]

    /// A rule that had something to say.
    public struct Candidate: Hashable, Sendable {
        /// What became of it.
        public enum Role: Hashable, Sendable {
            /// It decided.
            case decides
            /// It handed the flow on to a later tier.
            case passes
            /// It would have decided, but one before it did; or a pass skipped it.
            case shadowed
            /// It depends on an attribute that the flow record lacks.
            case undecided(FlowAttribute)
        }

        /// The rule.
        public var rule: RuleID
        /// Its tier.
        public var tier: TierID
        /// What it would do.
        public var action: RuleAction
        /// What became of it.
        public var role: Role
    }
}

extension PolicyEngine {
    /// Explains one flow.
    ///
    /// Nothing of this is computed by `decide`.
    ///
    /// Where the source port was not recorded, the candidates are those of the lowest port that gives the reported ends.
    public func explain(_ flow: Flow, at instant: Instant) -> Explanation {
        let source = end(flow.source.address)
        let destination = end(flow.destination.address)
        let decision = decide(flow, at: instant)
        var port = flow.sourcePort ?? Flow.unrecordedSourcePorts.lowerBound
        if flow.sourcePort == nil, flow.proto.hasPorts {
            let reporting = sourcePortParts.first { part in
                var recorded = flow
                recorded.sourcePort = part.lowerBound
                let verdict = verdict(recorded, source, destination, instant, .policy)
                return verdict.source == decision.policy.source && verdict.destination == decision.policy.destination
            }
            port = reporting?.lowerBound ?? port
        }
        let packet = Packet(
            proto: flow.proto, sourcePort: flow.proto.hasPorts ? port : 0, destinationPort: flow.destinationPort,
            icmp: flow.icmp)
        let isSelf = isSelf(source, destination)
        func side(_ subject: EngineEnd, _ peer: EngineEnd, _ direction: Direction) -> [SubjectExplanation] {
            subject.identities.enumerated().map { number, identity in
                let question = Question(
                    flow: flow, packet: packet, instant: instant, view: .policy, subjectIsSource: direction == .egress,
                    direction: direction, subject: identity, peers: peer.identities, isSelf: isSelf)
                let owner = subject.owners.indices.contains(number) ? subject.owners[number].workload : nil
                return SubjectExplanation(
                    workload: owner.flatMap { directory.workload($0)?.id },
                    layers: layers.indices.compactMap { explain(question, layer: $0) })
            }
        }
        return Explanation(
            decision: decision, source: side(source, destination, .egress),
            destination: side(destination, source, .ingress), isSelfTraffic: isSelf)
    }

    private func explain(_ question: Question, layer number: Int) -> LayerExplanation? {
        guard let decision = judge(question, layer: number) else { return nil }
        let layer = layers[number]
        let walk = LayerWalk(layer, question, mode: .full, rules: [])
        var candidates: [LayerExplanation.Candidate] = []
        var isOpen = true
        var tier = 0
        for place in identityRules[Int(question.subject)][question.direction] {
            guard let rule = rules[Int(place)], rule.layer == number, !question.isSelf || rule.source.namesProcess
            else { continue }
            let answer = matches(rule, question)
            if answer == .no { continue }
            while isOpen, tier < rule.tier {
                // A default of an earlier tier ends the layer before this rule is asked.
                if walk.noMatch(self, tier) != nil { isOpen = false } else { tier += 1 }
            }
            let isAsked = isOpen && rule.tier == tier
            var role = LayerExplanation.Candidate.Role.shadowed
            if case .unknown(let attribute) = answer {
                if isAsked { role = .undecided(attribute) }
            } else if isAsked {
                switch rule.source.action {
                case .allow, .deny:
                    role = .decides
                    isOpen = false
                case .pass:
                    role = .passes
                    tier = rule.passTo
                }
            }
            // A rule before it that depends on something unknown, or the reply of a stateless layer, may have decided.
            if role == .decides, decision.decider != walk.decider(rule) { role = .shadowed }
            candidates.append(
                LayerExplanation.Candidate(
                    rule: rule.source.id, tier: layer.tiers[rule.tier].source.id, action: rule.source.action, role: role
                ))
        }
        return LayerExplanation(
            layer: layer.source.id, enforcedMode: enforcement(question.seen(in: .effective), layer: number),
            decision: decision, candidates: candidates)
    }
}
