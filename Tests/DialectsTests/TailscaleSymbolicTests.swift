import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

@testable import Dialects

enum PolicySourceFixture {
    static let open = PolicySource(name: "policy.hujson", text: "{}")
    static let options = DialectOptions(now: Instant(rawValue: 0))
}

/// Without devices, what the policy names is answered for by stand-ins.
@Suite struct TailscaleSymbolicTests {
    static let world = TailscaleWorld(
        """
        "acls": [{"action": "accept", "src": ["group:dev"], "dst": ["tag:web:443", "net:80", "autogroup:self:22"]}]
        """, devices: nil)

    private static func address(_ id: WorkloadID, in world: TailscaleWorld = world) -> String {
        world.reading.workloads.first { $0.id == id }?.addresses.first { $0.family == .ipv4 }?.description ?? ""
    }

    @Test func everyNameHasAStandIn() {
        let ids = Set(Self.world.reading.workloads.map(\.id))
        for id: WorkloadID in ["ann@example.com", "bob@example.org", "tag:web", "tag:db", "autogroup:member"] {
            #expect(ids.contains(id))
        }
        #expect(Self.world.reading.standIns.count == Self.world.reading.workloads.count)
    }

    @Test func namesAreAnsweredExactly() {
        let (bob, web, db) = (Self.address("bob@example.org"), Self.address("tag:web"), Self.address("tag:db"))
        #expect(Self.world.outcome(bob, web, .tcp, 443) == .allowed)
        #expect(Self.world.outcome(bob, web, .tcp, 80) == .denied)
        #expect(Self.world.outcome(bob, db, .tcp, 443) == .denied)
        #expect(Self.world.outcome(Self.address("autogroup:member"), web, .tcp, 443) == .denied)
        #expect(Self.world.outcome(bob, Self.address("bob@example.org/2"), .tcp, 22) == .allowed)
        #expect(Self.world.outcome(bob, Self.address("ann@example.com/2"), .tcp, 22) == .denied)
    }

    @Test func whatOnlyDevicesTellIsMay() {
        let bob = Self.address("bob@example.org")
        // Whether a router serves it.
        #expect(Self.world.outcome(bob, "10.33.0.5", .tcp, 80) == .indeterminate(.ruleMeaning))
        // Whose it is.
        #expect(Self.world.outcome(bob, "100.64.0.10", .tcp, 443) == .indeterminate(.ruleMeaning))
        #expect(Self.world.outcome("100.64.0.3", Self.address("tag:web"), .tcp, 443) == .indeterminate(.ruleMeaning))
        #expect(Self.world.reading.isPartial && !Self.world.reading.hasErrors)
    }

    @Test func testsAreRunOverNames() {
        let acl = #""acls": [{"action": "accept", "src": ["ann@example.com"], "dst": ["tag:web:443"]}], "#
        let passes = TailscaleWorld(
            acl + #""tests": [{"src": "ann@example.com", "accept": ["tag:web:443"]}]"#, devices: nil)
        #expect(passes.errors.isEmpty, "\(passes.errors)")
        let fails = TailscaleWorld(
            acl + #""tests": [{"src": "bob@example.org", "accept": ["tag:web:443"]}]"#, devices: nil)
        #expect(fails.errors.map(\.code) == ["test-failed"])
    }

    @Test func standInsAvoidWhatThePolicyNames() {
        let world = TailscaleWorld(
            text: #"{"hosts": {"top": "100.127.0.0/16"}, "tagOwners": {"tag:a": []}, "acls": []}"#, devices: nil)
        let named = Prefix("100.127.0.0/16")
        #expect(world.reading.standIns.allSatisfy { named?.contains($0) == false })
    }
}
