import NetworkTypes
import PolicyFiles
import PolicyModel

/// The namespaces, nodes and pods of the files: whom policy can speak of.
struct KubernetesCluster {
    /// A node with what policy can select it by.
    struct Node {
        let name: String
        let labels: Labels
        let addresses: [IPAddress]
    }

    /// The labels of namespaces under their prefix, by name.
    private(set) var namespaces: [String: Labels] = [:]
    private(set) var nodes: [Node] = []
    private(set) var nodesByName: [String: Node] = [:]
    /// The pods, in the order of their identifiers.
    private(set) var pods: [(id: WorkloadID, pod: KubernetesPod)] = []
    private(set) var workloads: [Workload] = []
    private(set) var names: [WorkloadID: String] = [:]
    private(set) var standIns: Set<IPAddress> = []
    /// How many workloads have such addresses.
    private(set) var withoutAddress = 0

    /// Says that blocks of addresses do not hold for so many workloads.
    static func text(withoutAddress count: Int) -> String {
        let (subject, them) = count == 1 ? ("1 workload has", "it") : ("\(count) workloads have", "them")
        return "\(subject) no address in the files; blocks of addresses are taken not to hold for \(them)"
    }

    private var found: [KubernetesPod] = []
    private var owners: [String: OwnerReference?] = [:]

    /// The label of pods in their node's network, and of workloads whose address is made up.
    static let hostNetwork = LabelKey("kubernetes/host-network")
    static let standIn = LabelKey("kubernetes/stand-in")
    /// The label that every pod has.
    static let namespaceName = LabelKey(KubernetesLabels.namespace + KubernetesLabels.namespaceName)

    /// Every pod.
    static var anyPod: Selector { namespaceName.map { .exists($0) } ?? .or([]) }

    mutating func addNamespace(_ manifest: Manifest) throws(Refusal) {
        var labels: Labels = [:]
        for entry in try manifest.tree["metadata"]?["labels"]?.entries("labels") ?? [] {
            let label = try KubernetesPodReader.label(entry, KubernetesLabels.namespace)
            labels[label.key] = label.value
        }
        labels = Self.named(manifest.name, labels)
        if let former = namespaces[manifest.name] {
            guard former == labels else {
                throw Refusal(
                    "expected each namespace once, got `\(manifest.name)` again with other labels",
                    at: manifest.location, code: "duplicate-object")
            }
            return
        }
        namespaces[manifest.name] = labels
    }

    mutating func addNode(_ manifest: Manifest) throws(Refusal) {
        var labels: Labels = [:]
        for entry in try manifest.tree["metadata"]?["labels"]?.entries("labels") ?? [] {
            let label = try KubernetesPodReader.label(entry, Self.nodePrefix)
            labels[label.key] = label.value
        }
        var addresses: [IPAddress] = []
        for item in try manifest.tree["status"]?.list("addresses") ?? [] {
            // Host names stand in the same list.
            if let text = try item.text("address"), let address = IPAddress(text) { addresses.append(address) }
        }
        let node = Node(name: manifest.name, labels: labels, addresses: addresses)
        nodes.append(node)
        nodesByName[node.name] = node
    }

    /// The prefix under which the labels of nodes are judged.
    static let nodePrefix = "node/"

    mutating func addPod(_ manifest: Manifest, path: [String], findings: inout DialectFindings) throws(Refusal) {
        let pod = try KubernetesPodReader.read(manifest, path: path, findings: &findings)
        owners[Self.key(pod.namespace, pod.kind, pod.name)] = .some(pod.owner)
        found.append(pod)
    }

    /// Gives every pod its name and address; called once, when all objects are added.
    mutating func settle(families: [AddressFamily], findings: inout DialectFindings) {
        name()
        refuseSharedAddresses(findings: &findings)
        let ordered = found.sorted { ($0.display, $0.kind, $0.name) < ($1.display, $1.kind, $1.name) }
        var sizes: [String: Int] = [:]
        for pod in ordered { sizes[pod.display, default: 0] += 1 }
        var used: Set<String> = []
        for pod in ordered {
            var text = sizes[pod.display] == 1 ? pod.display : "\(pod.display)/\(pod.name)"
            if !used.insert(text).inserted {
                text = "\(pod.display)/\(pod.kind)/\(pod.name)"
                used.insert(text)
            }
            let id = WorkloadID(rawValue: text)
            if text != pod.display { names[id] = pod.display }
            pods.append((id, pod))
        }
        pods.sort { $0.id < $1.id }
        var makeUp = StandInAddresses(besides: Set(pods.flatMap(\.pod.addresses)))
        for (id, pod) in pods { workloads.append(workload(id, pod, families, &makeUp)) }
        reportMissingNamespaces(findings: &findings)
    }

