import NetworkTypes
import PolicyAnalysis
import PolicyEngine
public import PolicyFiles
import PolicyModel

/// Writes Bulkhead policy as Kubernetes NetworkPolicy and ClusterNetworkPolicy objects (`docs/dialects/writing.md`).
///
/// What agents enforce is what is written: workloads in mode full are isolated, those in mode selective are denied what is
/// denied, others stay as they are. Guardrails become denials of the Admin tier, allows become NetworkPolicy where their
/// subjects live in one namespace.
public enum KubernetesWriter {
    /// Writes the manifests.
    ///
    /// - Parameters:
    ///   - loaded: The policy, with the workloads that it is written for.
    ///   - namespace: Where pods live whose workload has no label `ns/kubernetes.io/metadata.name`.
    ///   - options: What may be done beyond writing exactly what policy says.
    /// - Throws: `WriteRefusal` with the place of everything that Kubernetes cannot say, unless widening is allowed.
    public static func manifests(
        for loaded: LoadedPolicy, namespace: String? = nil, _ options: WriteOptions
    ) throws(WriteRefusal) -> WrittenPolicy {
        let cluster = try KubernetesInventory(loaded, namespace: namespace)
        let flat = loaded.policy.lowered().withoutHostTraffic
        let universe = EndUniverse(
            workloads: cluster.workloads, expressions: flat.expressions, addressSets: flat.addressSets)
        let table = EndTable(universe, flat.expressions)
        var draft = KubernetesDraft(loaded, flat, cluster, table, options)
        draft.write()
        guard draft.objects.clusterCount <= KubernetesObjects.priorities else {
            throw WriteRefusal(
                "too-large",
                "expected at most \(KubernetesObjects.priorities) ClusterNetworkPolicy objects, each of a priority of its own, got \(draft.objects.clusterCount)"
            )
        }
        let problems = draft.plan.problems
        guard problems.isEmpty || options.allowsWidening else { throw WriteRefusal(problems) }
        let widened = problems.map { Diagnostic(.warning, code: $0.code, $0.message, at: $0.location) }
        let notes = draft.plan.notes + widened
        var written = WrittenPolicy(files: draft.objects.files(notes: notes, options), notes: notes)
        guard let differences = Self.differences(written.files, flat, cluster, options) else {
            written.notes.append(
                Diagnostic(
                    .warning, code: "not-compared",
                    "there are too many kinds of flows to compare what is written with the policy, flow by flow"))
            return written
        }
        if let first = differences.first, !options.allowsWidening {
            throw WriteRefusal(
                "cannot-say", "expected manifests that decide the same, but \(first.text) would be decided otherwise")
        }
        written.differences = differences
        return written
    }

    /// The flows that the manifests decide otherwise when they are read; nil when there are too many to judge.
    private static func differences(
        _ files: [WrittenFile], _ flat: FlatPolicy, _ cluster: KubernetesInventory, _ options: WriteOptions
    ) -> [FlowDifference]? {
        let sources = files.map { PolicySource(name: $0.path, text: $0.text) }
        let read = KubernetesReader.read(sources, DialectOptions(now: options.now))
        let workloads = cluster.asPods
        let expressions = flat.expressions.union(read.policy.expressions)
        let universe = EndUniverse(workloads: workloads, expressions: expressions, addressSets: flat.addressSets)
        let comparison = FlowComparison(universe, [flat, read.policy], at: options.now)
        guard comparison.classes.count <= FlowComparison.maximumClasses else { return nil }
        let counted = KubernetesPlan.protocols.reduce(ServiceSet()) {
            $0.union(ServiceSet($1, destination: PortSet(1...65_535)))
        }
        return comparison.differences(
            comparison.side(workloads, flat, .effective), comparison.side(workloads, read.policy, .policy),
            counted: counted, limit: WrittenPolicy.maximumDifferences)
    }
}

/// The workloads of a policy as pods of namespaces.
struct KubernetesInventory {
    let workloads: [Workload]
    /// The namespace of each workload.
    let namespaces: [WorkloadID: String]
    /// All namespaces, ordered.
    let names: [String]

