import Dialects
import NetworkTypes
import PolicyModel
import Testing

/// What a rule covers: ends, services and traffic.
///
/// Sources: docs.tigera.io "Global network policy" (Rule, EntityRule, Ports), the comments of `policy_common.go`,
/// `updateprocessors/rules.go` and `felix/calc/rule_scanner.go`.
@Suite struct CalicoRuleTests {
    private let a = Written.a
    private let b = Written.b
    private let c = Written.c
    private let outside = Written.outside

    /// Who may reach `two/b` by a rule that allows this source.
    private func sources(_ source: String, of namespace: String?, _ more: String = "") throws -> Set<String> {
        let world = CalicoWorld(
            Written.trio + more
                + Written.calico(namespace, "selector: app == 'b', ingress: [{action: Allow, source: {\(source)}}]"))
        var result: Set<String> = []
        for (name, end) in [("a", a), ("c", c), ("out", outside)] where try world.passes(end, b) { result.insert(name) }
        #expect(world.serious == [])
        return result
    }

    /// `EntityRule.Selector`, `.NotSelector`, `.NamespaceSelector`, `.Nets`, `.NotNets` in a GlobalNetworkPolicy.
    @Test(
        arguments: [
            ("", ["a", "c", "out"]), ("selector: app == 'a'", ["a"]), ("selector: all()", ["a", "c"]),
            ("selector: '!has(none)'", ["a", "c"]), ("selector: has(none)", []),
            ("notSelector: app == 'a'", ["c", "out"]),
            ("notSelector: has(none)", ["a", "c", "out"]), ("selector: all(), notSelector: app == 'a'", ["c"]),
            ("namespaceSelector: team == 'red'", ["a", "c"]), ("namespaceSelector: team == 'blue'", []),
            ("namespaceSelector: all()", ["a", "c"]), ("namespaceSelector: global()", []),
            ("namespaceSelector: projectcalico.org/name == 'one', selector: app == 'c'", ["c"]),
            ("namespaceSelector: kubernetes.io/metadata.name == 'one'", ["a", "c"]),
            ("selector: projectcalico.org/namespace == 'one'", ["a", "c"]),
            ("selector: projectcalico.org/orchestrator == 'k8s'", ["a", "c"]),
            ("selector: pcns.team == 'red' && app == 'a'", ["a"]), ("nets: [10.0.0.0/24]", ["a", "c"]),
            ("nets: [10.0.0.1/32, 198.51.100.0/24]", ["a", "out"]), ("notNets: [10.0.0.0/31]", ["c", "out"]),
            ("nets: [10.0.0.0/8], notNets: [10.0.0.1/32]", ["c"]), ("nets: [10.0.0.0/8], selector: app == 'c'", ["c"]),
            ("nets: [0.0.0.0/0]", ["a", "c", "out"]), ("selector: all(), notNets: [10.0.0.3/32]", ["a"]),
        ] as [(String, Set<String>)]) func aGlobalPolicyFindsItsSources(source: String, expected: Set<String>) throws
    {
        #expect(try sources(source, of: nil) == expected)
    }

    /// The same of a NetworkPolicy in namespace `two`, where selectors alone mean its own namespace.
    @Test(
        arguments: [
            ("", ["a", "c", "out"]), ("selector: app == 'a'", []), ("selector: all()", []),
            ("notSelector: app == 'z'", []),
            ("namespaceSelector: all(), selector: app == 'a'", ["a"]),
            ("namespaceSelector: all(), notSelector: app == 'a'", ["c"]),
            ("namespaceSelector: team == 'red'", ["a", "c"]), ("nets: [198.51.100.0/24]", ["out"]),
            ("serviceAccounts: {names: [default]}", []),
            ("namespaceSelector: all(), serviceAccounts: {names: [default]}", ["a", "c"]),
        ] as [(String, Set<String>)]) func aNamespacedPolicyFindsItsSources(source: String, expected: Set<String>)
        throws
    {
        #expect(try sources(source, of: "two") == expected)
    }

