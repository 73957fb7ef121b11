import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// Manifests of a test, read, with what may be asked of them.
struct KubernetesWorld {
    let read: DialectPolicy
    private let engine: PolicyEngine
    private let addresses: [String: IPAddress]

    init(_ texts: String...) {
        self.init(texts.enumerated().map { PolicySource(name: "\($0.offset).yaml", text: $0.element) })
    }

    init(_ sources: [PolicySource], families: [AddressFamily] = [.ipv4]) {
        read = KubernetesReader.read(
            sources, DialectOptions(now: Instant(rawValue: 0), standInFamilies: families))
        engine = PolicyEngine(workloads: read.workloads, policy: read.policy)
        var addresses: [String: IPAddress] = [:]
        for workload in read.workloads { addresses[workload.id.rawValue] = workload.addresses.first }
        self.addresses = addresses
    }

    /// What happens to a flow; ends are workloads, by identifier, or addresses.
    func outcome(
        _ source: String, _ destination: String, _ proto: IPProtocol = .tcp, _ port: UInt16 = 80
    ) throws -> Outcome {
        let flow = Flow(
            source: FlowEnd(try #require(addresses[source] ?? IPAddress(source))),
            destination: FlowEnd(try #require(addresses[destination] ?? IPAddress(destination))), proto: proto,
            sourcePort: 40_000, destinationPort: port)
        let decision = engine.decide(flow, at: Instant(rawValue: 0))
        // The platform enforces whatever agents do.
        #expect(decision.policy.outcome == decision.effective.outcome)
        return decision.policy.outcome
    }

    /// Whether a flow is certain to pass.
    func passes(
        _ source: String, _ destination: String, _ proto: IPProtocol = .tcp, _ port: UInt16 = 80
    ) throws -> Bool {
        let outcome = try outcome(source, destination, proto, port)
        #expect(outcome == .allowed || outcome == .denied, "\(source) => \(destination): \(outcome)")
        return outcome == .allowed
    }

    /// The findings as `code effect line`.
    var findings: [String] {
        read.findings.map { "\($0.diagnostic.code) \($0.effect.rawValue) \($0.diagnostic.location?.line ?? 0)" }
    }

    /// The findings that touch answers, as `code effect line`.
    var serious: [String] { findings.filter { !$0.contains(" none ") } }
}

/// Texts of manifests.
enum Written {
    static func namespace(_ name: String, _ labels: String = "") -> String {
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: \(name), labels: {\(labels)}}\n---\n"
    }

    static func pod(
        _ namespace: String, _ name: String, _ labels: String = "", ports: String = "", spec: String = "",
        status: String = ""
    ) -> String {
        """
        apiVersion: v1
        kind: Pod
        metadata: {namespace: \(namespace), name: \(name), labels: {\(labels)}}
        spec: {\(spec.isEmpty ? "" : spec + ", ")containers: [{name: c, ports: [\(ports)]}]}
        status: {\(status)}
        ---

        """
    }

    static func networkPolicy(_ namespace: String, _ spec: String, name: String = "p") -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {namespace: \(namespace), name: \(name)}
        spec: \(spec)
        ---

        """
    }

    static func cluster(
        _ tier: String, _ priority: Int, _ rules: String, name: String = "c", subject: String = "namespaces: {}"
    ) -> String {
        """
        apiVersion: policy.networking.k8s.io/v1alpha2
        kind: ClusterNetworkPolicy
        metadata: {name: \(name)}
        spec: {tier: \(tier), priority: \(priority), subject: {\(subject)}, \(rules)}
        ---

        """
    }

    /// Two namespaces with a pod each: `one/a` and `two/b`.
    static let pair =
        namespace("one", "team: red") + namespace("two", "team: blue") + pod("one", "a", "app: a")
        + pod("two", "b", "app: b")

    static let a = "one/a[Pod]"
    static let b = "two/b[Pod]"
}