    init(_ loaded: LoadedPolicy, namespace: String?) throws(WriteRefusal) {
        workloads = loaded.workloads
        var found: [WorkloadID: String] = [:]
        var faults: [Diagnostic] = []
        for workload in loaded.workloads {
            let label = RulesetPlan.namespaceKey.flatMap { workload.labels[$0]?.description }
            if let name = label ?? namespace {
                found[workload.id] = name
            } else if workload.mode?.enforces == true {
                faults.append(
                    Diagnostic(
                        .error, code: "no-namespace",
                        "expected the label `ns/kubernetes.io/metadata.name` at `\(workload.id)`, or a namespace for all without it"
                    ))
            }
        }
        guard faults.isEmpty else { throw WriteRefusal(Array(faults.prefix(20))) }
        for name in Set(found.values).sorted()
        where !KubernetesNames.isName(name)
            || name.utf8.contains(where: { (65...90).contains($0) || $0 == 0x2E || $0 == 0x5F })
        {
            throw WriteRefusal("invalid-name", "expected the name of a namespace, got `\(name)`")
        }
        namespaces = found
        names = Set(found.values).sorted()
        try checkKeys(loaded.policy.lowered())
    }

    /// Every label that a selector or relation names must be one of Kubernetes', and stand for one only.
    private func checkKeys(_ policy: FlatPolicy) throws(WriteRefusal) {
        var known: [KubernetesText.Key: LabelKey] = [:]
        for key in policy.labelKeys where !KubernetesText.isOwn(key) {
            let name = KubernetesText.Key(key)
            guard name.isValid else {
                throw WriteRefusal("invalid-label", "expected a label that Kubernetes can have, got `\(key)`")
            }
            if let other = known[name] {
                throw WriteRefusal(
                    "invalid-label", "expected different labels of pods, but `\(other)` and `\(key)` are written alike")
            }
            known[name] = key
            for workload in workloads {
                guard let value = workload.labels[key], !KubernetesNames.isLabelValue(value.description) else {
                    continue
                }
                throw WriteRefusal(
                    "invalid-label",
                    "expected values of `\(key)` that Kubernetes can have, got `\(value)` at `\(workload.id)`")
            }
        }
    }

    /// The workloads with the labels and port names that reading their manifests would give them, beside their own.
    var asPods: [Workload] {
        workloads.map { workload in
            var result = workload
            for (key, value) in workload.labels.sorted(by: { $0.key < $1.key }) {
                let name = KubernetesText.Key(key)
                let prefix = name.isNamespace ? KubernetesLabels.namespace : KubernetesLabels.pod
                guard let written = KubernetesLabels.key(prefix, name.name), result.labels[written] == nil else {
                    continue
                }
                result.labels[written] = value
            }
            if let key = RulesetPlan.namespaceKey, let name = namespaces[workload.id] {
                result.labels[key] = LabelValue(name)
            }
            for (name, ports) in workload.namedPorts {
                for port in ports {
                    let key = KubernetesPorts.key(name.rawValue, port.proto)
                    if !(result.namedPorts[key] ?? []).contains(port) {
                        result.namedPorts[key, default: []].append(port)
                    }
                }
            }
            return result
        }
    }
}

extension FlatPolicy {
    /// The policy without what every host needs (`EssentialRule.standard`) and without the rules for ICMP errors, of
    /// which Kubernetes policies do not speak.
    var withoutHostTraffic: FlatPolicy {
        let standard = Set(EssentialRule.standard.map(\.id))
        var result = self
        for layer in result.layers.indices {
            result.layers[layer].tiers.removeAll { $0.id == "icmp" }
            for tier in result.layers[layer].tiers.indices {
                result.layers[layer].tiers[tier].rules.removeAll { standard.contains($0.id) }
            }
        }
        return result
    }

    /// Every label dimension that a selector or a relation names, ordered.
    var labelKeys: [LabelKey] {
        var result = relationKeys
        for expression in expressions { expression.collectKeys(into: &result) }
        return result.sorted()
    }
}

extension EndExpression {
    fileprivate func collectKeys(into keys: inout Set<LabelKey>) {
        switch self {
        case .any, .anyWorkload, .workload, .addressSet, .addresses: break
        case .selector(let selector): keys.formUnion(selector.keys)
        case .union(let parts), .intersection(let parts): for part in parts { part.collectKeys(into: &keys) }
        case .difference(let whole, let hole):
            whole.collectKeys(into: &keys)
            hole.collectKeys(into: &keys)
        }
    }
}
