import NetworkTypes
import PolicyModel
import Testing

@testable import Dialects

/// What the words of a policy file mean; sources stand in `docs/dialects/tailscale.md`.
@Suite struct TailscaleMeaningTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var rules: String
        var flow: (String, String, IPProtocol, UInt16)
        var outcome: Outcome
        var testDescription: String { name }

        init(_ name: String, _ rules: String, _ source: String, _ destination: String, _ outcome: Outcome) {
            self.init(name, rules, source, destination, .tcp, 443, outcome)
        }

        init(
            _ name: String, _ rules: String, _ source: String, _ destination: String, _ proto: IPProtocol,
            _ port: UInt16,
            _ outcome: Outcome
        ) {
            self.name = name
            self.rules = rules
            flow = (source, destination, proto, port)
            self.outcome = outcome
        }
    }

    static func acl(_ source: String, _ destination: String, _ more: String = "") -> String {
        #""acls": [{"action": "accept", "src": ["\#(source)"], "dst": ["\#(destination)"]\#(more)}]"#
    }

    static func grant(_ source: String, _ destination: String, _ ip: String, _ more: String = "") -> String {
        #""grants": [{"src": ["\#(source)"], "dst": ["\#(destination)"], "ip": ["\#(ip)"]\#(more)}]"#
    }

    static let (ann, ann2, bob, web, db, router, exit) = (
        "100.64.0.1", "100.64.0.2", "100.64.0.3", "100.64.0.10", "100.64.0.20", "100.64.0.30", "100.64.0.40"
    )

    static let cases: [Case] = [
        // Nothing written, and nothing granted (https://tailscale.com/kb/1337/acl-syntax).
        Case("absentRulesAllowAll", "", ann, db, .allowed),
        Case("emptyAclsDenyAll", #""acls": []"#, ann, db, .denied),
        Case("emptyGrantsDenyAll", #""grants": []"#, ann, db, .denied),
        // Whom a selector holds.
        Case("aGroupHoldsItsUsers", acl("group:dev", "tag:web:443"), bob, web, .allowed),
        Case("anEmptyGroupHoldsNobody", acl("group:none", "tag:web:443"), bob, web, .denied),
        Case("aUserHoldsUntaggedDevicesOnly", acl("ann@example.com", "*:*"), web, bob, .denied),
        Case("aUserHoldsAllItsDevices", acl("ann@example.com", "*:*"), ann2, bob, .allowed),
        Case("aDomainHoldsItsUsers", acl("user:*@example.org", "*:*"), bob, web, .allowed),
        Case("aDomainHoldsNoOthers", acl("user:*@example.org", "*:*"), ann, web, .denied),
        Case("everyTagOfADeviceCounts", acl("bob@example.org", "tag:web:443"), bob, db, .allowed),
        Case("memberIsUntagged", acl("autogroup:member", "*:*"), web, db, .denied),
        Case("taggedIsTagged", acl("autogroup:tagged", "*:*"), web, db, .allowed),
        Case("aHostIsItsAddressAlone", acl("*", "db:443"), ann, db, .allowed),
        Case("aHostIsNotItsOtherFamily", acl("*", "db:443"), "fd7a:115c:a1e0::1", "fd7a:115c:a1e0::20", .denied),
        Case("selfIsTheSameUser", acl("autogroup:member", "autogroup:self:443"), ann, ann2, .allowed),
        Case("selfIsNobodyElse", acl("autogroup:member", "autogroup:self:443"), ann, bob, .denied),
        Case("selfIsNoTaggedDevice", acl("ann@example.com", "autogroup:self:443"), ann, web, .denied),
        Case("selfOfEverybodyIsSelf", acl("*", "autogroup:self:443"), bob, ann, .denied),
        // What a star is: the tailnet's addresses and approved subnets as a source, everything as a destination.
        Case("starIsApprovedSubnetsToo", acl("*", "tag:web:443"), "10.33.1.1", web, .allowed),
        Case("starIsNoUnapprovedSubnet", acl("*", "tag:web:443"), "10.44.1.1", web, .denied),
        Case("starIsNoUnannouncedSubnet", acl("*", "tag:web:443"), "10.55.1.1", web, .denied),
        Case("starIsNotTheInternet", acl("*", "tag:web:443"), "8.8.8.8", web, .denied),
        Case("starIsNotWhatChromeOSUses", acl("*", "tag:web:443"), "100.115.92.9", web, .denied),
        Case("dangerAllIsEverybody", acl("autogroup:danger-all", "tag:web:443"), "8.8.8.8", web, .allowed),
        // Routers and exit nodes.
        Case("aRouterPassesOnItsSubnet", acl("bob@example.org", "net:443"), bob, "10.33.0.5", .allowed),
        Case("aBlockIsNotItsRouter", acl("bob@example.org", "net:443"), bob, router, .denied),
        Case("aRouterIsNotItsSubnet", acl("bob@example.org", "tag:router:443"), bob, "10.33.0.5", .denied),
        Case("theInternetNeedsItsWord", acl("bob@example.org", "tag:exit:*"), bob, "8.8.8.8", .denied),
        Case("theInternetIsPublic", acl("bob@example.org", "autogroup:internet:*"), bob, "8.8.8.8", .allowed),
        Case("theInternetIsNotPrivate", acl("bob@example.org", "autogroup:internet:*"), bob, "192.168.1.1", .denied),
        Case("theInternetIsNoDevice", acl("bob@example.org", "autogroup:internet:*"), bob, exit, .denied),
        Case("publicBlocksReachExitNodes", acl("bob@example.org", "8.8.8.0/24:53"), bob, "8.8.8.8", .udp, 53, .allowed),
        Case("starReachesExitNodes", acl("bob@example.org", "*:*"), bob, "2001:db8::1", .allowed),
        // Services.
        Case("noProtocolMeansFour", acl("*", "tag:web:443"), ann, web, .udp, 443, .allowed),
        Case("icmpIgnoresPorts", acl("*", "tag:web:443"), ann, web, .icmp, 0, .allowed),
        Case("noProtocolIsNotSCTP", acl("*", "tag:web:*"), ann, web, .sctp, 443, .denied),
        Case("aNamedProtocolIsThatAlone", acl("*", "tag:web:443", #", "proto": "tcp""#), ann, web, .udp, 443, .denied),
        Case("aNumberNamesAProtocol", acl("*", "tag:web:*", #", "proto": "47""#), ann, web, .gre, 0, .allowed),
        Case("portsMayBeListed", acl("*", "tag:web:22,80-443"), ann, web, .tcp, 80, .allowed),
        Case("rangesEnd", acl("*", "tag:web:22,80-443"), ann, web, .tcp, 444, .denied),
        Case("aNumberInAGrantIsAPort", grant("*", "tag:web", "47"), ann, web, .gre, 0, .denied),
        Case("aGrantNamesItsProtocol", grant("*", "tag:web", "sctp:80-90"), ann, web, .sctp, 90, .allowed),
        Case("starInAGrantMeansFour", grant("*", "tag:web", "*"), ann, web, .sctp, 90, .denied),
        // Directions.
        Case("answersNeedNoRuleOfTheirOwn", acl("ann@example.com", "tag:web:443"), web, ann, .denied),
        Case("nobodyHasAnUnknownAddress", acl("*", "*:*"), ann, "100.64.0.99", .denied),
        // Outside of the tailnet its policy has no say.
        Case("strangersAreNotItsBusiness", acl("ann@example.com", "tag:web:443"), "192.0.2.1", "192.0.2.2", .allowed),
        // In part.
        Case(
            "aPostureIsMay", acl("*", "tag:web:443", #", "srcPosture": ["node:os == 'linux'"]"#), ann, web,
            .indeterminate(.ruleMeaning)),
        Case("aRoleIsMay", acl("autogroup:admin", "tag:web:443"), ann, web, .indeterminate(.ruleMeaning)),
        Case("aRoleIsNoTag", acl("autogroup:admin", "tag:web:443"), db, web, .denied),
        Case(
            "viaIsMay", grant("bob@example.org", "10.33.0.0/16", "*", #", "via": ["tag:router"]"#), bob, "10.33.0.5",
            .indeterminate(.ruleMeaning)),
        Case(
            "viaAnotherTagIsNothing", grant("bob@example.org", "10.33.0.0/16", "*", #", "via": ["tag:web"]"#), bob,
            "10.33.0.5", .denied),
    ]

    @Test(arguments: cases) func wordsMean(_ test: Case) {
        let world = TailscaleWorld(test.rules)
        #expect(world.errors.isEmpty, "\(world.errors)")
        let (source, destination, proto, port) = test.flow
        #expect(world.outcome(source, destination, proto, port) == test.outcome)
    }

    @Test func ipSetsAddAndRemove() {
        let world = TailscaleWorld(
            """
            "ipsets": {"ipset:a": ["add 10.33.0.0/16", "remove ipset:b"], "ipset:b": ["10.33.7.0/24", "db"]},
            "acls": [{"action": "accept", "src": ["*"], "dst": ["ipset:a:*"]}]
            """)
        #expect(world.errors.isEmpty, "\(world.errors)")
        #expect(world.outcome(Self.ann, "10.33.6.1") == .allowed)
        #expect(world.outcome(Self.ann, "10.33.7.1") == .denied)
    }

    @Test func withoutExitNodesTheTailnetCarriesNothingToTheInternet() {
        let world = TailscaleWorld(Self.acl("*", "*:*"), devices: TailscaleWorld.devicesWithoutExit)
        #expect(world.outcome(Self.ann, "8.8.8.8") == .denied)
        #expect(world.outcome(Self.ann, Self.bob) == .allowed)
    }

    @Test func shieldsUpDeniesWhatRulesAllow() {
        let shielded = TailscaleWorld.devices.replacing(
            "\"name\": \"web.example.ts.net\"",
            with: "\"blocksIncomingConnections\": true, \"name\": \"web.example.ts.net\"")
        let world = TailscaleWorld(Self.acl("*", "*:*"), devices: shielded)
        #expect(world.outcome(Self.ann, Self.web) == .denied)
        #expect(world.outcome(Self.ann, Self.db) == .allowed)
    }

    @Test func aSharedDeviceIsNoMemberAndIsMay() {
        let shared = TailscaleWorld.devices.replacing(
            "\"name\": \"bob.example.ts.net\"", with: "\"isExternal\": true, \"name\": \"bob.other.ts.net\"")
        let world = TailscaleWorld(Self.acl("autogroup:member", "*:*"), devices: shared)
        #expect(world.outcome(Self.bob, Self.web) == .denied)
        #expect(world.outcome(Self.ann, Self.bob) == .indeterminate(.ruleMeaning))
        #expect(world.outcome(Self.ann, Self.web) == .allowed)
    }

    @Test func everyRuleHasItsPlace() {
        let world = TailscaleWorld(
            text:
                "{\n  // a comment\n  \"acls\": [\n    {\"action\": \"accept\", \"src\": [\"*\"], \"dst\": [\"*:*\"]},\n  ],\n}"
        )
        #expect(world.errors.isEmpty, "\(world.errors)")
        #expect(
            world.reading.origins["tailscale/acls/1"]?.location
                == Diagnostic.Location(file: "policy.hujson", line: 4, column: 5))
    }

    @Test func devicesBecomeLabelledWorkloads() throws {
        let world = TailscaleWorld("\"acls\": []")
        let db = try #require(world.reading.workloads.first { $0.id == "db" })
        #expect(
            db.labels.map { "\($0.key)=\($0.value)" }.sorted() == ["tag/db=true", "tag/web=true", "tailnet=tagged"])
        let ann = try #require(world.reading.workloads.first { $0.id == "ann" })
        #expect(ann.labels.map { "\($0.key)=\($0.value)" }.sorted() == ["tailnet=member", "user=ann@example.com"])
        #expect(ann.mode == nil && ann.addresses.count == 2)
    }
}
