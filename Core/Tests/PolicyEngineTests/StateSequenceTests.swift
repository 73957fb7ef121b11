import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// Worlds of one small shop, and paths through them.
@Suite struct StateSequenceTests {
    private static func label(_ key: String, is value: String) -> Selector {
        guard let key = LabelKey(key), let value = LabelValue(value) else { return .or([]) }
        return .equals(key, value)
    }

    private static let app = LabelKey("app")
    private static let env = LabelKey("env")

    private static func workload(
        _ id: WorkloadID, _ host: UInt32, app role: String? = nil, env stage: String = "prod",
        mode: EnforcementMode? = .full, http: UInt16? = nil
    ) -> Workload {
        var labels: Labels = [:]
        if let app { labels[app] = LabelValue(role ?? id.rawValue) }
        if let env { labels[env] = LabelValue(stage) }
        return Workload(
            id: id, labels: labels, addresses: [IPAddress(ipv4: 0x0A00_0000 + host)],
            namedPorts: http.map { ["http": [ProtocolPort(.tcp, $0)]] } ?? [:], mode: mode)
    }

    private static let documentation = Documentation(owner: "shop", reason: "a test")

    private static func rule(
        _ name: String, from: EndExpression, to: EndExpression, _ services: [ServiceTerm],
        _ action: Rule.Action = .allow, anywhere: Bool = false, relations: [Relation] = []
    ) -> Rule {
        Rule(
            id: RuleID(rawValue: "shop/\(name)"), action: action,
            match: TrafficMatch(from: from, to: to, relations: relations, services: services), anywhere: anywhere,
            documentation: documentation)
    }

    private static func tcp(_ port: UInt16) -> [ServiceTerm] { [.ports(.tcp, destination: PortSet(port))] }

    private static func shop(_ rules: [Rule]) -> [Ruleset] { [Ruleset(id: "shop", scopes: [.all], rules: rules)] }

    // MARK: The rules

    private static let webToApp = rule(
        "web-app", from: .selector(label("app", is: "web")), to: .selector(label("app", is: "app")), tcp(80))
    private static let appToDatabase = rule(
        "app-db", from: .selector(label("app", is: "app")), to: .selector(label("app", is: "db")), tcp(5432))
    private static let named = rule(
        "named", from: .selector(label("app", is: "web")), to: .selector(label("app", is: "app")), [.named("http")])
    private static let partners = rule(
        "partners", from: .addressSet("partners"), to: .selector(label("app", is: "web")), tcp(80), anywhere: true)
    private static let tiers = shop([webToApp, appToDatabase])

    private static func set(_ text: String...) -> [AddressSetID: AddressSet] {
        ["partners": AddressSet(text.compactMap { Prefix($0) })]
    }

    // MARK: The worlds

    private static let three = [workload("web", 1), workload("app", 2), workload("db", 3)]
    /// What passes between places that no workload of `three` has.
    private static let strangers =
        ["spare>guest:*", "guest>spare:*", "spare>outside:*", "outside>spare:*"]
        + ["guest>outside:*", "outside>guest:*"]

