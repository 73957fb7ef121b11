import NetworkTypes
public import PolicyFiles
import PolicyModel

/// Reads the network policies and the workloads of Kubernetes manifests (`docs/dialects/kubernetes.md`).
public enum KubernetesReader: DialectReader {
    /// Reads the files as the state of one cluster; the order of files and of objects in them means nothing.
    public static func read(_ sources: [PolicySource], _ options: DialectOptions) -> DialectPolicy {
        read(sources, options, maximumNodes: ManifestReader.maximumNodes)
    }

    /// Reads files under another limit of values, so that tests reach it soon.
    package static func read(
        _ sources: [PolicySource], _ options: DialectOptions, maximumNodes: Int
    ) -> DialectPolicy {
        var findings = DialectFindings()
        var manifests = ManifestReader(maximumNodes: maximumNodes)
        for source in sources { manifests.read(source, findings: &findings) }
        let objects = distinct(manifests.objects, findings: &findings)

        var cluster = KubernetesCluster()
        for object in objects { readPeople(object, into: &cluster, findings: &findings) }
        cluster.settle(families: options.standInFamilies, findings: &findings)

        var policy = KubernetesPolicy(cluster: cluster, findings: findings)
        // By name, so that the order of files and of objects in them means nothing.
        for object in objects.sorted(by: { Self.order($0) < Self.order($1) }) { readPolicy(object, into: &policy) }
        policy.addLocalNodes()
        policy.reportMixedVersions()
        let layer = policy.layer()
        return DialectPolicy(
            dialects: [.kubernetes], workloads: cluster.workloads, policy: FlatPolicy(layers: [layer]),
            names: cluster.names, standIns: cluster.standIns, protocols: KubernetesPorts.protocols,
            origins: policy.origins, findings: policy.findings.sorted(files: sources.map(\.name)))
    }

    static func order(_ object: Manifest) -> (String, String, String) {
        (object.kind, object.namespaceOrDefault, object.name)
    }

    /// The objects with a name each; one that stands there twice is reported, and the first is taken.
    static func distinct(_ objects: [Manifest], findings: inout DialectFindings) -> [Manifest] {
        var seen: [String: Diagnostic.Location] = [:]
        var result: [Manifest] = []
        for object in objects {
            guard isUnderstood(object) else {
                result.append(object)
                continue
            }
            guard KubernetesNames.isReadable(object.name),
                object.namespace.map(KubernetesNames.isReadable) ?? true
            else {
                findings.report(
                    Refusal(
                        "expected a name of letters, digits and `-.`, got `\(object.name.prefix(60))`",
                        at: object.location, code: "invalid-name"), of: "the object")
                continue
            }
            let key = "\(object.group)/\(object.kind)/\(object.namespaceOrDefault)/\(object.name)"
            if let first = seen[key], object.kind != "Namespace" {
                findings.report(
                    .error, "duplicate-object",
                    "expected each object once, got \(object.kind) `\(object.name)` again; only the first is read",
                    at: object.location, effect: .leftOut, related: [first])
                continue
            }
            seen[key] = object.location
            result.append(object)
        }
        return result
    }

    private static func isUnderstood(_ object: Manifest) -> Bool {
        KubernetesPodReader.templatePath(group: object.group, kind: object.kind) != nil
            || (object.group.isEmpty && ["Namespace", "Node"].contains(object.kind)) || policyKind(object) != nil
    }

    static func readPeople(
        _ object: Manifest, into cluster: inout KubernetesCluster, findings: inout DialectFindings
    ) {
        do throws(Refusal) {
            if let path = KubernetesPodReader.templatePath(group: object.group, kind: object.kind) {
                try cluster.addPod(object, path: path, findings: &findings)
            } else if object.group.isEmpty, object.kind == "Namespace" {
                try cluster.addNamespace(object)
            } else if object.group.isEmpty, object.kind == "Node" {
                try cluster.addNode(object)
            }
        } catch {
            findings.report(error, of: "the object")
        }
    }

    /// The kinds of policy that are understood, by group, version and kind.
    private enum PolicyKind {
        case networkPolicy
        case clusterWide(ClusterWideKind)
    }

    private static func policyKind(_ object: Manifest) -> PolicyKind? {
        switch (object.group, object.version, object.kind) {
        // extensions/v1beta1 is the same object under its former name.
        case ("networking.k8s.io", "v1", "NetworkPolicy"), ("extensions", "v1beta1", "NetworkPolicy"): .networkPolicy
        case ("policy.networking.k8s.io", "v1alpha1", "AdminNetworkPolicy"): .clusterWide(.admin)
        case ("policy.networking.k8s.io", "v1alpha1", "BaselineAdminNetworkPolicy"): .clusterWide(.baseline)
        case ("policy.networking.k8s.io", "v1alpha2", "ClusterNetworkPolicy"): .clusterWide(.cluster)
        default: nil
        }
    }

    static func readPolicy(_ object: Manifest, into policy: inout KubernetesPolicy) {
        do throws(Refusal) {
            switch policyKind(object) {
            case .networkPolicy: try policy.addNetworkPolicy(object)
            case .clusterWide(let kind): try policy.addClusterWide(object, kind)
            case nil: policy.reportOther(object)
            }
        } catch {
            policy.findings.report(error, of: "the object")
        }
    }
}
