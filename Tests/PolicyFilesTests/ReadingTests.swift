import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

/// What well-formed files become in the policy model.
@Suite struct ReadingTests {
    private static let head = """
        bulkhead: 1
        owner: team
        addressSets: {office: [192.0.2.0/24], lab: 198.51.100.7}
        services: {web: [tcp/80, tcp/443], dns: udp/53}
        workloads:
          - {name: w, addresses: [10.0.0.1], labels: {app: shop}, ports: {http-alt: tcp/8080}}

        """

    private func load(_ body: String) -> PolicyLoadResult {
        PolicyDirectory.load([PolicySource(name: "p.yaml", text: Self.head + body)], now: Place.now)
    }

    private func rule(_ lines: String) throws -> Rule {
        let criteria = lines.split(separator: "\n").map { "        \($0)\n" }.joined()
        let result = load(
            "rulesets:\n  - name: s\n    scope: app = shop\n    rules:\n      - name: r\n        reason: why\n\(criteria)"
        )
        let policy = try #require(result.policy, "\(result.diagnostics.map(\.text))")
        return try #require(policy.policy.rulesets.first?.rules.first)
    }

    private func selector(_ text: String) throws -> EndExpression { .selector(try Selector(parsing: text)) }

    private func addresses(_ texts: String...) -> EndExpression {
        .addresses(AddressSet(texts.compactMap { AddressRange($0) }))
    }

    @Test func endsAreReadAsWritten() throws {
        let shop = try selector("app = shop")
        let cases: [(String, EndExpression)] = [
            ("app = shop", shop),
            ("any", .any),
            ("anyWorkload", .anyWorkload),
            ("[app = shop, {addresses: office}]", .union([shop, .addressSet("office")])),
            ("{select: app = shop}", shop),
            ("{workloads: w}", .workload("w")),
            ("{addresses: 10.0.0.0/8}", addresses("10.0.0.0/8")),
            (
                "{addresses: [10.0.0.1-10.0.0.4, office, \"2001:db8::/32\"]}",
                .union([.addressSet("office"), addresses("10.0.0.1-10.0.0.4", "2001:db8::/32")])
            ),
            (
                "{select: [app = shop, anyWorkload], addresses: office}",
                .intersection([.union([shop, .anyWorkload]), .addressSet("office")])
            ),
            ("{select: anyWorkload, except: app = shop}", .difference(.anyWorkload, shop)),
            (
                "{select: any, except: [{addresses: lab}, {workloads: [w]}]}",
                .difference(.any, .union([.addressSet("lab"), .workload("w")]))
            ),
        ]
        for (text, expected) in cases {
            let rule = try rule("action: allow\nfrom: \(text)\nto: app = shop\nservices: web")
            #expect(rule.match.from == expected, "\(text)")
        }
    }

    @Test func servicesAreReadAsWritten() throws {
        let cases: [(String, [ServiceTerm])] = [
            ("any", [.any]),
            ("tcp", [.proto(.tcp)]),
            ("web", [.ports(.tcp, destination: PortSet(80)), .ports(.tcp, destination: PortSet(443))]),
            ("[web, tcp/80]", [.ports(.tcp, destination: PortSet(80)), .ports(.tcp, destination: PortSet(443))]),
            ("tcp/0", [.ports(.tcp, destination: PortSet(0))]),
            ("tcp/65535", [.ports(.tcp, destination: PortSet(65_535))]),
            ("sctp/0-65535", [.ports(.sctp, destination: .all)]),
            ("tcp/80-80", [.ports(.tcp, destination: PortSet(80))]),
            ("tcp/443 from 1024-65535", [.ports(.tcp, destination: PortSet(443), source: PortSet(1024...65_535))]),
            ("udp from 53", [.ports(.udp, destination: .all, source: PortSet(53))]),
            (
                "[icmp/8, icmp/3:4, icmpv6/128]",
                [
                    .icmp(.icmp, type: 8, code: nil), .icmp(.icmp, type: 3, code: 4),
                    .icmp(.icmpv6, type: 128, code: nil),
                ]
            ),
            ("[gre, proto/253, esp]", [.proto(.gre), .proto(IPProtocol(rawValue: 253)), .proto(.esp)]),
            ("named/http-alt", [.named("http-alt")]),
        ]
        for (text, expected) in cases {
            let rule = try rule("action: allow\nfrom: app = shop\nto: app = shop\nservices: \(text)")
            #expect(rule.match.services == expected, "\(text)")
        }
    }

