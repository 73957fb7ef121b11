import NetworkTypes
import PolicyEngine
import PolicyModel
import TestWorlds
import Testing

/// Names become numbers without two names becoming one, or one name two.
@Suite struct InternedModelTests {
    private static func label(_ key: String, _ value: String) throws -> (LabelKey, LabelValue) {
        (try #require(LabelKey(key)), try #require(LabelValue(value)))
    }

    private static func policy(_ rules: [FlatRule]) -> FlatPolicy {
        FlatPolicy(layers: [Layer(id: "host", enforcer: .agent, tiers: [Tier(id: "tier", rules: rules)])])
    }

    /// Of workloads with one identifier the last told counts, wherever they stand, and the others leave nothing behind.
    @Test func theLastToldOfOneNameCounts() throws {
        let (app, web) = try Self.label("app", "web")
        let rule = FlatRule(
            id: "r", action: .allow, direction: .ingress, subject: .selector(.equals(app, web)), peer: .any,
            services: [.any])
        func workload(_ id: WorkloadID, _ last: UInt32, _ labels: Labels) -> Workload {
            Workload(id: id, labels: labels, addresses: [IPAddress(ipv4: 0x0A00_0000 + last)], mode: .full)
        }
        let kept = [
            workload("b", 4, [app: web]), workload("a", 3, [:]), workload("d", 6, [app: web]), workload("c", 5, [:]),
        ]
        let told =
            [workload("a", 1, [app: web])] + kept.prefix(1) + [workload("a", 2, [app: web])] + kept[1...1]
            + [workload("c", 1, [app: web])] + kept[2...]
        let model = InternedModel(workloads: told, policy: Self.policy([rule]))
        let engine = PolicyEngine(model)
        #expect(model.workloadCount == 4)
        #expect(engine.workloads == kept.sorted { $0.id < $1.id })
        #expect(engine.canonicalForm == PolicyEngine(workloads: kept, policy: Self.policy([rule])).canonicalForm)
    }

    /// Texts that Swift calls equal are one name, whatever their bytes.
    @Test func equalTextsAreOneName() {
        let names: [WorkloadID] = ["caf\u{E9}", "cafe\u{301}", "cafe", "CAFE", "", "cafe\u{301}\u{301}"]
        let engine = PolicyEngine(workloads: names.map { Workload(id: $0) }, policy: FlatPolicy(layers: []))
        #expect(engine.workloads.count == Set(names).count)
        #expect(Set(engine.workloads.map(\.id)) == Set(names))
    }

    /// Names and values of every length up to 40 bytes, many of which differ in one byte: each rule finds its own workload.
    @Test func eachNameFindsItsOwn() throws {
        let key = try #require(LabelKey("app"))
        let texts = Set(
            (0...40).flatMap { length in
                (0..<6).map { number -> String in
                    var bytes = [UInt8](repeating: 97, count: length)
                    if !bytes.isEmpty { bytes[number * (length - 1) / 5] = 98 + UInt8(number) }
                    return String(decoding: bytes, as: UTF8.self)
                }
            }
        ).sorted()
        #expect(texts.count > 200)
        let values = try texts.map { try #require(LabelValue($0)) }
        let workloads = texts.indices.map {
            Workload(
                id: WorkloadID(rawValue: texts[$0]), labels: [key: values[$0]],
                addresses: [IPAddress(ipv4: 0x0A00_0000 + UInt32($0))], mode: .full)
        }
        let rules = texts.indices.flatMap { number in
            [EndExpression.workload(workloads[number].id), .selector(.equals(key, values[number]))].enumerated().map {
                FlatRule(
                    id: RuleID(rawValue: "\($0.offset)/\(number)"), action: .allow,
                    direction: $0.offset == 0 ? .ingress : .egress, subject: $0.element, peer: .any, services: [.any])
            }
        }
        let engine = PolicyEngine(workloads: workloads, policy: Self.policy(rules.shuffled()))
        for number in texts.indices {
            let other = (number + 1) % texts.count
            let flow = Flow(
                source: FlowEnd(IPAddress(ipv4: 0x0A00_0000 + UInt32(number))),
                destination: FlowEnd(IPAddress(ipv4: 0x0A00_0000 + UInt32(other))), proto: .tcp, destinationPort: 80)
            let decision = engine.decide(flow, at: Instant(rawValue: 0)).policy
            func rule(_ id: String) -> Decider { .rule(RuleID(rawValue: id), tier: "tier", layer: "host") }
            #expect(decision.source.decider == rule("1/\(number)"))
            #expect(decision.destination.decider == rule("0/\(other)"))
        }
    }

    /// Of rules that tie the first by the bytes of its identifier is reported, also where identifiers begin alike.
    @Test(arguments: [
        ["rule-with-a-long-name/2", "rule-with-a-long-name/10", "rule-with-a-long-name/1"],
        ["b", "a\u{E9}", "a", "az", "a/"], ["tier/rule", "tier/rul", "tier/rule0", "tier/r"],
    ]) func theFirstOfATieIsReported(_ names: [String]) throws {
        let first = try #require(names.min { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        let rules = names.map {
            FlatRule(
                id: RuleID(rawValue: $0), action: .allow, direction: .ingress, subject: .any, peer: .any,
                services: [.any])
        }
        let here = Workload(id: "w", addresses: [IPAddress(ipv4: 1)], mode: .full)
        let flow = Flow(
            source: FlowEnd(IPAddress(ipv4: 2)), destination: FlowEnd(IPAddress(ipv4: 1)), proto: .tcp,
            destinationPort: 80)
        for order in [rules, rules.reversed()] {
            let engine = PolicyEngine(workloads: [here], policy: Self.policy(order))
            #expect(
                engine.decide(flow, at: Instant(rawValue: 0)).policy.destination.decider
                    == .rule(RuleID(rawValue: first), tier: "tier", layer: "host"))
        }
    }

