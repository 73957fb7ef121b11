import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel

/// Judges edges under one policy, by its table where the policy has few enough classes.
struct EdgeJudge {
    private let engine: PolicyEngine
    private let instant: Instant
    private var table: DecisionTable?

    init(_ engine: PolicyEngine, at instant: Instant) {
        self.engine = engine
        self.instant = instant
        table = DecisionTable(engine, at: instant)
    }

    mutating func decide(_ flow: Flow) -> Decision {
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