    @Test func everyCriterionReachesTheModel() throws {
        let rule = try rule(
            """
            action: allow
            from: app = shop
            to: app = shop
            services: web
            same: [app, env]
            different: loc
            samePrincipal: true
            fromProcess: /usr/bin/curl
            toProcess: [/usr/sbin/nginx, /usr/sbin/httpd]
            fromPrincipal: admins
            toPrincipal: [svc-web]
            when: posture.ok
            unless: [legacy]
            anywhere: true
            widen: true
            validFrom: 2027-01-01T00:00:00Z
            validUntil: 2027-01-01T03:00:00.5+02:00
            ticket: T-1
            review: 2027-01-01
            """)
        let app = try #require(LabelKey("app")), env = try #require(LabelKey("env"))
        let loc = try #require(LabelKey("loc"))
        let start: Int64 = 1_798_761_600_000_000_000  // date -u -d 2027-01-01 +%s
        #expect(rule.match.relations == [.same([app, env]), .different([loc]), .samePrincipal])
        #expect(rule.match.fromAttributes == AttributeMatch(processes: ["/usr/bin/curl"], principals: ["admins"]))
        #expect(
            rule.match.toAttributes
                == AttributeMatch(processes: ["/usr/sbin/nginx", "/usr/sbin/httpd"], principals: ["svc-web"]))
        #expect(rule.match.conditions == [Condition("posture.ok"), Condition("legacy", is: false)])
        #expect(rule.anywhere && rule.match.widensFarEnd)
        #expect(rule.validity.from == Instant(rawValue: start))
        #expect(rule.validity.until == Instant(rawValue: start + 3_600_500_000_000))
        #expect(
            rule.documentation
                == Documentation(owner: "team", reason: "why", ticket: "T-1", review: Instant(rawValue: start)))
    }

    @Test(arguments: [("allow", Rule.Action.allow), ("deny", .deny(.drop)), ("reject", .deny(.reject))])
    func actionsAreReadAsWritten(word: String, action: Rule.Action) throws {
        #expect(try rule("action: \(word)\nfrom: app = shop\nto: app = shop\nservices: web").action == action)
    }

    @Test func aDisabledRuleIsNamedAndNotLoaded() throws {
        let policy = try #require(
            load(
                """
                rulesets:
                  - name: s
                    scope: all
                    rules:
                      - {name: r, action: allow, from: app = shop, to: app = shop, services: web, reason: why, enabled: false}
                """
            ).policy)
        #expect(policy.policy.rulesets.map(\.rules) == [[]])
        #expect(policy.disabledRules == ["s/r"])
    }

    @Test func boundariesAreReadAsWritten() throws {
        let policy = try #require(
            load(
                """
                guardrails:
                  - {name: g, from: any, to: any, services: any, reject: true, reason: why, exceptions: [
                      {name: h, from: app = shop, to: any, services: dns, validUntil: 2027-01-01T00:00:00Z, reason: why}]}
                quarantines:
                  - {name: q, members: {workloads: w}, reason: why, exceptions: [
                      {name: c, from: {addresses: lab}, to: any, services: tcp/22, reason: why}]}
                essential:
                  - {name: e, from: {addresses: lab}, to: anyWorkload, services: tcp/22, reason: why}
                """
            ).policy
        ).policy
        #expect(policy.guardrails.map(\.id) == ["g"])
        #expect(policy.guardrails.first?.denial == .reject)
        #expect(policy.guardrails.first?.exceptions.map(\.id) == ["g/h"])
        #expect(policy.guardrails.first?.exceptions.first?.documentation.owner == "team")
        #expect(policy.quarantines.map(\.members) == [.workload("w")])
        #expect(policy.quarantines.first?.exceptions.map(\.id) == ["q/c"])
        #expect(policy.essential.map(\.id).contains("essential/e"))
        #expect(policy.essential.count == EssentialRule.standard.count + 1)
    }

    @Test func aTestOfWorkloadsIsAskedForEachPairOfAddressesOfOneFamily() throws {
        let policy = try #require(
            PolicyDirectory.load(
                [
                    PolicySource(
                        name: "p.yaml",
                        text: """
                            bulkhead: 1
                            workloads:
                              - {name: a, addresses: [10.0.0.1, 10.0.0.2, "2001:db8::1"]}
                              - {name: b, addresses: [10.0.1.1, "2001:db8::2"]}
                            tests:
                              - {name: t, from: a, to: b, service: tcp/80 from 4000, expect: denied, conditions: {x: true},
                                 fromProcess: none, fromPrincipal: {name: ann, groups: [staff]}, at: 2027-01-01T00:00:00Z}
                            """)
                ], now: Place.now
            ).policy)
        let pairs = policy.tests.map { "\($0.test.flow.source.address) \($0.test.flow.destination.address)" }
        #expect(pairs == ["10.0.0.1 10.0.1.1", "10.0.0.2 10.0.1.1", "2001:db8::1 2001:db8::2"])
        let first = try #require(policy.tests.first)
        #expect(first.at == Instant(rawValue: 1_798_761_600_000_000_000))
        #expect(first.test.expected == .denied)
        #expect(first.test.flow.sourcePort == 4000 && first.test.flow.destinationPort == 80)
        #expect(first.test.flow.source.process == .absent)
        #expect(first.test.flow.source.principal == .known(Principal(name: "ann", groups: ["staff"])))
        #expect(first.test.flow.destination.process == .unknown)
        #expect(first.test.flow.conditions == ["x": true])
    }

    @Test func whatAWorkloadStatesWinsOverLabelRules() throws {
        let policy = try #require(
            load(
                """
                labelRules:
                  - {name: a, subnet: 10.0.0.0/8, labels: {app: other, zone: red}, reason: why}
                """
            ).policy)
        let app = try #require(LabelKey("app")), zone = try #require(LabelKey("zone"))
        #expect(
            policy.workloads.first?.labels == [
                app: try #require(LabelValue("shop")), zone: try #require(LabelValue("red")),
            ])
        #expect(policy.locations.isEmpty)
    }

    @Test(arguments: [
        ("web-*", "web-1.example", true), ("web-*", "WEB-1", true), ("web-*", "xweb-1", false), ("*", "a", true),
        ("*.example", "a.b.example", true), ("a*b*c", "aXbYbZc", true), ("a*b*c", "acb", false),
        ("ab*ba", "aba", false),
        ("web", "web", true), ("web", "web-1", false),
    ])
    func hostNamePatternsCoverRunsOfCharacters(pattern: String, name: String, isCovered: Bool) throws {
        let result = PolicyDirectory.load(
            [
                PolicySource(
                    name: "p.yaml",
                    text: """
                        bulkhead: 1
                        owner: team
                        workloads: [{name: w, addresses: 10.0.0.1, hostname: \(name)}]
                        labelRules: [{name: r, hostname: "\(pattern)", labels: {hit: yes}, reason: why}]
                        """)
            ], now: Place.now)
        let labels = try #require(result.policy?.workloads.first?.labels)
        #expect(labels.isEmpty != isCovered)
    }

    @Test(arguments: [
        ("app = shop", false), ("app in (shop, x, shop)", false), ("app = shop or app = x", false),
        ("not app = x", false),
        ("app exists and env != dev", false), ("all", false), ("app = x", true), ("app in (x, y)", true),
        ("app != shop", true), ("app = x or app = y", true), ("app = shop and app = x", true), ("app not exists", true),
    ])
    func rulesOutsideTheirScopeArePointedOut(scope: String, isOutside: Bool) {
        let result = load(
            "rulesets:\n  - {name: s, scope: '\(scope)', rules: [{name: r, action: allow, from: any, to: app = shop, services: web, anywhere: true, reason: why}]}"
        )
        #expect(result.diagnostics.map(\.code).contains("outside-scope") == isOutside)
    }
}
