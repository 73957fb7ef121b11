import PolicyModel
import Testing

@testable import Dialects

/// What the hosted service refuses is refused, with its place; what it takes is taken.
@Suite struct TailscaleRefusalTests {
    typealias Row = (name: String, code: String, rules: String)

    static let refused: [Row] = [
        ("anUndefinedTag", "undefined-tag", TailscaleMeaningTests.acl("tag:nobody", "tag:web:22")),
        ("anUndefinedTagAsDestination", "undefined-tag", TailscaleMeaningTests.acl("*", "tag:nobody:22")),
        ("anUndefinedGroup", "undefined-group", TailscaleMeaningTests.acl("group:nobody", "tag:web:22")),
        ("anUndefinedHost", "undefined-host", TailscaleMeaningTests.acl("*", "nowhere:22")),
        ("anUndefinedSet", "undefined-ipset", TailscaleMeaningTests.acl("*", "ipset:none:22")),
        (
            "anUndefinedPosture", "undefined-posture",
            TailscaleMeaningTests.acl("*", "*:*", #", "srcPosture": ["posture:x"]"#)
        ),
        ("anUnknownAutogroup", "unknown-autogroup", TailscaleMeaningTests.acl("autogroup:nobody", "tag:web:22")),
        ("selfAsSource", "not-a-source", TailscaleMeaningTests.acl("autogroup:self", "tag:web:22")),
        ("internetAsSource", "not-a-source", TailscaleMeaningTests.acl("autogroup:internet", "tag:web:22")),
        ("dangerAllAsDestination", "not-a-destination", TailscaleMeaningTests.acl("*", "autogroup:danger-all:22")),
        ("selfOfTags", "self-needs-people", TailscaleMeaningTests.acl("tag:web", "autogroup:self:22")),
        ("selfOfTagged", "self-needs-people", TailscaleMeaningTests.acl("autogroup:tagged", "autogroup:self:22")),
        ("selfOfEverybodyInAGrant", "self-needs-people", TailscaleMeaningTests.grant("*", "autogroup:self", "22")),
        ("aDenyAction", "invalid-action", #""acls": [{"action": "deny", "src": ["*"], "dst": ["*:*"]}]"#),
        ("noAction", "missing-key", #""acls": [{"src": ["*"], "dst": ["*:*"]}]"#),
        ("noPorts", "missing-ports", TailscaleMeaningTests.acl("*", "*")),
        ("namedPorts", "invalid-port", TailscaleMeaningTests.acl("*", "tag:web:ssh")),
        ("portZero", "invalid-port", TailscaleMeaningTests.acl("*", "tag:web:0")),
        ("aPortTooHigh", "invalid-port", TailscaleMeaningTests.acl("*", "tag:web:65536")),
        ("aNegativePort", "invalid-port", TailscaleMeaningTests.acl("*", "tag:web:-1")),
        ("aReversedRange", "reversed-range", TailscaleMeaningTests.acl("*", "tag:web:90-80")),
        ("anOpenRange", "invalid-port", TailscaleMeaningTests.acl("*", "tag:web:80-")),
        ("anUnknownProtocol", "unknown-protocol", TailscaleMeaningTests.acl("*", "tag:web:*", #", "proto": "ssh""#)),
        ("aStarAsProtocol", "unknown-protocol", TailscaleMeaningTests.acl("*", "tag:web:*", #", "proto": "*""#)),
        ("aProtocolOutOfRange", "unknown-protocol", TailscaleMeaningTests.acl("*", "tag:web:*", #", "proto": "256""#)),
        ("aLeadingZero", "unknown-protocol", TailscaleMeaningTests.acl("*", "tag:web:*", #", "proto": "06""#)),
        (
            "portsWithoutPorts", "ports-without-ports",
            TailscaleMeaningTests.acl("*", "tag:web:22", #", "proto": "icmp""#)
        ),
        ("twoColonsInAGrant", "invalid-service", TailscaleMeaningTests.grant("*", "tag:web", "tcp:80:90")),
        ("aGrantOfNothing", "missing-key", #""grants": [{"src": ["*"], "dst": ["*"]}]"#),
        ("aGrantOfEmptyIP", "missing-key", #""grants": [{"src": ["*"], "dst": ["*"], "ip": []}]"#),
        ("aGrantOfEmptyApp", "missing-key", #""grants": [{"src": ["*"], "dst": ["*"], "app": {}}]"#),
        ("aGrantOfTheDefaultRoute", "default-route", TailscaleMeaningTests.grant("*", "0.0.0.0/0", "*")),
        (
            "aCapabilityWithScheme", "invalid-capability",
            #""grants": [{"src": ["*"], "dst": ["*"], "app": {"https://example.com/cap/x": []}}]"#
        ),
        (
            "aCapabilityOfTailscale", "invalid-capability",
            #""grants": [{"src": ["*"], "dst": ["*"], "app": {"tailscale.com/cap/funnel": []}}]"#
        ),
        ("viaNoTag", "invalid-tag", TailscaleMeaningTests.grant("*", "10.33.0.0/16", "*", #", "via": ["router"]"#)),
        (
            "viaAnUndefinedTag", "undefined-tag",
            TailscaleMeaningTests.grant("*", "10.33.0.0/16", "*", #", "via": ["tag:nobody"]"#)
        ),
        ("anUnknownSection", "unknown-key", #""acl": []"#),
        ("anUnknownKey", "unknown-key", #""acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"], "ports2": []}]"#),
        ("sectionsTwiceInTwoCases", "duplicate-key", #""acls": [], "ACLs": []"#),
        ("rulesThatAreNone", "wrong-kind", #""acls": {}"#),
        ("aSourceThatIsNoText", "wrong-kind", #""acls": [{"action": "accept", "src": [1], "dst": ["*:*"]}]"#),
        (
            "anApproverThatIsUndefined", "undefined-tag",
            #""acls": [], "autoApprovers": {"routes": {"10.0.0.0/8": ["tag:nobody"]}}"#
        ),
        (
            "anAttributeOfNobody", "undefined-group",
            #""acls": [], "nodeAttrs": [{"target": ["group:nobody"], "attr": ["x"]}]"#
        ),
        ("aCircularSet", "circular-ipset", #""acls": [], "ipsets": {"ipset:a": ["ipset:b"], "ipset:b": ["ipset:a"]}"#),
        ("aSetOfPeople", "invalid-ipset", #""acls": [], "ipsets": {"ipset:a": ["tag:web"]}"#),
        (
            "anSSHRuleOfNobody", "missing-key",
            #""acls": [], "ssh": [{"action": "accept", "src": ["*"], "dst": ["tag:web"]}]"#
        ),
        (
            "anSSHRuleForEveryLogin", "invalid-user",
            #""acls": [], "ssh": [{"action": "accept", "src": ["group:dev"], "dst": ["tag:web"], "users": ["*"]}]"#
        ),
        (
            "anSSHRuleToEverything", "not-a-destination",
            #""acls": [], "ssh": [{"action": "accept", "src": ["group:dev"], "dst": ["*"], "users": ["root"]}]"#
        ),
        (
            "anSSHRuleFromTagsToPeople", "tags-to-people",
            #""acls": [], "ssh": [{"action": "check", "src": ["tag:web"], "dst": ["autogroup:member"], "users": ["root"]}]"#
        ),
        (
            "anSSHTestOfNobody", "missing-key", #""acls": [], "sshTests": [{"dst": ["tag:web"], "accept": ["root"]}]"#
        ),
    ]

    static let testsRefused: [Row] = [
        ("aDeniedAccept", "test-failed", #"{"src": "bob@example.org", "accept": ["tag:web:443"]}"#),
        ("anAcceptedDeny", "test-failed", #"{"src": "ann@example.com", "deny": ["tag:web:443"]}"#),
        ("anotherPort", "test-failed", #"{"src": "ann@example.com", "accept": ["tag:web:80"]}"#),
        ("anotherProtocol", "test-failed", #"{"src": "ann@example.com", "proto": "udp", "accept": ["tag:web:443"]}"#),
        ("partOfTheSource", "test-failed", #"{"src": "group:dev", "accept": ["tag:web:443"]}"#),
        ("anUnknownUser", "test-failed", #"{"src": "eve@example.com", "deny": ["tag:web:443"]}"#),
        ("aTagOfNoDevice", "test-failed", #"{"src": "ann@example.com", "deny": ["tag:unused:443"]}"#),
        ("selfOfATag", "test-failed", #"{"src": "tag:web", "deny": ["autogroup:self:443"]}"#),
        ("noSource", "missing-key", #"{"accept": ["tag:web:443"]}"#),
        ("anEmptySource", "missing-key", #"{"src": "", "accept": ["tag:web:443"]}"#),
        ("noClaim", "missing-key", #"{"src": "ann@example.com"}"#),
        ("manyPorts", "test-destination", #"{"src": "ann@example.com", "accept": ["tag:web:443-444"]}"#),
        ("everyPort", "test-destination", #"{"src": "ann@example.com", "accept": ["tag:web:*"]}"#),
        ("aBlock", "test-destination", #"{"src": "ann@example.com", "deny": ["10.0.0.0/8:443"]}"#),
        ("aHostThatIsABlock", "test-destination", #"{"src": "ann@example.com", "deny": ["net:443"]}"#),
        ("theInternet", "test-destination", #"{"src": "ann@example.com", "deny": ["autogroup:internet:443"]}"#),
        (
            "aProtocolWithoutPorts", "test-protocol",
            #"{"src": "ann@example.com", "proto": "icmp", "deny": ["tag:web:443"]}"#
        ),
        ("badPorts", "invalid-port", #"{"src": "ann@example.com", "deny": ["tag:web:https"]}"#),
        ("anUndefinedTag", "undefined-tag", #"{"src": "tag:nobody", "deny": ["tag:web:443"]}"#),
        ("anUndefinedHost", "undefined-host", #"{"src": "ann@example.com", "deny": ["nowhere:443"]}"#),
    ]

    static let testsAccepted: [(name: String, test: String)] = [
        ("anAccept", #"{"src": "ann@example.com", "accept": ["tag:web:443"]}"#),
        ("aDeny", #"{"src": "bob@example.org", "deny": ["tag:web:443", "db:22"]}"#),
        ("aNumericProtocol", #"{"src": "ann@example.com", "proto": "6", "accept": ["tag:web:443"]}"#),
        ("anEmptyProtocol", #"{"src": "ann@example.com", "proto": "", "accept": ["tag:web:443"]}"#),
        ("anAddress", #"{"src": "ann@example.com", "accept": ["100.64.0.10:443", "[fd7a:115c:a1e0::10]:443"]}"#),
        (
            "twice",
            #"{"src": "ann@example.com", "accept": ["tag:web:443"]}, {"src": "ann@example.com", "accept": ["tag:web:443"]}"#
        ),
    ]

    static let base =
        #""acls": [{"action": "accept", "proto": "tcp", "src": ["ann@example.com"], "dst": ["tag:web:443"]}], "tests": ["#

    @Test(arguments: refused.map(\.name)) func isRefused(_ name: String) throws {
        let row = try #require(Self.refused.first { $0.name == name })
        let world = TailscaleWorld(row.rules)
        #expect(world.errors.map(\.code) == [row.code], "\(world.errors)")
        #expect(world.errors.allSatisfy { ($0.location?.line ?? 0) > 0 })
        #expect(world.outcome("100.64.0.1", "100.64.0.10") == .indeterminate(.ruleMeaning))
        #expect(world.reading.workloads.isEmpty)
    }

    @Test(arguments: testsRefused.map(\.name)) func failingTestsRefuseThePolicy(_ name: String) throws {
        let row = try #require(Self.testsRefused.first { $0.name == name })
        let world = TailscaleWorld(Self.base + row.rules + "]")
        #expect(world.errors.map(\.code) == [row.code], "\(world.errors)")
    }

    @Test(arguments: testsAccepted.map(\.name)) func passingTestsDoNot(_ name: String) throws {
        let row = try #require(Self.testsAccepted.first { $0.name == name })
        let world = TailscaleWorld(Self.base + row.test + "]")
        #expect(world.errors.isEmpty, "\(world.errors)")
        #expect(world.outcome("100.64.0.1", "100.64.0.10") == .allowed)
    }

    @Test func groupsHoldNoGroups() {
        let world = TailscaleWorld(text: #"{"groups": {"group:a": ["group:b"], "group:b": []}, "acls": []}"#)
        #expect(world.errors.map(\.code) == ["nested-group"])
    }

    @Test func ownersMustBeDefined() {
        let world = TailscaleWorld(text: #"{"tagOwners": {"tag:a": ["group:b", "tag:c"]}, "acls": []}"#)
        #expect(world.errors.map(\.code).sorted() == ["undefined-group", "undefined-tag"])
    }

    @Test func oneTailnetHasOneFile() {
        let source = PolicySourceFixture.open
        let reading = TailscaleReader.read([source, source], PolicySourceFixture.options)
        #expect(reading.hasErrors)
        #expect(TailscaleReader.read([], PolicySourceFixture.options).hasErrors)
    }

    @Test func brokenDevicesRefuseToo() {
        let world = TailscaleWorld("\"acls\": []", devices: #"{"devices": [{"name": "a", "addresses": ["nowhere"]}]}"#)
        #expect(world.errors.map(\.code) == ["invalid-address"])
        #expect(world.errors.first?.location?.file == "devices.json")
    }
}
