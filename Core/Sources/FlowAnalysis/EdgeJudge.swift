import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel

/// Judges flows under one policy: the first by the engine, the many by a table where the policy has few enough classes.
struct EdgeJudge {
    /// How many flows are asked of the engine before the table, which costs about as much, is made.
    private static let patience = 1_000

    private let engine: PolicyEngine
    private let instant: Instant
    private var asked = 0
    private var table: DecisionTable?
    /// By the number of the decision.
    private var known: [Answers?] = []

    init(_ engine: PolicyEngine, at instant: Instant) {
        self.engine = engine
        self.instant = instant
    }

    /// What a decision says, without its reasons: many flows share few decisions.
    mutating func answers(_ flow: Flow) -> Answers {
        prepare()
        guard let key = table?.decide(flow) else { return Answers(engine.decide(flow, at: instant)) }
        if key.number < known.count, let known = known[key.number] { return known }
        guard let decision = table?.decision(key) else { return Answers(engine.decide(flow, at: instant)) }
        let answers = Answers(decision)
        while known.count <= key.number { known.append(nil) }
        known[key.number] = answers
        return answers
    }

    private mutating func prepare() {
        if asked < Self.patience {
            asked += 1
            if asked == Self.patience { table = DecisionTable(engine, at: instant) }
        }
    }

    mutating func decide(_ flow: Flow) -> Decision {
        prepare()
        // Decided in place: a copy of the table would be made anew at each row that it learns.
        guard let key = table?.decide(flow), let decision = table?.decision(key) else {
            return engine.decide(flow, at: instant)
        }
        return decision
    }
}

extension EdgeKey {
    /// The edge as a flow whose source port, processes, principals and conditions nobody recorded.
    var flow: Flow {
        var result = Flow(source: FlowEnd(source), destination: FlowEnd(destination), proto: proto)
        switch service {
        case .unspecified: break
        case .port(let port): result.destinationPort = port
        case .icmp(let message): result.icmp = message
        }
        return result
    }

    /// The flow if the other end was the initiator and this edge's initiator listened on `port`.
    ///
    /// Without a port it asks for the same service.
    func reversedFlow(port: UInt16?) -> Flow {
        var result = flow
        swap(&result.source, &result.destination)
        guard let port, proto.hasPorts else { return result }
        result.sourcePort = result.destinationPort
        result.destinationPort = port
        return result
    }
}
