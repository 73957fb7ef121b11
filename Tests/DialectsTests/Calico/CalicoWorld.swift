import Dialects
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// Manifests of a test, read as the state of a cluster that runs Calico, with what may be asked of them.
struct CalicoWorld {
    let read: DialectPolicy
    private let engine: PolicyEngine
    private let addresses: [String: IPAddress]

    init(_ texts: String...) {
        self.init(texts.enumerated().map { PolicySource(name: "\($0.offset).yaml", text: $0.element) })
    }

    init(_ sources: [PolicySource], families: [AddressFamily] = [.ipv4]) {
        read = CalicoReader.read(sources, DialectOptions(now: Instant(rawValue: 0), standInFamilies: families))
        engine = PolicyEngine(workloads: read.workloads, policy: read.policy)
        var addresses: [String: IPAddress] = [:]
        for workload in read.workloads { addresses[workload.id.rawValue] = workload.addresses.first }
        self.addresses = addresses
    }

    /// What happens to a flow; ends are workloads, by identifier, or addresses.
    func outcome(
        _ source: String, _ destination: String, _ proto: IPProtocol = .tcp, _ port: UInt16 = 80,
        icmp: ICMPMessage? = nil, sourcePort: UInt16 = 40_000
    ) throws -> Outcome {
        let flow = Flow(
            source: FlowEnd(try #require(addresses[source] ?? IPAddress(source), "\(source)")),
            destination: FlowEnd(try #require(addresses[destination] ?? IPAddress(destination), "\(destination)")),
            proto: proto, sourcePort: sourcePort, destinationPort: port, icmp: icmp)
        return engine.decide(flow, at: Instant(rawValue: 0)).policy.outcome
    }

    /// Whether a flow is certain to pass.
    func passes(
        _ source: String, _ destination: String, _ proto: IPProtocol = .tcp, _ port: UInt16 = 80,
        icmp: ICMPMessage? = nil, sourcePort: UInt16 = 40_000
    ) throws -> Bool {
        let outcome = try outcome(source, destination, proto, port, icmp: icmp, sourcePort: sourcePort)
        #expect(outcome == .allowed || outcome == .denied, "\(source) => \(destination): \(outcome)")
        return outcome == .allowed
    }

    /// The TCP ports that some source may reach, by the names of both ends; nothing is sampled.
    func tcp(_ source: String, _ destination: String) throws -> String {
        let connectivity = Connectivity(engine, at: Instant(rawValue: 0))
        let from = try #require(connectivity.ends(of: WorkloadID(rawValue: source)).first)
        let to = try #require(connectivity.ends(of: WorkloadID(rawValue: destination)).first)
        let traffic = connectivity.traffic(from: from, to: to)
        #expect(traffic.must == traffic.may)
        return traffic.must.ports(.tcp).text
    }

    /// The findings as `code effect line`.
    var findings: [String] {
        read.findings.map { "\($0.diagnostic.code) \($0.effect.rawValue) \($0.diagnostic.location?.line ?? 0)" }
    }

    /// The codes of the findings that touch answers.
    var serious: [String] { read.findings.filter { $0.effect != .none }.map(\.diagnostic.code) }
}

extension Written {
    /// A policy of Calico; without a namespace a GlobalNetworkPolicy.
    static func calico(_ namespace: String? = nil, _ spec: String, name: String = "p") -> String {
        """
        apiVersion: projectcalico.org/v3
        kind: \(namespace == nil ? "GlobalNetworkPolicy" : "NetworkPolicy")
        metadata: {name: \(name)\(namespace.map { ", namespace: \($0)" } ?? "")}
        spec: {\(spec)}
        ---

        """
    }

    static func tier(_ name: String, _ spec: String) -> String {
        "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: \(name)}\nspec: {\(spec)}\n---\n"
    }

    static func networkSet(_ name: String, _ labels: String, _ nets: String, namespace: String? = nil) -> String {
        """
        apiVersion: projectcalico.org/v3
        kind: \(namespace == nil ? "GlobalNetworkSet" : "NetworkSet")
        metadata: {name: \(name), labels: {\(labels)}\(namespace.map { ", namespace: \($0)" } ?? "")}
        spec: {nets: [\(nets)]}
        ---

        """
    }

    static func host(_ name: String, _ labels: String, _ spec: String) -> String {
        """
        apiVersion: projectcalico.org/v3
        kind: HostEndpoint
        metadata: {name: \(name), labels: {\(labels)}}
        spec: {\(spec)}
        ---

        """
    }

    static func account(_ namespace: String, _ name: String, _ labels: String) -> String {
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {namespace: \(namespace), name: \(name), labels: {\(labels)}}\n---\n"
    }

    /// `one/a`, `one/c` and `two/b` with addresses, and names for their ports.
    static let trio =
        namespace("one", "team: red") + namespace("two", "team: blue")
        + pod("one", "a", "app: a, tier: front", ports: "{name: web, containerPort: 8080}", status: "podIP: 10.0.0.1")
        + pod("one", "c", "app: c, tier: front-2", status: "podIP: 10.0.0.3")
        + pod("two", "b", "app: b, tier: back", ports: "{name: web, containerPort: 8081}", status: "podIP: 10.0.1.2")

    static let c = "one/c[Pod]"
    static let outside = "198.51.100.7"
}
