internal import NetworkTypes
internal import PolicyModel

extension DecisionTable {
    /// Makes the row of a pair of classes.
    mutating func fill(_ source: UInt16, _ destination: UInt16) {
        guard let from = classes.representatives[Int(source)], let to = classes.representatives[Int(destination)],
            !(classes.isMultiHomed[Int(source)] && classes.isMultiHomed[Int(destination)]), isStateful
        else {
            set(source, destination, askRow())
            return
        }
        var key = scratch
        scratch = []
        key.removeAll(keepingCapacity: true)
        pairKeys.appendRules(to: &key, engine, .egress, subject: source, peer: destination)
        let egress = 0..<key.count
        pairKeys.appendState(to: &key, engine, .egress, subject: source, peer: destination)
        let middle = key.count
        pairKeys.appendRules(to: &key, engine, .ingress, subject: destination, peer: source)
        let ingress = middle..<key.count
        pairKeys.appendState(to: &key, engine, .ingress, subject: destination, peer: source)
        key.append(engine.column(Vocabulary.Column.ports, to))
        let (number, isNew) = rowKeys.number(of: key)
        if isNew {
            rowOfKey.append(
                makeRow([
                    RowEnd(engine, .egress, subject: from, peer: to, rules: key[egress], instant),
                    RowEnd(engine, .ingress, subject: to, peer: from, rules: key[ingress], instant),
                ]))
        }
        set(source, destination, rowOfKey[number])
        scratch = key
    }

    private mutating func set(_ source: UInt16, _ destination: UInt16, _ row: UInt32) {
        pairs.set(source, destination, number: row, rows[Int(row)])
    }

    /// Makes the row of a workload's traffic with its own address, where only rules that name a process are asked.
    mutating func fillSelf(_ number: UInt16) {
        guard let identity = classes.representatives[Int(number)], isStateful else {
            selfs[Int(number)] = pairs.append(rows[Int(askRow())])
            return
        }
        guard engine.column(Vocabulary.Column.owned, identity) == 1 else {
            selfs[Int(number)] = pairs.append(pairs.rows[Int(row(number, number))])
            return
        }
        let ends = [Direction.egress, .ingress].map { direction in
            var rules: [UInt32] = []
            pairKeys.appendRules(to: &rules, engine, direction, subject: number, peer: number)
            rules.removeAll { engine.rules[Int($0)]?.source.namesProcess != true }
            return RowEnd(
                engine, direction, subject: identity, peer: identity, rules: rules[...], instant, isSelf: true)
        }
        let made = makeRow(ends)
        selfs[Int(number)] = pairs.append(rows[Int(made)])
    }

    mutating func askRow() -> UInt32 {
        if let askRowNumber { return askRowNumber }
        let made = append([UInt8](repeating: 0, count: atomCount), keys: [0])
        askRowNumber = made
        return made
    }

    /// Judges one packet for all atoms that the same rules cover.
    private mutating func makeRow(_ ends: [RowEnd]) -> UInt32 {
        var partition = atoms.partition
        var asks = [Bool](repeating: false, count: atomCount)
        asks[Int(ServiceAtoms.ask)] = true
        for end in ends {
            for rule in end.rules {
                let covered = atoms.covered(by: rule)
                partition.split(by: covered)
                if engine.rules[Int(rule)]?.needsFlow == true { for atom in covered { asks[Int(atom)] = true } }
            }
        }
        var row = [UInt8](repeating: 0, count: atomCount)
        var keys: [UInt32] = [0]
        var placeOfCell = [UInt8?](repeating: nil, count: partition.count)
        for atom in 0..<atomCount where !asks[atom] {
            let cell = Int(partition.cells[atom])
            if let known = placeOfCell[cell] {
                row[atom] = known
            } else if let packet = atoms.representatives[atom] {
                let key = key(of: judge(ends, UInt32(atom), packet))
                let place = keys.firstIndex(of: key) ?? keys.count
                if place == keys.count, place <= Int(UInt8.max) { keys.append(key) }
                // A pair with more answers than a byte can number asks for the rest.
                row[atom] = UInt8(exactly: place) ?? 0
                placeOfCell[cell] = row[atom]
            }
        }
        return append(row, keys: keys)
    }

    private func judge(_ ends: [RowEnd], _ atom: UInt32, _ packet: Packet) -> Decision {
        let asked = ends.map { end in
            end.rules.filter { atoms.covered(by: $0).containsSorted(atom) }.compactMap { engine.rules[Int($0)] }
        }
        func verdict(_ view: VerdictView) -> Verdict {
            let source = ends[0].judge(engine, asked[0], packet, view, instant)
            let destination = ends[1].judge(engine, asked[1], packet, view, instant)
            let denied = source.kind == .denied || destination.kind == .denied
            return Verdict(outcome: denied ? .denied : .allowed, source: source, destination: destination)
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
    let rules: ArraySlice<UInt32>
    private let isSelf: Bool
    private let modes: [[EnforcementMode?]]

    init(
        _ engine: PolicyEngine, _ direction: Direction, subject: UInt32, peer: UInt32, rules: ArraySlice<UInt32>,
        _ instant: Instant, isSelf: Bool = false
    ) {
        self.direction = direction
        self.subject = subject
        self.peer = peer
        self.rules = rules
        self.isSelf = isSelf
        let packet = Packet(proto: .tcp, sourcePort: 1024, destinationPort: 0, icmp: nil)
        let probe = Self.question(packet, .policy, instant, direction, subject, peer, isSelf)
        modes = VerdictView.allCases.map { view in
            engine.layers.indices.map { engine.enforcement(probe.seen(in: view), layer: $0) }
        }
    }

    /// What the end says to a packet when these rules are asked; the same walk as for a single flow.
    func judge(
        _ engine: PolicyEngine, _ asked: [CompiledRule], _ packet: Packet, _ view: VerdictView, _ instant: Instant
    ) -> EndDecision {
        let question = Self.question(packet, view, instant, direction, subject, peer, isSelf)
        let modes = self.modes[view == .policy ? 0 : 1]
        var allowed: EndDecision?
        for (layer, mode) in modes.enumerated() {
            guard let mode else { continue }
            var walk = LayerWalk(
                engine.layers[layer], question, mode: mode, rules: asked.filter { $0.layer == layer })
            let decision = walk.decide(engine)
            if decision.kind == .denied { return decision }
            if allowed == nil { allowed = decision }
        }
        return allowed ?? .notGoverned
    }

    private static func question(
        _ packet: Packet, _ view: VerdictView, _ instant: Instant, _ direction: Direction, _ subject: UInt32,
        _ peer: UInt32,
        _ isSelf: Bool
    ) -> Question {
        let nowhere = FlowEnd(IPAddress(ipv4: 0))
        let flow = Flow(
            source: nowhere, destination: nowhere, proto: packet.proto, sourcePort: packet.sourcePort,
            destinationPort: packet.destinationPort, icmp: packet.icmp)
        return Question(
            flow: flow, packet: packet, instant: instant, view: view, subjectIsSource: direction == .egress,
            direction: direction, subject: subject, peers: [peer], isSelf: isSelf)
    }
}

extension [UInt32] {
    /// Whether an ascending list contains a number.
    fileprivate func containsSorted(_ value: UInt32) -> Bool {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == value
    }
}
