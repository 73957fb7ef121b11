internal import NetworkTypes
package import PolicyModel

/// What a packet of a flow carries; the reply of a stateless layer is one too.
struct Packet {
    var proto: IPProtocol
    var sourcePort: UInt16
    var destinationPort: UInt16
    var icmp: ICMPMessage?

    /// The packet that answers this one: ports swapped, echo and echo reply swapped (RFC 792, RFC 4443 §4).
    var reply: Packet {
        var packet = self
        (packet.sourcePort, packet.destinationPort) = (destinationPort, sourcePort)
        switch (proto, icmp?.type) {
        case (.icmp, 8): packet.icmp?.type = 0
        case (.icmp, 0): packet.icmp?.type = 8
        case (.icmpv6, 128): packet.icmp?.type = 129
        case (.icmpv6, 129): packet.icmp?.type = 128
        default: break
        }
        return packet
    }
}

/// One end's judgement of one packet: who is the subject, who the peer, and what is known.
struct Question {
    let flow: Flow
    let packet: Packet
    let instant: Instant
    let view: VerdictView
    /// Whether the subject is the source of the *flow*, which the names of attributes follow.
    let subjectIsSource: Bool
    /// The direction of the *packet*, seen from the subject.
    let direction: Direction
    let subject: UInt32
    /// The identities of the peer's owners, or the one of its unmanaged address.
    let peers: [UInt32]
    let isSelf: Bool

    var subjectEnd: FlowEnd { subjectIsSource ? flow.source : flow.destination }
    var processAttribute: FlowAttribute { subjectIsSource ? .sourceProcess : .destinationProcess }
    var principalAttribute: FlowAttribute { subjectIsSource ? .sourcePrincipal : .destinationPrincipal }

    /// The same question under another view.
    func seen(in view: VerdictView) -> Question {
        Question(
            flow: flow, packet: packet, instant: instant, view: view, subjectIsSource: subjectIsSource,
            direction: direction, subject: subject, peers: peers, isSelf: isSelf)
    }

    /// The same subject and peer, asked about the packet that comes back.
    var reply: Question {
        Question(
            flow: flow, packet: packet.reply, instant: instant, view: view, subjectIsSource: subjectIsSource,
            direction: direction.opposite, subject: subject, peers: peers, isSelf: isSelf)
    }
}

extension PolicyEngine {
    package func column(_ column: Int, _ identity: UInt32) -> UInt32 { identities.column(column, of: identity) }

    /// Whether an expression holds for an identity.
    package func holds(_ expression: Int, _ identity: UInt32) -> Bool {
        identities.columns.withUnsafeBufferPointer {
            guard let base = $0.baseAddress else { return false }
            return expressions[expression].compiled.matches(
                base + Int(identity) * identities.width, vocabulary.space.members)
        }
    }

    /// Whether the rule matches, apart from its direction, which the caller has chosen by.
    func matches(_ rule: CompiledRule, _ question: Question) -> Answer {
        let source = rule.source
        guard source.validity.contains(question.instant) else { return .no }
        let isDeny = source.action.order == 0
        var answer = isDeny ? Answer.no : .yes
        for peer in question.peers {
            let one = reaches(rule, question, peer)
            answer = isDeny ? answer.or(one) : answer.and(one)
        }
        if answer == .no { return .no }
        for condition in source.conditions {
            let holds = question.flow.conditions[condition.name].map { $0 == condition.expected } ?? isDeny
            if !holds { return .no }
        }
        if source.peerAttributes != .none, !farEndFits(rule, question, isDeny) { return .no }
        if source.subjectAttributes != .none { answer = answer.and(ownEndFits(source.subjectAttributes, question)) }
        if source.certainty != .exact { answer = answer.and(.unknown(.ruleMeaning)) }
        return answer
    }

