import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import Testing

/// What rules do, in small policies that are written out.
@Suite struct StandingTests {
    private static let app = LabelKey("app")
    private static let workloads = [("web", IPAddress(ipv4: 0x0A00_0001)), ("db", IPAddress(ipv4: 0x0A00_0002))].map {
        name, address in
        Workload(
            id: WorkloadID(rawValue: name),
            labels: app.flatMap { key in LabelValue(name).map { [key: $0] } } ?? [:],
            addresses: [address], namedPorts: ["sql": [ProtocolPort(.tcp, 5432)]], mode: .full)
    }

    private static func selected(_ name: String) -> EndExpression {
        guard let app, let value = LabelValue(name) else { return .union([]) }
        return .selector(.equals(app, value))
    }

    private static func rule(
        _ id: RuleID, _ action: RuleAction = .allow, from: String = "web", to: String = "db", rank: Int = 0,
        services: [ServiceTerm] = [.ports(.tcp, destination: PortSet(5432))], validity: Validity = .always,
        conditions: [Condition] = [], certainty: Certainty = .exact
    ) -> FlatRule {
        FlatRule(
            id: id, rank: rank, action: action, direction: .ingress, subject: selected(to), peer: selected(from),
            services: services, conditions: conditions, validity: validity, certainty: certainty)
    }

    /// One tier of ingress rules at every workload, which deny the rest.
    private static func side(_ rules: [FlatRule], enforcer: Layer.Enforcer = .platform) -> Connectivity {
        let egress = FlatRule(
            id: "egress", rank: 9, action: .allow, direction: .egress, subject: .any, peer: .any, services: [.any])
        let layer = Layer(
            id: "layer", enforcer: enforcer, appliesTo: .anyWorkload, tiers: [Tier(id: "tier", rules: rules + [egress])]
        )
        let engine = PolicyEngine(workloads: workloads, policy: FlatPolicy(layers: [layer]))
        return Connectivity(engine, at: Instant(rawValue: 100))
    }

    @Test func aRuleThatCoversNothingSaysWhy() {
        let cases: [(String, FlatRule, RuleStanding.Vacuity)] = [
            ("no source", Self.rule("r", from: "nobody"), .noSource),
            ("no destination", Self.rule("r", to: "nobody"), .noDestination),
            ("no service", Self.rule("r", services: []), .noTraffic),
            ("no port", Self.rule("r", services: [.ports(.tcp, destination: PortSet())]), .noTraffic),
            ("no name", Self.rule("r", services: [.named("http")]), .noTraffic),
            ("itself only", Self.rule("r", from: "db"), .noPair),
            ("over", Self.rule("r", validity: Validity(until: Instant(rawValue: 100))), .expired),
        ]
        for (name, rule, reason) in cases {
            #expect(Self.side([rule]).standing(of: "r")?.effect == .vacuous(reason), "\(name)")
        }
        #expect(Self.side([]).standing(of: "r") == nil)
    }

    @Test func aNamedPortIsTraffic() {
        let side = Self.side([Self.rule("r", services: [.named("sql")])])
        guard case .decides(let witness) = side.standing(of: "r")?.effect else {
            Issue.record("it decides")
            return
        }
        #expect(witness?.point == ServicePoint(.tcp, 5432, source: 40_000))
        #expect(witness?.flow?.source.address == IPAddress(ipv4: 0x0A00_0001))
    }

    @Test func aRuleBehindAnotherIsShadowedByIt() {
        let side = Self.side([
            Self.rule("a", services: [.proto(.tcp)]), Self.rule("b", rank: 1), Self.rule("c", .deny(.drop), rank: 2),
        ])
        #expect(side.standing(of: "b")?.effect == .shadowed(by: ["a"]))
        #expect(side.standing(of: "b")?.contradictions == [])
        #expect(side.standing(of: "c")?.effect == .shadowed(by: ["a"]))
        #expect(side.standing(of: "c")?.contradictions.map(\.rule) == ["a"])
        #expect(side.standing(of: "c")?.contradictions.map(\.extent) == [.all])
        #expect(side.isRedundant("b") == .yes)
        #expect(PolicyReview(side).findings.map(\.place) == [.rule("b"), .rule("c"), .rule("c")])
    }

    @Test func aDenyThatTakesAPartContradictsAPart() {
        let side = Self.side([Self.rule("deny", .deny(.drop)), Self.rule("allow", services: [.proto(.tcp)])])
        let standing = side.standing(of: "allow")
        #expect(standing?.contradictions.map(\.rule) == ["deny"])
        #expect(standing?.contradictions.map(\.extent) == [.some])
        guard case .decides(let witness) = standing?.effect else {
            Issue.record("it decides")
            return
        }
        #expect(witness?.point == ServicePoint(.tcp, 443, source: 40_000))
    }

    @Test func twinsAreEachRedundantAndNotShadowed() {
        let side = Self.side([Self.rule("a", services: [.proto(.tcp)], conditions: []), Self.rule("b", rank: -1)])
        // `b` is asked first, so `a` still decides the rest, and what `b` decides `a` would decide alike.
        #expect(side.isRedundant("b") == .yes)
        #expect(PolicyReview(side).findings.map { "\($0.place) \($0.kind)" } == ["rule(b) redundant"])
        guard case .no(let witness) = side.isRedundant("a") else {
            Issue.record("it is needed")
            return
        }
        #expect(witness.point.destination != 5432)
    }

