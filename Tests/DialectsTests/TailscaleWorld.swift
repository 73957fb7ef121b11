import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

@testable import Dialects

/// A small tailnet for tests: people, servers, a router of 10.33.0.0/16 and an exit node.
struct TailscaleWorld {
    let reading: DialectPolicy
    let engine: PolicyEngine

    static let definitions = """
        "groups": {"group:dev": ["ann@example.com", "bob@example.org"], "group:none": []},
        "hosts": {"db": "100.64.0.20", "net": "10.0.0.0/8"},
        "tagOwners": {"tag:web": ["ann@example.com"], "tag:db": [], "tag:router": [], "tag:exit": [], "tag:unused": []},
        """

    /// Name, addresses, then what else the API says.
    static let devices = """
        {"devices": [
          {"name": "ann.example.ts.net", "addresses": ["100.64.0.1", "fd7a:115c:a1e0::1"], "user": "ann@example.com"},
          {"name": "ann2.example.ts.net", "addresses": ["100.64.0.2", "fd7a:115c:a1e0::2"], "user": "ann@example.com"},
          {"name": "bob.example.ts.net", "addresses": ["100.64.0.3", "fd7a:115c:a1e0::3"], "user": "bob@example.org"},
          {"name": "web.example.ts.net", "addresses": ["100.64.0.10", "fd7a:115c:a1e0::10"], "user": "ann@example.com",
           "tags": ["tag:web"]},
          {"name": "db.example.ts.net", "addresses": ["100.64.0.20", "fd7a:115c:a1e0::20"], "tags": ["tag:db", "tag:web"]},
          {"name": "router.example.ts.net", "addresses": ["100.64.0.30", "fd7a:115c:a1e0::30"], "tags": ["tag:router"],
           "advertisedRoutes": ["10.33.0.0/16", "10.44.0.0/16"], "enabledRoutes": ["10.33.0.0/16", "10.55.0.0/16"]},
          {"name": "exit.example.ts.net", "addresses": ["100.64.0.40", "fd7a:115c:a1e0::40"], "tags": ["tag:exit"],
           "advertisedRoutes": ["0.0.0.0/0", "::/0"], "enabledRoutes": ["0.0.0.0/0", "::/0"]},
        ]}
        """

    /// The same without its exit node's routes.
    static let devicesWithoutExit = devices.replacing(
        "\"enabledRoutes\": [\"0.0.0.0/0\", \"::/0\"]", with: "\"enabledRoutes\": []")

    init(_ rules: String, devices: String? = Self.devices) {
        self.init(text: "{\(Self.definitions)\(rules)}", devices: devices)
    }

    init(text: String, devices: String? = Self.devices) {
        reading = TailscaleReader.read(
            [PolicySource(name: "policy.hujson", text: text)],
            DialectOptions(
                now: Instant(rawValue: 0), devices: devices.map { PolicySource(name: "devices.json", text: $0) }))
        engine = PolicyEngine(workloads: reading.workloads, policy: reading.policy)
    }

    var errors: [Diagnostic] { reading.findings.map(\.diagnostic).filter { $0.severity == .error } }

    /// What becomes of a flow; nil when an address is none.
    func outcome(_ source: String, _ destination: String, _ proto: IPProtocol = .tcp, _ port: UInt16 = 443) -> Outcome?
    {
        guard let source = IPAddress(source), let destination = IPAddress(destination) else { return nil }
        let flow = Flow(
            source: FlowEnd(source), destination: FlowEnd(destination), proto: proto, sourcePort: 40_000,
            destinationPort: proto.hasPorts ? port : 0)
        return engine.decide(flow, at: Instant(rawValue: 0)).policy.outcome
    }
}
