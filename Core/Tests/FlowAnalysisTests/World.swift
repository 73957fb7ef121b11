import FlowAnalysis
import Flows
import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// Short ways to write down workloads, policies and edges.
enum World {
    static let now = Instant(rawValue: 1_790_000_000_000_000_000)
    static let documentation = Documentation(owner: "tests", reason: "a case")

    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    static func workload(
        _ name: String, _ labels: String, _ addresses: [String], mode: EnforcementMode? = .full
    ) throws -> Workload {
        var parsed: Labels = [:]
        for pair in labels.split(separator: ",") {
            let parts = pair.split(separator: "=")
            let (key, value): (LabelKey, LabelValue) = (
                try #require(LabelKey(parts[0])), try #require(LabelValue(parts[1]))
            )
            parsed[key] = value
        }
        return Workload(
            id: WorkloadID(rawValue: name), labels: parsed, addresses: try addresses.map(address), mode: mode,
            enforcesAttributes: true)
    }

    static func select(_ text: String) throws -> EndExpression { .selector(try Selector(parsing: text)) }

    static func match(
        _ from: String, _ to: String, _ services: [ServiceTerm], fromProcess: String? = nil
    ) throws -> TrafficMatch {
        TrafficMatch(
            from: try select(from), to: try select(to), services: services,
            fromAttributes: AttributeMatch(processes: fromProcess.map { [ProcessName(rawValue: $0)] }))
    }

    static func tcp(_ ports: ClosedRange<UInt16>, from source: PortSet = .all) -> ServiceTerm {
        .ports(.tcp, destination: PortSet([ports]), source: source)
    }

    /// A policy that allows these and whose guardrails deny those.
    static func engine(
        _ workloads: [Workload], allow: [TrafficMatch] = [], guard denied: [TrafficMatch] = []
    ) throws -> PolicyEngine {
        let rules = allow.enumerated().map {
            Rule(id: RuleID(rawValue: "team/allow-\($0)"), match: $1, documentation: documentation)
        }
        let guardrails = denied.enumerated().map {
            Guardrail(id: RuleID(rawValue: "guard-\($0)"), match: $1, documentation: documentation)
        }
        let ruleset = Ruleset(id: "team", scopes: [try Selector(parsing: "all")], rules: rules)
        return PolicyEngine(
            workloads: workloads, policy: Policy(guardrails: guardrails, rulesets: [ruleset]).lowered())
    }

    static func edge(
        _ source: String, _ destination: String, _ proto: IPProtocol = .tcp, _ service: EdgeService = .port(443),
        connections: Int = 1, failed: Int = 0, bytes: UInt64? = nil, seconds: ClosedRange<Int64> = 0...1,
        direction: DirectionSource = .conntrack, initiatorPorts: [UInt16: Int] = [:]
    ) throws -> ObservedEdge {
        ObservedEdge(
            key: EdgeKey(
                source: try address(source), destination: try address(destination), proto: proto, service: service),
            connections: connections, failed: failed, bytes: bytes,
            firstSeen: Instant(rawValue: seconds.lowerBound * 1_000_000_000),
            lastSeen: Instant(rawValue: seconds.upperBound * 1_000_000_000), direction: direction,
            initiatorPorts: initiatorPorts)
    }

    static func keys(_ names: String...) throws -> [LabelKey] { try names.map { try #require(LabelKey($0)) } }
}