    private mutating func workload(
        _ id: WorkloadID, _ pod: KubernetesPod, _ families: [AddressFamily], _ makeUp: inout StandInAddresses
    ) -> Workload {
        var labels = namespaces[pod.namespace] ?? Self.named(pod.namespace, [:])
        for label in pod.labels { labels[label.key] = label.value }
        if pod.usesHostNetwork, let key = Self.hostNetwork { labels[key] = LabelValue("true") }
        var addresses = pod.addresses
        if addresses.isEmpty {
            addresses = families.compactMap { makeUp.address(for: id.rawValue, $0) }
            standIns.formUnion(addresses)
            withoutAddress += 1
            if let key = Self.standIn { labels[key] = LabelValue("true") }
        }
        return Workload(id: id, labels: labels, addresses: addresses, namedPorts: pod.namedPorts)
    }

    /// Names every pod after its topmost owner; a template whose pods are in the files, or whose owner is, stands for nothing.
    private mutating func name() {
        var represented: Set<String> = []
        for index in found.indices {
            let pod = found[index]
            let top = topOwner(of: pod)
            found[index].display = "\(pod.namespace)/\(top.name)[\(top.kind.isEmpty ? "Pod" : top.kind)]"
            if pod.kind == "Pod", pod.owner != nil { represented.insert(Self.key(pod.namespace, top.kind, top.name)) }
        }
        found = found.filter { pod in
            guard pod.kind != "Pod" else { return true }
            return topOwner(of: pod) == OwnerReference(kind: pod.kind, name: pod.name)
                && !represented.contains(Self.key(pod.namespace, pod.kind, pod.name))
        }
    }

    private func topOwner(of pod: KubernetesPod) -> OwnerReference {
        var current = OwnerReference(kind: pod.kind, name: pod.name)
        var next = pod.owner
        // A template's owner counts only when its object is in the files; a pod's always does.
        if pod.kind != "Pod", let owner = next, owners[Self.key(pod.namespace, owner.kind, owner.name)] == nil {
            next = nil
        }
        var steps = 0
        while let owner = next, steps < 8 {
            current = owner
            steps += 1
            guard let above = owners[Self.key(pod.namespace, owner.kind, owner.name)] ?? nil,
                owners[Self.key(pod.namespace, above.kind, above.name)] != nil
            else { break }
            next = above
        }
        return current
    }

    /// An address that two pods state is neither's: the files are of two moments.
    private mutating func refuseSharedAddresses(findings: inout DialectFindings) {
        var count: [IPAddress: Int] = [:]
        for pod in found { for address in pod.addresses { count[address, default: 0] += 1 } }
        for index in found.indices where found[index].addresses.contains(where: { count[$0] != 1 }) {
            let shared = found[index].addresses.first { count[$0] != 1 }
            findings.report(
                .warning, "shared-address",
                "expected each pod to have addresses of its own, got `\(shared.map(\.description) ?? "")` more than once; the pod is judged as if its address were not known",
                at: found[index].location, effect: .none)
            found[index].addresses = []
        }
    }

    private func reportMissingNamespaces(findings: inout DialectFindings) {
        var reported: Set<String> = []
        for (_, pod) in pods where namespaces[pod.namespace] == nil && reported.insert(pod.namespace).inserted {
            findings.report(
                .warning, "assumed-namespace",
                "no Namespace object `\(pod.namespace)`; it is taken to have no label but `\(KubernetesLabels.namespaceName)`",
                at: pod.location, effect: .none)
        }
    }

    private static func named(_ name: String, _ labels: Labels) -> Labels {
        var labels = labels
        if let key = namespaceName, let value = LabelValue(name) { labels[key] = value }
        return labels
    }

    private static func key(_ namespace: String, _ kind: String, _ name: String) -> String {
        "\(namespace)/\(kind)/\(name)"
    }
}
