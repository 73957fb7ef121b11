internal import NetworkTypes
internal import PolicyModel

extension DecisionTable {
    /// Makes the row of a pair of classes.
    mutating func fill(_ source: UInt16, _ destination: UInt16) {
        let pair = Int(source) * classCount + Int(destination)
        guard let from = classes.representatives[Int(source)], let to = classes.representatives[Int(destination)],
            !(classes.isMultiHomed[Int(source)] && classes.isMultiHomed[Int(destination)]),
            engine.layers.allSatisfy(\.source.isStateful)
        else {
            pairs[pair] = askRow()
            return
        }
        let ends = [(Direction.egress, from, to), (.ingress, to, from)].map { direction, subject, peer in
            RowEnd(engine, direction, subject: subject, peer: peer, instant)
        }
        let key = ends.flatMap(\.key) + [engine.column(Vocabulary.Column.ports, to)]
        if let known = knownRows[key] {
            pairs[pair] = known
            return
        }
        let made = makeRow(ends)
        knownRows[key] = made
        pairs[pair] = made
    }

    private mutating func askRow() -> UInt32 {
        if let known = knownRows[[]] { return known }
        let made = UInt32(rows.count)
        rows.append(contentsOf: repeatElement(0, count: atomCount))
        knownRows[[]] = made
        return made
    }

    private mutating func makeRow(_ ends: [RowEnd]) -> UInt32 {
        var touched = [Bool](repeating: false, count: atomCount)
        var asks = [Bool](repeating: false, count: atomCount)
        for end in ends {
            for rule in end.rules {
                guard let list = atoms.lists[rule.source.services] else { continue }
                for atom in atoms.covered[list] {
                    touched[Int(atom)] = true
                    if rule.needsFlow { asks[Int(atom)] = true }
                }
            }
        }
        var row = [UInt32](repeating: 0, count: atomCount)
        var untouched: UInt32?
        for atom in row.indices {
            guard let packet = atoms.representatives[atom], !asks[atom] else { continue }
            if !touched[atom], let known = untouched {
                row[atom] = known
                continue
            }
            let key = key(of: judge(ends, packet))
            row[atom] = key
            if !touched[atom] { untouched = key }
        }
        let made = UInt32(rows.count)
        rows += row
        return made
    }

    private func judge(_ ends: [RowEnd], _ packet: Packet) -> Decision {
        func verdict(_ view: View) -> Verdict {
            let decisions = ends.map { $0.judge(engine, packet, view, instant) }
            let denied = decisions.contains { $0.kind == .denied }
            return Verdict(outcome: denied ? .denied : .allowed, source: decisions[0], destination: decisions[1])
        }
        return Decision(policy: verdict(.policy), effective: verdict(.effective))
    }
}

/// One end of a pair of classes: the rules that may match there, and how its layers are enforced.
struct RowEnd {
    let direction: Direction
    let subject: UInt32
    let peer: UInt32
    /// The subject's rules that the peer and the relations do not rule out, in order of precedence.
    let rules: [CompiledRule]
    /// Everything that the end's answers depend on besides the packet.
    let key: [UInt32]
    private let modes: [[EnforcementMode?]]

    init(_ engine: PolicyEngine, _ direction: Direction, subject: UInt32, peer: UInt32, _ instant: Instant) {
        self.direction = direction
        self.subject = subject
        self.peer = peer
        var rules: [CompiledRule] = []
        var key: [UInt32] = []
        for number in engine.identityRules[Int(subject)][direction] {
            guard let rule = engine.rules[Int(number)], rule.source.validity.contains(instant),
                engine.holds(rule.peer, peer),
                rule.relations.allSatisfy({ engine.holdsByLabels($0, subject, peer) })
            else { continue }
            rules.append(rule)
            key.append(number)
        }
        self.rules = rules
        key.append(.max)
        let probe = Self.question(
            Packet(proto: .tcp, sourcePort: 1024, destinationPort: 0, icmp: nil), .policy, instant, direction, subject,
            peer)
        let modes = View.allCases.map { view in
            engine.layers.indices.map { engine.enforcement(probe.seen(in: view), layer: $0) }
        }
        self.modes = modes
        for mode in modes.joined() { key.append(UInt32(mode?.strength ?? 9)) }
        for layer in engine.layers {
            for selection in layer.tiers.compactMap(\.selections).joined() where selection.direction == direction {
                key.append(engine.holds(selection.subject, subject) ? 1 : 0)
            }
        }
        self.key = key
    }

    /// What the end says to a packet; the same walk as for a single flow.
    func judge(_ engine: PolicyEngine, _ packet: Packet, _ view: View, _ instant: Instant) -> EndDecision {
        let question = Self.question(packet, view, instant, direction, subject, peer)
        let modes = self.modes[view == .policy ? 0 : 1]
        var allowed: EndDecision?
        for (layer, mode) in modes.enumerated() {
            guard let mode else { continue }
            var walk = LayerWalk(
                engine: engine, question: question, layer: layer, mode: mode, rules: rules.filter { $0.layer == layer })
            let decision = walk.decide()
            if decision.kind == .denied { return decision }
            if allowed == nil { allowed = decision }
        }
        return allowed ?? .notGoverned
    }

    private static func question(
        _ packet: Packet, _ view: View, _ instant: Instant, _ direction: Direction, _ subject: UInt32, _ peer: UInt32
    ) -> Question {
        let nowhere = FlowEnd(IPAddress(ipv4: 0))
        let flow = Flow(
            source: nowhere, destination: nowhere, proto: packet.proto, sourcePort: packet.sourcePort,
            destinationPort: packet.destinationPort, icmp: packet.icmp)
        return Question(
            flow: flow, packet: packet, instant: instant, view: view, subjectIsSource: direction == .egress,
            direction: direction, subject: subject, peers: [peer], isSelf: false)
    }
}
