import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// Workloads share an identity exactly as long as no input of the policy can tell them apart (semantics §2).
@Suite struct IdentityTests {
    /// A change to one of two equal workloads, and a policy that looks, or does not look, at what changed.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let rules: [FlatRule]
        var fullFor: EndExpression = .union([])
        var appliesWhen: [Relation] = []
        var selections: [Selection]?
        var edit: @Sendable (inout Workload) -> Void
    }

    private static func key(_ text: String) -> LabelKey? { LabelKey(text) }

    private static func set(_ key: String, _ value: String?) -> @Sendable (inout Workload) -> Void {
        { workload in
            guard let key = LabelKey(key) else { return }
            workload.labels[key] = value.flatMap { LabelValue($0) }
        }
    }

    private static func equals(_ key: String, _ value: String) -> EndExpression {
        guard let key = LabelKey(key), let value = LabelValue(value) else { return .union([]) }
        return .selector(.equals(key, value))
    }

    private static func rule(
        subject: EndExpression = .any, peer: EndExpression = .any, relations: [Relation] = [],
        services: [ServiceTerm] = [.any]
    ) -> FlatRule {
        FlatRule(
            id: "r", action: .allow, direction: .ingress, subject: subject, peer: peer, relations: relations,
            services: services)
    }

    private static let keys = [key("app")].compactMap(\.self)
    private static let toPeers = rule(peer: equals("app", "web"))
    private static let block = AddressSet([Prefix("10.0.0.2/32")].compactMap(\.self))
    private static let address = IPAddress(ipv4: 0x0A00_0063)

    private static let telling: [Row] = [
        Row(
            testDescription: "a label of a subject", rules: [rule(subject: equals("app", "web"))],
            edit: set("app", "db")),
        Row(testDescription: "a label of a peer", rules: [toPeers], edit: set("app", "db")),
        Row(testDescription: "a label that is absent", rules: [toPeers], edit: set("app", nil)),
        Row(
            testDescription: "a label that is present now", rules: [rule(peer: equals("loc", "a"))],
            edit: set("loc", "b")),
        Row(
            testDescription: "a label inside `not`",
            rules: [
                rule(subject: .difference(.any, equals("app", "web")))
            ], edit: set("app", "db")),
        Row(testDescription: "a label of `same`", rules: [rule(relations: [.same(keys)])], edit: set("app", "db")),
        Row(
            testDescription: "a label of `different`", rules: [rule(relations: [.different(keys)])],
            edit: set("app", "db")),
        Row(
            testDescription: "a label of a relation that a layer waits for", rules: [], appliesWhen: [.different(keys)],
            edit: set("app", "db")),
        Row(
            testDescription: "a label of a selection", rules: [],
            selections: [Selection(subject: equals("app", "web"), direction: .egress)], edit: set("app", "db")),
        Row(
            testDescription: "a label of the quarantined", rules: [], fullFor: equals("app", "db"),
            edit: set("app", "db")),
        Row(testDescription: "mode", rules: [toPeers]) { $0.mode = .selective },
        Row(testDescription: "managed or not", rules: [toPeers]) { $0.mode = nil },
        Row(testDescription: "observed or not", rules: [toPeers]) { $0.mode = .idle },
        Row(
            testDescription: "acknowledged attributes",
            rules: [
                FlatRule(
                    id: "r", action: .allow, direction: .ingress, subject: .any, peer: .any, services: [.any],
                    peerAttributes: AttributeMatch(processes: ["/bin/a"]))
            ]
        ) { $0.enforcesAttributes = true },
        Row(testDescription: "what a used port name means", rules: [rule(services: [.named("http")])]) {
            $0.namedPorts["http"] = [ProtocolPort(.tcp, 81)]
        },
        Row(testDescription: "no meaning of a used port name", rules: [rule(services: [.named("http")])]) {
            $0.namedPorts["http"] = nil
        },
        Row(testDescription: "membership in a named set", rules: [rule(peer: .addressSet("block"))]) {
            $0.addresses = [IPAddress(ipv4: 0x0A00_0002)]
        },
        Row(testDescription: "membership in a literal set", rules: [rule(subject: .addresses(block))]) {
            $0.addresses = [IPAddress(ipv4: 0x0A00_0002)]
        },
        Row(testDescription: "being named", rules: [rule(peer: .workload("other"))]) { $0.id = "other" },
        Row(testDescription: "being named as quarantined", rules: [], fullFor: .workload("other")) { $0.id = "other" },
    ]

    private static let blind: [Row] = [
        Row(testDescription: "a label that nothing names", rules: [toPeers], edit: set("owner", "ann")),
        Row(testDescription: "the identifier", rules: [rule(peer: .workload("somebody"))]) { $0.id = "other" },
        Row(testDescription: "an unused port name", rules: [rule(services: [.named("http")])]) {
            $0.namedPorts["metrics"] = [ProtocolPort(.tcp, 9100)]
        },
        Row(testDescription: "a port name where none is used", rules: [toPeers]) {
            $0.namedPorts["http"] = [ProtocolPort(.tcp, 81)]
        },
        Row(testDescription: "the order of ports", rules: [rule(services: [.named("http")])]) {
            $0.namedPorts["http"] = [ProtocolPort(.tcp, 8080), ProtocolPort(.tcp, 80)]
        },
        Row(testDescription: "another address", rules: [toPeers]) { $0.addresses = [address] },
        Row(testDescription: "one more address", rules: [toPeers]) { $0.addresses.append(address) },
        Row(testDescription: "membership in a set that no rule uses", rules: [toPeers]) {
            $0.addresses = [IPAddress(ipv4: 0x0A00_0002)]
        },
        Row(testDescription: "another address outside a set", rules: [rule(peer: .addressSet("block"))]) {
            $0.addresses = [address]
        },
        Row(
            testDescription: "a label of a rule elsewhere in an undefined set",
            rules: [rule(peer: .addressSet("none"))],
            edit: set("app", "db")),
    ]

    private static let base = Workload(
        id: "one",
        labels: Dictionary(uniqueKeysWithValues: keys.map { ($0, LabelValue("web")) }).compactMapValues(\.self),
        addresses: [IPAddress(ipv4: 0x0A00_0001)],
        namedPorts: ["http": [ProtocolPort(.tcp, 80), ProtocolPort(.tcp, 8080)]], mode: .full)

    /// How many identities the change makes of the two workloads, told at once and one after the other.
    private func identities(_ row: Row) -> (at: [Int], grew: [Int]) {
        let layer = Layer(
            id: "host", enforcer: .agent, appliesWhen: row.appliesWhen, fullFor: row.fullFor,
            tiers: [Tier(id: "tier", onNoMatch: .deny, selections: row.selections, rules: row.rules)])
        let policy = FlatPolicy(layers: [layer], addressSets: ["block": Self.block])
        var two = Self.base
        two.id = "two"
        two.addresses = [IPAddress(ipv4: 0x0A00_0003)]
        var changed = two
        row.edit(&changed)
        let before = PolicyEngine(workloads: [Self.base, two], policy: policy)
        let after = PolicyEngine(workloads: [Self.base, changed], policy: policy)
        var told = before
        if changed.id != two.id { told.apply(.remove(two.id)) }
        let report = told.apply(.upsert(changed))
        #expect(!report.wasFullCompile)
        #expect(told.canonicalForm == after.canonicalForm)
        let alone = PolicyEngine(workloads: [Self.base], policy: policy).identityCount
        #expect(before.identityCount == alone, "two equal workloads share one identity")
        return ([alone, after.identityCount, told.identityCount], [report.identitiesAffected, report.rowsTouched])
    }

    @Test(arguments: telling) func whatAnInputUsesSplits(_ row: Row) {
        let (at, grew) = identities(row)
        #expect(at == [at[0], at[0] + 1, at[0] + 1])
        #expect(grew == [1, 1])
    }

    @Test(arguments: blind) func whatNoInputUsesDoesNot(_ row: Row) {
        let (at, grew) = identities(row)
        #expect(at == [at[0], at[0], at[0]])
        #expect(grew == [0, 0])
    }

    /// A workload counts as such: beside it stand the unmanaged addresses inside and outside of each set.
    @Test func unmanagedAddressesHaveIdentitiesOfTheirOwn() {
        let policy = FlatPolicy(
            layers: [
                Layer(
                    id: "host", enforcer: .agent,
                    tiers: [Tier(id: "tier", rules: [Self.rule(peer: .addressSet("block"))])])
            ],
            addressSets: ["block": Self.block])
        #expect(PolicyEngine(workloads: [], policy: policy).identityCount == 2)
        #expect(PolicyEngine(workloads: [Self.base], policy: policy).identityCount == 3)
        var without = policy
        without.layers[0].tiers[0].rules = []
        #expect(PolicyEngine(workloads: [Self.base], policy: without).identityCount == 2)
    }
}