    static let silent = NamedState(name: "silent", workloads: three, policy: Policy(), passes: strangers)
    static let tiered = NamedState(
        name: "tiered", workloads: three, policy: Policy(rulesets: tiers),
        passes: strangers + ["web>app:80", "app>db:5432"])
    static let selective = NamedState(
        name: "selective", workloads: three.map { with($0) { $0.mode = .selective } },
        policy: Policy(
            rulesets: shop([
                webToApp,
                rule("no-db", from: .any, to: .selector(label("app", is: "db")), tcp(5432), .deny(.drop)),
            ])),
        passes: ["*>web:*", "*>app:*", "*>spare:*", "*>guest:*", "*>outside:*", "*>db:80", "*>db:8080"])
    static let watched = NamedState(
        name: "watched", workloads: three.map { with($0) { $0.mode = .visibility } }, policy: Policy(rulesets: tiers),
        passes: ["*>*:*"])
    static let quarantined = NamedState(
        name: "quarantined", workloads: three,
        policy: Policy(
            quarantines: [Quarantine(id: "q", members: .workload("db"), documentation: documentation)], rulesets: tiers),
        passes: strangers + ["web>app:80"])
    static let relabelled = NamedState(
        name: "relabelled", workloads: [workload("web", 1, app: "app"), workload("app", 2), workload("db", 3)],
        policy: Policy(rulesets: tiers), passes: strangers + ["app>db:5432", "web>db:5432"])
    static let moved = NamedState(
        name: "moved", workloads: [workload("web", 1), workload("app", 4), workload("db", 3)],
        policy: Policy(rulesets: tiers),
        passes: ["web>spare:80", "spare>db:5432", "app>guest:*", "guest>app:*", "app>outside:*", "outside>app:*"]
            + ["guest>outside:*", "outside>guest:*"])
    static let grown = NamedState(
        name: "grown", workloads: three + [workload("web-2", 4, app: "web"), workload("db-2", 5, app: "db")],
        policy: Policy(rulesets: tiers),
        passes: ["web>app:80", "spare>app:80", "app>db:5432", "app>guest:5432"])
    static let guarded = NamedState(
        name: "guarded", workloads: three + [workload("guest", 5, app: "app", env: "dev")],
        policy: Policy(
            guardrails: [
                Guardrail(
                    id: "stages",
                    match: TrafficMatch(
                        from: .anyWorkload, to: .anyWorkload, relations: [.different([env].compactMap(\.self))],
                        services: [.any]),
                    exceptions: [
                        PolicyException(
                            id: "stages/look",
                            match: TrafficMatch(from: .any, to: .workload("db"), services: tcp(5432)),
                            documentation: documentation)
                    ], documentation: documentation)
            ], rulesets: tiers),
        passes: ["spare>outside:*", "outside>spare:*", "web>app:80", "app>db:5432", "guest>db:5432"])
    static let partnered = NamedState(
        name: "partnered", workloads: three,
        policy: Policy(addressSets: set("192.0.2.0/24"), rulesets: shop([webToApp, partners])),
        passes: strangers + ["web>app:80", "outside>web:80"])
    static let otherPartners = NamedState(
        name: "other partners", workloads: three,
        policy: Policy(addressSets: set("10.0.0.4/32"), rulesets: shop([webToApp, partners])),
        passes: strangers + ["web>app:80", "spare>web:80"])
    static let http80 = NamedState(
        name: "http is 80", workloads: [workload("web", 1), workload("app", 2, http: 80), workload("db", 3)],
        policy: Policy(rulesets: shop([named])), passes: strangers + ["web>app:80"])
    static let http8080 = NamedState(
        name: "http is 8080",
        workloads: [workload("web", 1, http: 80), workload("app", 2, http: 8080), workload("db", 3)],
        policy: Policy(rulesets: shop([named])), passes: strangers + ["web>app:8080"])
    static let shared = NamedState(
        name: "shared", workloads: three + [workload("app-b", 2, app: "other")], policy: Policy(rulesets: tiers),
        passes: strangers)

    private static func with(_ workload: Workload, _ edit: (inout Workload) -> Void) -> Workload {
        var result = workload
        edit(&result)
        return result
    }

    static let paths: [[NamedState]] = [
        [silent, tiered, silent], [tiered, selective, watched, tiered], [tiered, quarantined, tiered],
        [tiered, relabelled, moved, grown], [grown, guarded, shared, tiered],
        [partnered, otherPartners, tiered, partnered], [http80, http8080, tiered, http80],
        [silent, shared, moved, shared, silent], [quarantined, relabelled, guarded, watched, otherPartners, http8080],
    ]

    @Test(arguments: paths.indices) func historyDoesNotMatter(_ number: Int) {
        StateSequence(
            states: Self.paths[number],
            places: [
                ("web", IPAddress(ipv4: 0x0A00_0001)), ("app", IPAddress(ipv4: 0x0A00_0002)),
                ("db", IPAddress(ipv4: 0x0A00_0003)), ("spare", IPAddress(ipv4: 0x0A00_0004)),
                ("guest", IPAddress(ipv4: 0x0A00_0005)), ("outside", IPAddress(ipv4: 0xC000_0207)),
            ], ports: [80, 5432, 8080]
        ).run()
    }
}
