import PolicyFiles
import PolicyModel

/// The kinds of Calico's objects.
enum CalicoKind: Hashable {
    case policy(CalicoPolicyKind)
    case tier
    case networkSet
    case hostEndpoint
    /// A policy that is watched but not enforced.
    case staged
    /// What policy does not need.
    case other
}

/// The kinds of Calico's policies.
enum CalicoPolicyKind: String, Hashable {
    case namespaced = "NetworkPolicy"
    case global = "GlobalNetworkPolicy"
}

/// Finds Calico's objects among others and reads what all of them have.
enum CalicoObjects {
    /// The group of the API and that of its storage, which holds the same objects.
    static let groups = ["projectcalico.org", "crd.projectcalico.org"]

    /// What an object is; nil for those of other products.
    static func kind(_ object: Manifest) -> CalicoKind? {
        switch (object.group, object.version) {
        case ("projectcalico.org", "v3"), ("crd.projectcalico.org", "v1"): break
        default: return nil
        }
        switch object.kind {
        case "NetworkPolicy": return .policy(.namespaced)
        case "GlobalNetworkPolicy": return .policy(.global)
        case "Tier": return .tier
        case "NetworkSet", "GlobalNetworkSet": return .networkSet
        case "HostEndpoint": return .hostEndpoint
        case "StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy": return .staged
        default: return .other
        }
    }

    /// The objects by name, each once; in the storage's form the name of a policy has its tier before it.
    static func distinct(
        _ objects: [(object: Manifest, kind: CalicoKind)], findings: inout DialectFindings
    ) -> [(object: Manifest, kind: CalicoKind)] {
        var seen: [String: Manifest] = [:]
        var result: [(object: Manifest, kind: CalicoKind)] = []
        // What both groups hold is taken from the API's.
        let apiFirst = objects.filter { $0.object.group == groups[0] } + objects.filter { $0.object.group != groups[0] }
        for (object, kind) in apiFirst {
            guard KubernetesNames.isReadable(object.name), object.namespace.map(KubernetesNames.isReadable) ?? true
            else {
                findings.report(
                    Refusal(
                        "expected a name of letters, digits and `-.`, got `\(object.name.prefix(60))`",
                        at: object.location, code: "invalid-name"), of: "the object")
                continue
            }
            let isNamespaced = ["NetworkPolicy", "NetworkSet"].contains(object.kind)
            let key = "\(object.kind)/\(isNamespaced ? object.namespaceOrDefault : "")/\(policyName(object))"
            if let first = seen[key] {
                guard first.group == object.group else { continue }
                findings.report(
                    .error, "duplicate-object",
                    "expected each object once, got \(object.kind) `\(object.name)` again; only the first is read",
                    at: object.location, effect: .leftOut, related: [first.location])
                continue
            }
            seen[key] = object
            result.append((object, kind))
        }
        return result.sorted { order($0.object) < order($1.object) }
    }

    private static func order(_ object: Manifest) -> (String, String, String) {
        (object.kind, object.namespaceOrDefault, policyName(object))
    }

    /// The name of a policy without the default tier's, which the storage writes before it.
    static func policyName(_ object: Manifest) -> String {
        guard object.kind.hasSuffix("NetworkPolicy"), object.name.hasPrefix("default.") else { return object.name }
        return String(object.name.dropFirst("default.".count))
    }

    /// The annotation in which the storage keeps labels (`libcalico-go/lib/backend/k8s/resources`).
    private static let stored = "projectcalico.org/metadata"

    /// The labels of an object, with Calico's keys.
    static func labels(_ object: Manifest) throws(Refusal) -> [String: String] {
        if object.group == groups[1], let note = try object.tree["metadata"]?["annotations"]?.text(stored),
            note.contains("\"labels\"")
        {
            throw Refusal(
                "expected the object as `projectcalico.org/v3`; in the form of its storage the labels stand in annotation `\(stored)`",
                at: object.location, code: "stored-labels")
        }
        var labels: [String: String] = [:]
        for entry in try object.tree["metadata"]?["labels"]?.entries("labels") ?? [] {
            // The label reader refuses what the API server refuses; the key is used as written.
            let label = try KubernetesPodReader.label(entry, KubernetesLabels.pod)
            labels[entry.key.text] = label.value.description
        }
        return labels
    }
}
