import NetworkTypes
import PacketFilter
import PolicyEngine
import PolicyModel
import Testing

/// A workload's program with a name; its rendered text lies beside the tests.
struct GoldenCase: CustomTestStringConvertible {
    let name: String
    let program: WorkloadProgram
    var generation: UInt64 = 1

    var testDescription: String { name }

    func rendered() throws -> RenderedRuleset {
        try PacketFilter.render(
            program, options: RenderOptions(instant: .golden, generation: generation))
    }
}

extension Instant {
    /// 2026-01-01T00:00:00Z.
    static let golden = Instant(rawValue: 1_767_225_600_000_000_000)
}

/// The three-tier application of the golden texts.
enum GoldenWorld {
    static let documentation = Documentation(owner: "tests", reason: "golden text")

    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    static func workloads(_ mode: EnforcementMode?) throws -> [Workload] {
        let app = try #require(LabelKey("app"))
        return try [("web", 1), ("app", 2), ("db", 3)].map { name, number in
            Workload(
                id: WorkloadID(rawValue: name), labels: [app: try #require(LabelValue(name))],
                addresses: [try address("10.0.0.\(number)"), try address("2001:db8::\(number)")], mode: mode)
        }
    }

    static func selector(_ name: String) throws -> EndExpression {
        .selector(.equals(try #require(LabelKey("app")), try #require(LabelValue(name))))
    }

    static func rule(
        _ id: String, _ action: Rule.Action = .allow, from: EndExpression, to: EndExpression,
        _ services: [ServiceTerm], anywhere: Bool = false, until: Instant? = nil
    ) -> Rule {
        Rule(
            id: RuleID(rawValue: id), action: action, match: TrafficMatch(from: from, to: to, services: services),
            anywhere: anywhere, validity: Validity(until: until), documentation: documentation)
    }

    static func policy() throws -> Policy {
        let (web, app, db) = (try selector("web"), try selector("app"), try selector("db"))
        let office = AddressSet([try #require(Prefix("198.51.100.0/24")), try #require(Prefix("2001:db8:ff::/48"))])
        let rules = [
            rule("shop/web-in", from: .any, to: web, [.ports(.tcp, destination: PortSet(443))], anywhere: true),
            rule("shop/web-app", from: web, to: app, [.ports(.tcp, destination: PortSet(8080...8089))]),
            rule("shop/app-db", from: app, to: db, [.ports(.tcp, destination: PortSet(5432))]),
            rule(
                "shop/ping", from: .anyWorkload, to: .anyWorkload,
                [.icmp(.icmp, type: 8, code: 0), .icmp(.icmpv6, type: 128, code: nil)]),
            rule(
                "shop/office-ssh", from: .addressSet("office"), to: .anyWorkload,
                [.ports(.tcp, destination: PortSet(22), source: PortSet(1024...65535))], anywhere: true,
                until: Instant(rawValue: Instant.golden.rawValue + 86_400_000_000_000)),
            rule(
                "shop/no-snmp", .deny(.reject), from: .any, to: .anyWorkload, [.ports(.udp, destination: PortSet(161))]),
        ]
        let guardrail = Guardrail(
            id: "web-not-to-db", match: TrafficMatch(from: web, to: db, services: [.any]),
            exceptions: [
                PolicyException(
                    id: "web-not-to-db/metrics",
                    match: TrafficMatch(from: web, to: db, services: [.ports(.tcp, destination: PortSet(9100))]),
                    validity: .always, documentation: documentation)
            ], documentation: documentation)
        return Policy(
            addressSets: ["office": office], guardrails: [guardrail],
            rulesets: [Ruleset(id: "shop", scopes: [.all], rules: rules)])
    }

    static func program(
        _ id: WorkloadID, _ mode: EnforcementMode?, change: (inout Policy) throws -> Void = { _ in }
    ) throws -> WorkloadProgram {
        var policy = try policy()
        try change(&policy)
        let engine = PolicyEngine(workloads: try workloads(mode), policy: policy.lowered())
        var builder = ProgramBuilder(engine)
        let program = builder.program(for: id)
        return try #require(program)
    }

    static func cases() throws -> [GoldenCase] {
        var watched = try program("db", .full)
        watched.mode = .visibility
        let quarantined = try program("app", .selective) { policy in
            policy.quarantines = [
                Quarantine(
                    id: "incident-7", members: .workload("app"),
                    exceptions: [
                        PolicyException(
                            id: "incident-7/forensics",
                            match: TrafficMatch(
                                from: .addressSet("office"), to: .any,
                                services: [.ports(.tcp, destination: PortSet(22))]),
                            documentation: documentation)
                    ], documentation: documentation)
            ]
        }
        return [
            GoldenCase(name: "full-db", program: try program("db", .full)),
            GoldenCase(name: "full-app", program: try program("app", .full)),
            GoldenCase(name: "selective-web", program: try program("web", .selective), generation: 7),
            GoldenCase(name: "visibility-db", program: watched),
            GoldenCase(name: "quarantined-app", program: quarantined),
            GoldenCase(name: "idle-web", program: try program("web", .idle)),
        ]
    }
}