    /// Peer, relations and services, for one owner of the peer.
    private func reaches(_ rule: CompiledRule, _ question: Question, _ peer: UInt32) -> Answer {
        guard holds(rule.peer, peer) else { return .no }
        let destination = question.direction == .egress ? peer : question.subject
        var answer = covers(rule.source.services, question.packet, destination)
        for relation in rule.relations where answer != .no {
            answer = answer.and(holds(relation, question, peer))
        }
        return answer
    }

    /// Whether a relation holds between the subject and one owner of the peer.
    func holds(_ relation: CompiledRule.ColumnRelation, _ question: Question, _ peer: UInt32) -> Answer {
        switch relation {
        case .same, .different: return Answer(holdsByLabels(relation, question.subject, peer))
        case .samePrincipal:
            switch (question.flow.source.principal, question.flow.destination.principal) {
            case (.absent, _), (_, .absent): return .no
            case (.unknown, _): return .unknown(.sourcePrincipal)
            case (_, .unknown): return .unknown(.destinationPrincipal)
            case (.known(let a), .known(let b)): return Answer(a.name == b.name)
            }
        }
    }

    /// Whether one of the terms covers the packet on its way to `destination`.
    func covers(_ terms: [ServiceTerm], _ packet: Packet, _ destination: UInt32) -> Answer {
        var answer = Answer.no
        for term in terms {
            switch term {
            case .any: return .yes
            case .proto(let proto):
                if proto == packet.proto { return .yes }
            case .ports(let proto, destination: let ports, source: let sources):
                if proto == packet.proto, proto.hasPorts, ports.contains(packet.destinationPort),
                    sources.contains(packet.sourcePort)
                {
                    return .yes
                }
            case .icmp(let proto, let type, let code):
                guard proto == packet.proto, proto.isICMP else { continue }
                guard let message = packet.icmp else {
                    answer = .unknown(.icmpType)
                    continue
                }
                if message.type == type, code == nil || code == message.code { return .yes }
            case .named(let name):
                let table = vocabulary.portTableList[Int(column(Vocabulary.Column.ports, destination))]
                if packet.proto.hasPorts,
                    table[name]?.contains(ProtocolPort(packet.proto, packet.destinationPort)) ?? false
                {
                    return .yes
                }
            }
        }
        return answer
    }

    private func ownEndFits(_ match: AttributeMatch, _ question: Question) -> Answer {
        var answer = Answer.yes
        if let wanted = match.processes {
            switch question.subjectEnd.process {
            case .unknown: answer = .unknown(question.processAttribute)
            case .absent: return .no
            case .known(let process): if !wanted.contains(process) { return .no }
            }
        }
        if let wanted = match.principals {
            switch question.subjectEnd.principal {
            case .unknown: answer = answer.and(.unknown(question.principalAttribute))
            case .absent: return .no
            case .known(let principal):
                if !wanted.contains(principal.name), wanted.isDisjoint(with: principal.groups) { return .no }
            }
        }
        return answer
    }

    /// The far end's part is enforced there or not at all: then an allow shrinks, unless widened, and a deny grows.
    private func farEndFits(_ rule: CompiledRule, _ question: Question, _ isDeny: Bool) -> Bool {
        let enforced = question.peers.allSatisfy { peer in
            column(Vocabulary.Column.owned, peer) == 1
                && AgentColumn.enforcesAttributes(column(Vocabulary.Column.agent, peer))
                && mode(of: peer, layers[rule.layer], question.view)?.enforces ?? false
        }
        if isDeny { return !enforced }
        return enforced || rule.source.widensPeer
    }

    /// The mode in which an agent enforces a layer at an identity in this view; nil without an agent.
    package func mode(of identity: UInt32, _ layer: CompiledLayer, _ view: VerdictView) -> EnforcementMode? {
        guard column(Vocabulary.Column.owned, identity) == 1 else { return nil }
        switch view {
        case .policy: return .full
        case .effective:
            let own = AgentColumn.mode(column(Vocabulary.Column.agent, identity))
            return own != nil && holds(layer.fullFor, identity) ? .full : own
        }
    }
}