    @Test func uncertainTwinsAreNotCalledRedundant() {
        let side = Self.side([
            Self.rule("a", certainty: .approximate("a test")), Self.rule("b", certainty: .approximate("another")),
        ])
        #expect(side.isRedundant("a") == .unknown("a"))
        #expect(PolicyReview(side).findings.isEmpty)
        let known = Self.side([
            Self.rule("a", conditions: [Condition("x")]), Self.rule("b", conditions: [Condition("y")]),
        ])
        guard case .no = known.isRedundant("a") else {
            Issue.record("a flow with only `x` needs it")
            return
        }
        #expect(PolicyReview(known).findings.isEmpty)
        let twins = Self.side([
            Self.rule("a", conditions: [Condition("x")]), Self.rule("b", conditions: [Condition("x")]),
        ])
        #expect(twins.isRedundant("a") == .yes)
        #expect(PolicyReview(twins).findings.map(\.kind) == [.redundant, .redundant])
    }

    @Test func anApproximateRulePreventsAnAnswerAndIsNamed() {
        let understood = Self.side([Self.rule("r")])
        let partly = Self.side([
            Self.rule("r"), Self.rule("x", services: [.proto(.udp)], certainty: .approximate("a test")),
        ])
        #expect(understood.isContained(in: partly) == .yes)
        #expect(partly.isContained(in: understood) == .unknown("x"))
        #expect(partly.isEquivalent(to: partly) == .unknown("x"))
        // It stands behind a rule that decides all that it covers, so that its meaning does not matter.
        let hidden = Self.side([
            Self.rule("x", certainty: .approximate("a test")), Self.rule("r", rank: -1, services: [.proto(.tcp)]),
        ])
        #expect(hidden.isEquivalent(to: hidden) == .yes)
        #expect(hidden.isRedundant("x") == .yes)
    }

    @Test func aRuleBehindAnUncertainOneIsUnsure() {
        let side = Self.side([
            Self.rule("a", certainty: .approximate("a test")), Self.rule("b", .deny(.drop), rank: 1),
        ])
        #expect(side.standing(of: "b")?.effect == .unsure("a"))
    }

    @Test func conditionsAreSettledBothWays() {
        let condition = Condition("healthy")
        let guarded = Self.side([Self.rule("r", conditions: [condition])])
        let open = Self.side([Self.rule("r")])
        #expect(guarded.isContained(in: open) == .yes)
        #expect(guarded.isEquivalent(to: guarded) == .yes)
        guard case .no(let witness) = open.isContained(in: guarded) else {
            Issue.record("the open one allows more")
            return
        }
        #expect(witness.flow?.conditions[condition.name] != true)
        guard case .no(let other) = guarded.isContained(in: Self.side([])) else {
            Issue.record("the guarded one allows something")
            return
        }
        #expect(other.flow?.conditions == [condition.name: true])
    }

    @Test func onlyTheNamedReachWhatIsAsked() {
        let side = Self.side([Self.rule("r")])
        let sql = ServiceSet(.tcp, destination: PortSet(5432))
        #expect(side.onlySources(Self.selected("web"), reach: Self.selected("db"), on: sql) == .yes)
        guard case .no(let witness) = side.onlySources(.union([]), reach: Self.selected("db"), on: sql) else {
            Issue.record("`web` reaches it")
            return
        }
        #expect(witness.source.owners == ["web"])
        #expect(side.onlySources(.union([]), reach: Self.selected("db"), on: ServiceSet(.udp)) == .yes)
        // Ends are split where the question asks, though the policy does not.
        let outside = FlatRule(
            id: "outside", action: .allow, direction: .ingress, subject: .anyWorkload, peer: .any, services: [.any])
        let lan = AddressSet([Prefix("192.168.0.0/16")].compactMap(\.self))
        guard
            case .no(let far) = Self.side([outside]).onlySources(
                .union([.anyWorkload, .addresses(lan)]), reach: Self.selected("db"), on: sql)
        else {
            Issue.record("everybody reaches it")
            return
        }
        #expect(far.flow.map { lan.contains($0.source.address) } == false)
    }

    @Test func referencesThatMatchNothingAreFound() {
        var rule = Self.rule("r", from: "nobody", services: [.named("http"), .named("sql")])
        rule.peer = .union([
            rule.peer, .workload("gone"), .workload("web"), .addressSet("undefined"), .addressSet("empty"),
            .addresses(AddressSet()),
        ])
        let layer = Layer(
            id: "layer", enforcer: .platform, appliesTo: Self.selected("nobody"),
            tiers: [
                Tier(
                    id: "tier", selections: [Selection(subject: .workload("gone"), direction: .ingress)], rules: [rule])
            ])
        let engine = PolicyEngine(
            workloads: Self.workloads, policy: FlatPolicy(layers: [layer], addressSets: ["empty": AddressSet()]))
        let findings = PolicyReview(Connectivity(engine, at: Instant(rawValue: 0))).findings
        let missing = findings.compactMap { finding -> String? in
            if case .missing(let reference) = finding.kind { return "\(finding.place): \(reference)" }
            return nil
        }
        #expect(
            missing == [
                "rule(r): selector `app = nobody`", "rule(r): workload `gone`",
                "rule(r): address set `undefined`, which is not defined",
                "rule(r): address set `empty`, which is empty",
                "rule(r): an empty list of addresses", "rule(r): port name `http`",
                "layer(layer): selector `app = nobody`", "tier(tier, layer: layer): workload `gone`",
            ])
        #expect(findings.first?.kind == .vacuous(.notEnforced))
    }
}