    /// Whom a tier isolates follows the workloads: a new one is isolated, and who takes the place of one that is gone is not.
    @Test func selectionsFollowTheWorkloads() throws {
        let (app, web) = try Self.label("app", "web")
        let tier = Tier(
            id: "tier", onNoMatch: .deny,
            selections: [Selection(subject: .selector(.equals(app, web)), direction: .ingress)])
        let policy = FlatPolicy(
            layers: [Layer(id: "host", enforcer: .agent, tiers: [tier], fullDefault: .allow)])
        var engine = PolicyEngine(workloads: [], policy: policy)
        func outcome(from: UInt32, to: UInt32) -> Outcome {
            let flow = Flow(
                source: FlowEnd(IPAddress(ipv4: from)), destination: FlowEnd(IPAddress(ipv4: to)), proto: .tcp,
                destinationPort: 80)
            return engine.decide(flow, at: Instant(rawValue: 0)).policy.outcome
        }
        for round in 0..<3 {
            let selected = Workload(id: "s", labels: [app: web], addresses: [IPAddress(ipv4: 1)], mode: .full)
            engine.apply(.upsert(selected))
            #expect(outcome(from: 2, to: 1) == .denied, "round \(round)")
            #expect(outcome(from: 1, to: 2) == .allowed, "round \(round), the other direction")
            engine.apply(.remove("s"))
            engine.apply(.upsert(Workload(id: "t", addresses: [IPAddress(ipv4: 1)], mode: .full)))
            #expect(outcome(from: 2, to: 1) == .allowed, "round \(round), another in its place")
            engine.apply(.remove("t"))
        }
    }

    /// An address that several share stays known when one of them goes, whichever it is.
    @Test(arguments: ["a", "b", "c"] as [WorkloadID]) func aSharedAddressOutlivesAnOwner(_ gone: WorkloadID) {
        let names: [WorkloadID] = ["a", "b", "c"]
        let workloads = names.map { Workload(id: $0, addresses: [IPAddress(ipv4: 1), IPAddress(ipv4: 2)]) }
        var engine = PolicyEngine(workloads: workloads, policy: FlatPolicy(layers: []))
        engine.apply(.remove(gone))
        for address in [1, 2] as [UInt32] {
            let flow = Flow(
                source: FlowEnd(IPAddress(ipv4: address)), destination: FlowEnd(IPAddress(ipv4: 9)), proto: .tcp)
            #expect(
                engine.explain(flow, at: Instant(rawValue: 0)).source.map(\.workload) == names.filter { $0 != gone })
        }
        for name in names where name != gone { engine.apply(.remove(name)) }
        let flow = Flow(source: FlowEnd(IPAddress(ipv4: 1)), destination: FlowEnd(IPAddress(ipv4: 9)), proto: .tcp)
        #expect(engine.explain(flow, at: Instant(rawValue: 0)).source.map(\.workload) == [nil])
    }
}