    /// "Global network set" and "Network set": sets are found by their labels; those of a namespace by its own policies.
    @Test func networkSetsAreFoundByLabels() throws {
        let global = Written.networkSet("bad", "threat: high", "198.51.100.0/24, 10.0.0.3")
        #expect(try sources("selector: threat == 'high'", of: nil, global) == ["c", "out"])
        #expect(try sources("notSelector: threat == 'high'", of: nil, global) == ["a"])
        #expect(try sources("selector: threat == 'low'", of: nil, global) == [])
        #expect(
            try sources("namespaceSelector: global(), selector: threat == 'high'", of: nil, global) == ["c", "out"])
        #expect(try sources("namespaceSelector: all(), selector: threat == 'high'", of: nil, global) == [])
        #expect(try sources("selector: threat == 'high'", of: "two", global) == [])
        #expect(
            try sources("namespaceSelector: global(), selector: threat == 'high'", of: "two", global) == ["c", "out"])
        let own = Written.networkSet("bad", "threat: high", "198.51.100.0/24", namespace: "two")
        #expect(try sources("selector: threat == 'high'", of: "two", own) == ["out"])
        #expect(try sources("namespaceSelector: team == 'blue', selector: threat == 'high'", of: nil, own) == ["out"])
        let other = Written.networkSet("bad", "threat: high", "198.51.100.0/24", namespace: "one")
        #expect(try sources("selector: threat == 'high'", of: "two", other) == [])
    }

    /// `ServiceAccountMatch`: names and labels are joined by AND; and the policy's `serviceAccountSelector`.
    @Test func serviceAccountsAreEnds() throws {
        let pods =
            Written.namespace("one") + Written.namespace("two") + Written.account("one", "reader", "role: read")
            + Written.account("one", "writer", "role: write")
            + Written.pod("one", "a", spec: "serviceAccountName: reader", status: "podIP: 10.0.0.1")
            + Written.pod("one", "c", spec: "serviceAccountName: writer", status: "podIP: 10.0.0.3")
            + Written.pod("two", "b", "app: b", status: "podIP: 10.0.1.2")
        for (match, expected) in [
            ("names: [reader]", [a]), ("names: [reader, writer]", [a, c]), ("selector: role == 'write'", [c]),
            ("names: [reader], selector: role == 'write'", []), ("selector: has(role)", [a, c]),
            ("selector: projectcalico.org/name == 'writer'", [c]),
        ] {
            let world = CalicoWorld(
                pods
                    + Written.calico(
                        nil, "selector: app == 'b', ingress: [{action: Allow, source: {serviceAccounts: {\(match)}}}]"))
            for source in [a, c] {
                #expect(try world.passes(source, b) == expected.contains(source), "\(match) \(source)")
            }
        }
        let world = CalicoWorld(
            pods + Written.calico("one", "serviceAccountSelector: role == 'read', types: [Ingress]"))
        #expect(try !world.passes(b, a))
        #expect(try world.passes(b, c))
    }

    /// A destination beside ports narrows whom an ingress rule is about.
    @Test func theOwnEndNarrowsARule() throws {
        let world = CalicoWorld(
            Written.trio
                + Written.calico(
                    "one",
                    "ingress: [{action: Allow, destination: {selector: app == 'a'}}, {action: Allow, protocol: TCP, destination: {nets: [10.0.0.3/32], ports: [22]}}]"
                ))
        #expect(try world.tcp(b, a) == "0-65535")
        #expect(try world.tcp(b, c) == "22")
    }

    /// `EntityRule.Ports`: numbers, `first:last`, names of ports of that protocol at the destination; `notPorts` takes away.
    @Test(arguments: [
        ("ports: [80]", "80"), ("ports: ['80:82', 443]", "80-82,443"), ("ports: ['80']", "80"),
        ("ports: [web]", "8081"),
        ("ports: [web, 22]", "22,8081"), ("ports: [none]", ""), ("notPorts: [80]", "0-79,81-65535"),
        ("ports: ['80:90'], notPorts: [85]", "80-84,86-90"), ("ports: ['80:90'], notPorts: ['1:65535']", ""),
        ("ports: ['1:65535']", "1-65535"),
    ]) func portsAreNumbersRangesAndNames(ports: String, expected: String) throws {
        let world = CalicoWorld(
            Written.trio + Written.calico("two", "ingress: [{action: Allow, protocol: TCP, destination: {\(ports)}}]"))
        #expect(try world.tcp(a, b) == expected)
        #expect(try !world.passes(a, b, .udp, 80))
        #expect(world.serious == [])
    }

    @Test func sourcePortsNarrowARule() throws {
        let world = CalicoWorld(
            Written.trio
                + Written.calico(
                    "two",
                    "ingress: [{action: Allow, protocol: UDP, source: {ports: ['500:600']}, destination: {ports: [500]}}]"
                ))
        #expect(try world.passes(a, b, .udp, 500, sourcePort: 500))
        #expect(try !world.passes(a, b, .udp, 500, sourcePort: 601))
        #expect(try !world.passes(a, b, .udp, 501, sourcePort: 500))
    }

    /// A named port that is excluded, or the source's, covers at least what was written.
    @Test(arguments: [
        "destination: {notPorts: [web]}", "source: {ports: [web]}", "source: {ports: [9]}, destination: {ports: [web]}",
    ])
    func namedPortsThatDependOnTheirOwnerAreOpen(ends: String) throws {
        let world = CalicoWorld(
            Written.trio + Written.calico("two", "ingress: [{action: Allow, protocol: TCP, \(ends)}]"))
        #expect(try world.outcome(a, b, .tcp, 8081, sourcePort: 9) == .indeterminate(.ruleMeaning))
        #expect(world.serious == ["approximate-traffic"])
    }

    /// `Rule.Protocol` and `.NotProtocol`: names or numbers.
    @Test(
        arguments: [
            ("protocol: TCP", [6]), ("protocol: 6", [6]), ("protocol: '6'", [6]), ("protocol: UDPLite", [136]),
            ("protocol: 47", [47]),
            ("notProtocol: TCP", [1, 17, 47, 132, 136]), ("protocol: UDP, notProtocol: TCP", [17]),
            ("protocol: UDP, notProtocol: UDP", []),
            ("", [1, 6, 17, 47, 132, 136]),
        ] as [(String, Set<UInt8>)]) func protocolsAreNamesAndNumbers(written: String, expected: Set<UInt8>) throws
    {
        let rule = "{action: Allow" + (written.isEmpty ? "" : ", \(written)") + "}"
        let world = CalicoWorld(Written.trio + Written.calico("two", "ingress: [\(rule)]"))
        for number: UInt8 in [1, 6, 17, 47, 132, 136] {
            let proto = IPProtocol(rawValue: number)
            let passes = try world.passes(a, b, proto, 1, icmp: proto.isICMP ? ICMPMessage(type: 8, code: 0) : nil)
            #expect(passes == expected.contains(number), "\(number)")
        }
    }

    /// `ICMPFields`.
    @Test(arguments: [
        ("icmp: {type: 8}", [true, true, false]), ("icmp: {type: 8, code: 0}", [true, false, false]),
        ("icmp: {}", [true, true, true]),
        ("notICMP: {type: 8}", [false, false, true]), ("notICMP: {type: 8, code: 0}", [false, true, true]),
        ("icmp: {type: 8}, notICMP: {type: 8, code: 0}", [false, true, false]),
        ("icmp: {type: 8, code: 0}, notICMP: {type: 8}", [false, false, false]), ("", [true, true, true]),
    ]) func messagesAreTypesAndCodes(written: String, expected: [Bool]) throws {
        let rule = "{action: Allow, protocol: ICMP" + (written.isEmpty ? "" : ", \(written)") + "}"
        let world = CalicoWorld(Written.trio + Written.calico("two", "ingress: [\(rule)]"))
        let messages = [(8, 0), (8, 1), (0, 0)].map { ICMPMessage(type: $0.0, code: $0.1) }
        for (message, passes) in zip(messages, expected) {
            #expect(try world.passes(a, b, .icmp, 0, icmp: message) == passes, "\(message)")
        }
        #expect(try !world.passes(a, b))
    }

    /// `Rule.IPVersion`.
    @Test func anIPVersionNarrowsToItsFamily() throws {
        let pods =
            Written.namespace("one") + Written.namespace("two")
            + Written.pod("one", "a", status: "podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]")
            + Written.pod("two", "b", status: "podIPs: [{ip: 10.0.0.2}, {ip: 'fd00::2'}]")
        for (version, four, six) in [
            ("ipVersion: 4", true, false), ("ipVersion: 6", false, true), ("protocol: TCP", true, true),
        ] {
            let world = CalicoWorld(pods + Written.calico("two", "ingress: [{action: Allow, \(version)}]"))
            #expect(try world.passes("10.0.0.1", "10.0.0.2") == four)
            #expect(try world.passes("fd00::1", "fd00::2") == six)
        }
    }

    /// `Rule.HTTP`: only what looks into requests knows; everything else about the rule still narrows it.
    @Test func anHTTPMatchIsOpen() throws {
        let world = CalicoWorld(
            Written.trio
                + Written.calico(
                    "two",
                    "ingress: [{action: Allow, http: {methods: [GET]}, source: {namespaceSelector: all(), selector: app == 'a'}}]"
                ))
        #expect(try world.outcome(a, b) == .indeterminate(.ruleMeaning))
        #expect(try !world.passes(c, b))
        #expect(world.serious == ["http"])
    }

    /// `ServiceMatch`: the pods of the service, whose readiness the files do not say, at the ports that it sends to.
    @Test func aServiceIsOpen() throws {
        let service =
            "apiVersion: v1\nkind: Service\nmetadata: {namespace: two, name: s}\nspec: {selector: {app: b}, ports: [{port: 80, targetPort: web}]}\n---\n"
        let policy = Written.calico(
            "one", "selector: app == 'a', egress: [{action: Allow, destination: {services: {name: s, namespace: two}}}]"
        )
        let world = CalicoWorld(Written.trio + service + policy)
        #expect(try world.outcome(a, b, .tcp, 8081) == .indeterminate(.ruleMeaning))
        #expect(try !world.passes(a, b, .tcp, 80))
        #expect(try !world.passes(a, c, .tcp, 8081))
        #expect(world.serious == ["services"])
        // A service that the files do not have may be anybody.
        let other = CalicoWorld(Written.trio + policy)
        #expect(try other.outcome(a, c, .tcp, 1) == .indeterminate(.ruleMeaning))
    }

    /// A set with domains may hold more than its addresses.
    @Test func domainsAreOpen() throws {
        let set = Written.networkSet("d", "role: out", "198.51.100.0/24").replacing(
            "nets:", with: "allowedEgressDomains: [example.com], nets:")
        let allow = CalicoWorld(
            Written.trio + set
                + Written.calico(
                    nil, "selector: app == 'a', egress: [{action: Allow, destination: {selector: role == 'out'}}]"))
        #expect(try allow.passes(a, outside))
        #expect(try allow.outcome(a, "203.0.113.1") == .indeterminate(.ruleMeaning))
        let others = CalicoWorld(
            Written.trio + set
                + Written.calico(
                    nil, "selector: app == 'a', egress: [{action: Allow, destination: {notSelector: role == 'out'}}]"))
        #expect(try !others.passes(a, outside))
        #expect(try others.outcome(a, "203.0.113.1") == .indeterminate(.ruleMeaning))
        #expect(others.serious == ["domain-names"])
    }

    @Test(arguments: [
        "when: always", "source: {domains: [a.example]}", "destination: {serviceAccounts: {names: [default], x: y}}",
    ])
    func anUnknownFieldMakesTheRuleOpen(field: String) throws {
        let world = CalicoWorld(
            Written.trio + Written.calico(nil, "selector: app == 'b', ingress: [{action: Allow, \(field)}]"))
        #expect(try world.outcome(a, b) == .indeterminate(.ruleMeaning))
        #expect(world.serious == ["unknown-field"])
    }

    /// A workload whose address the files do not state lies in the block of all addresses and in no smaller one.
    @Test func blocksDoNotHoldForUnknownAddresses() throws {
        let pods = Written.pair
        for (nets, passes) in [("0.0.0.0/0", true), ("128.0.0.0/1", false), ("10.0.0.0/8", false)] {
            let world = CalicoWorld(
                pods + Written.calico("two", "ingress: [{action: Allow, source: {nets: [\(nets)]}}]"))
            #expect(try world.passes(a, b) == passes, "\(nets)")
            let set = CalicoWorld(
                pods + Written.networkSet("s", "x: y", nets)
                    + Written.calico(
                        nil, "selector: app == 'b', ingress: [{action: Allow, source: {selector: x == 'y'}}]"))
            #expect(try set.passes(a, b) == passes, "set \(nets)")
        }
    }
}
