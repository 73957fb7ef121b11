public import NetworkTypes
public import PolicyModel

/// One end of a flow as the engine sees it.
struct EngineEnd {
    /// The owners by identifier; none for an unmanaged address.
    let owners: [WorkloadDirectory.Owner]
    /// The owners' identities, or the one of the unmanaged address.
    let identities: [UInt32]
}

extension PolicyEngine {
    /// Judges one flow at an instant, under both views, with what decided at each end.
    public func decide(_ flow: Flow, at instant: Instant) -> Decision {
        let source = end(flow.source.address)
        let destination = end(flow.destination.address)
        return Decision(
            policy: verdict(flow, source, destination, instant, .policy),
            effective: verdict(flow, source, destination, instant, .effective))
    }

    func end(_ address: IPAddress) -> EngineEnd {
        let owners = directory.owners(of: address)
        if owners.isEmpty {
            return EngineEnd(owners: [], identities: [unmanaged[Int(vocabulary.space.signature(of: address))]])
        }
        return EngineEnd(owners: owners, identities: owners.map(\.identity))
    }

    func isSelf(_ source: EngineEnd, _ destination: EngineEnd) -> Bool {
        source.owners.count == 1 && destination.owners.count == 1
            && source.owners[0].workload == destination.owners[0].workload
    }

    func verdict(
        _ flow: Flow, _ source: EngineEnd, _ destination: EngineEnd, _ instant: Instant, _ view: VerdictView
    ) -> Verdict {
        let isSelf = isSelf(source, destination)
        func judged(_ port: UInt16) -> Verdict {
            let packet = Packet(
                proto: flow.proto, sourcePort: port, destinationPort: flow.destinationPort, icmp: flow.icmp)
            func side(_ subject: EngineEnd, _ peer: EngineEnd, _ direction: Direction) -> EndDecision {
                let questions = subject.identities.map {
                    Question(
                        flow: flow, packet: packet, instant: instant, view: view,
                        subjectIsSource: direction == .egress, direction: direction, subject: $0,
                        peers: peer.identities, isSelf: isSelf)
                }
                return Self.worst(questions.map(judge))
            }
            let egress = side(source, destination, .egress)
            let ingress = side(destination, source, .ingress)
            return Verdict(outcome: Self.outcome(egress, ingress), source: egress, destination: ingress)
        }
        guard flow.proto.hasPorts else { return judged(0) }
        if let port = flow.sourcePort { return judged(port) }
        return Self.ranged(over: sourcePortParts, judged)
    }

    /// What an end with several owners says: the first that denies, else is undecided, else allows.
    private static func worst(_ decisions: [EndDecision]) -> EndDecision {
        if decisions.count == 1 { return decisions[0] }
        func isUndecided(_ decision: EndDecision) -> Bool {
            if case .indeterminate = decision.kind { return true }
            return false
        }
        return decisions.first { $0.kind == .denied } ?? decisions.first(where: isUndecided)
            ?? decisions.first { $0.kind == .allowed } ?? .notGoverned
    }

    private static func outcome(_ source: EndDecision, _ destination: EndDecision) -> Outcome {
        if source.kind == .denied || destination.kind == .denied { return .denied }
        if case .indeterminate(let attribute) = source.kind { return .indeterminate(attribute) }
        if case .indeterminate(let attribute) = destination.kind { return .indeterminate(attribute) }
        return .allowed
    }

    /// The verdict for a source port that was not recorded (semantics §5).
    private static func ranged(over parts: [ClosedRange<UInt16>], _ judged: (UInt16) -> Verdict) -> Verdict {
        var first: Verdict?
        var denied: Verdict?
        var ports: [ClosedRange<UInt16>] = []
        var anyAllowed = false
        var undecided: Outcome?
        for part in parts {
            let verdict = judged(part.lowerBound)
            switch verdict.outcome {
            case .indeterminate: if undecided == nil { undecided = verdict.outcome }
            case .denied, .partly:
                if denied == nil { denied = verdict }
                ports.append(part)
            case .allowed: anyAllowed = true
            }
            if first == nil { first = verdict }
        }
        guard var result = denied ?? first else { return judged(Flow.unrecordedSourcePorts.lowerBound) }
        if let undecided {
            result.outcome = undecided
        } else if denied != nil, anyAllowed {
            result.outcome = .partly(denied: PortSet(ports))
        }
        return result
    }

    /// The parts of 1024–65535 inside which every source port is judged alike.
    var sourcePortParts: [ClosedRange<UInt16>] {
        let whole = Flow.unrecordedSourcePorts
        var cuts: Set<UInt16> = Set(portCuts.source.keys)
        if layers.contains(where: { !$0.source.isStateful }) {
            cuts.formUnion(portCuts.destination.keys)
            for table in vocabulary.portTableList {
                for list in table.values {
                    for port in list {
                        cuts.insert(port.port)
                        if port.port < .max { cuts.insert(port.port + 1) }
                    }
                }
            }
        }
        let starts = [whole.lowerBound] + cuts.filter { $0 > whole.lowerBound }.sorted()
        return starts.indices.map { starts[$0]...($0 + 1 < starts.count ? starts[$0 + 1] - 1 : whole.upperBound) }
    }
}

/// Where the ports that rules name begin and end, counted by rule.
struct PortCuts: Sendable {
    var source: [UInt16: Int] = [:]
    var destination: [UInt16: Int] = [:]

    init(_ rules: [CompiledRule?]) {
        // Counted in tables of all ports first; most rules name one port, and few ports are named.
        var counts = [Int](repeating: 0, count: 65_536 * 2)
        for position in rules.indices {
            guard let services = rules[position]?.source.services else { continue }
            for case .ports(_, let destinations, let sources) in services {
                if !sources.isAll {
                    for cut in Self.edges(sources) { counts[65_536 + Int(cut)] += 1 }
                }
                for interval in destinations.intervals {
                    counts[Int(interval.lowerBound)] += 1
                    counts[Int(interval.upperBound &+ 1)] += 1
                }
            }
        }
        for cut in UInt16.min...UInt16.max {
            if counts[Int(cut)] > 0 { destination[cut] = counts[Int(cut)] }
            if counts[65_536 + Int(cut)] > 0 { source[cut] = counts[65_536 + Int(cut)] }
        }
    }

    mutating func change(_ services: [ServiceTerm], by amount: Int) {
        for case .ports(_, let destinations, let sources) in services {
            if !sources.isAll { Self.change(&source, sources, amount) }
            Self.change(&destination, destinations, amount)
        }
    }

    private static func change(_ cuts: inout [UInt16: Int], _ ports: PortSet, _ amount: Int) {
        for cut in edges(ports) {
            let count = (cuts[cut] ?? 0) + amount
            cuts[cut] = count == 0 ? nil : count
        }
    }

    /// Where the intervals begin, and where the ports behind them do.
    private static func edges(_ ports: PortSet) -> [UInt16] {
        ports.intervals.flatMap { [$0.lowerBound, $0.upperBound &+ 1] }
    }
}
