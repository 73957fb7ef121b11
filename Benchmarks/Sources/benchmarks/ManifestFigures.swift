import Dialects
import Foundation
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyFiles
import PolicyModel
import Yams

/// What reading the manifests of a cluster costs, the YAML library's part apart.
struct ManifestFigures {
    let repeats: Int
    let isQuick: Bool

    func run(_ report: inout Report) {
        let (pods, policies) = isQuick ? (100, 50) : (400, 200)
        let text = Self.manifests(pods: pods, policies: policies)
        report.note("manifests: pods, policies, bytes", "\(pods), \(policies), \(text.utf8.count)")
        var documents = 0
        let library = Samples(repeats: repeats, prepare: {}) {
            documents = (try? compose_all(yaml: text).reduce(0) { count, _ in count + 1 }) ?? 0
        }
        report.add("manifests: the YAML library alone", library.scaled { $0 / 1e6 }, "ms CPU")
        var reading: DialectPolicy?
        let whole = Samples(repeats: repeats, prepare: {}) {
            reading = DialectLoader.read(
                .kubernetes, [PolicySource(name: "cluster.yaml", text: text)], DialectOptions(now: Moments.now))
        }
        report.add("manifests: read and understand", whole.scaled { $0 / 1e6 }, "ms CPU")
        guard let reading, documents == pods + policies, reading.workloads.count == pods, !reading.hasErrors else {
            return report.fail("manifests: \(documents) documents gave \(reading?.workloads.count ?? 0) workloads")
        }
        var pairs = 0
        let after = Samples(repeats: repeats, prepare: {}) {
            pairs = 0
            let engine = PolicyEngine(workloads: reading.workloads, policy: reading.policy)
            _ = Connectivity(engine, at: Moments.now).visitPairs { _, _, _ in pairs += 1 }
        }
        report.add("manifests: intern, compile, all connections", after.scaled { $0 / 1e6 }, "ms CPU")
        report.note("manifests: pairs that something may flow between", pairs)
    }

    /// Pods in ten namespaces with three labels each, and policies of one peer and two ports.
    private static func manifests(pods: Int, policies: Int) -> String {
        var random = SplitMix64(seed: 1)
        var text = ""
        for pod in 0..<pods {
            text += """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: pod-\(pod)
                  namespace: ns-\(pod % 10)
                  labels: {app: app-\(random.below(20)), tier: t-\(random.below(3)), track: r-\(random.below(4))}
                status: {podIP: 10.0.\(pod / 250).\(pod % 250 + 1)}
                ---

                """
        }
        for policy in 0..<policies {
            text += """
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: policy-\(policy), namespace: ns-\(policy % 10)}
                spec:
                  podSelector: {matchLabels: {app: app-\(random.below(20))}}
                  policyTypes: [Ingress]
                  ingress:
                    - from:
                        - podSelector: {matchLabels: {tier: t-\(random.below(3))}}
                          namespaceSelector: {}
                      ports:
                        - {protocol: TCP, port: \(8_000 + random.below(20))}
                        - {protocol: TCP, port: \(9_000 + random.below(20))}
                \(policy == policies - 1 ? "" : "---")

                """
        }
        return text
    }
}
