import NetworkTypes
import PolicyFiles
import PolicyModel

/// A pod, or the pods that one template makes.
struct KubernetesPod {
    /// The pod's own name, or the name of the object that holds the template.
    let name: String
    let namespace: String
    /// The kind of the object itself.
    let kind: String
    /// What answers call it: `ns/name[Kind]` of its topmost owner.
    var display: String
    /// Its labels, by key as written.
    let labels: [(key: LabelKey, value: LabelValue)]
    /// What its named ports stand for.
    let namedPorts: [PortName: [ProtocolPort]]
    /// Its own addresses, where it runs in a network of its own.
    var addresses: [IPAddress]
    /// Whether it uses its node's network.
    let usesHostNetwork: Bool
    /// The service account that it runs as, of its own namespace.
    let serviceAccount: String
    /// The node that it runs on, when the files say.
    let node: String?
    /// The addresses of the node that it runs on, as the pod states them.
    let nodeAddresses: [IPAddress]
    /// The reference to the owner that controls it.
    let owner: OwnerReference?
    /// Where its object starts.
    let location: Diagnostic.Location
}

/// A reference to the object that controls another one.
struct OwnerReference: Hashable {
    /// The kind; empty when it is not written.
    let kind: String
    let name: String
}

/// Reads pods and the objects that make pods.
enum KubernetesPodReader {
    /// Where the template of pods stands in objects of a group and kind; an empty path is the object itself.
    static func templatePath(group: String, kind: String) -> [String]? {
        switch (group, kind) {
        case ("", "Pod"): []
        case ("", "ReplicationController"): ["spec", "template"]
        case ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("apps", "DaemonSet"),
            ("extensions", "Deployment"), ("extensions", "ReplicaSet"), ("extensions", "DaemonSet"), ("batch", "Job"):
            ["spec", "template"]
        case ("batch", "CronJob"): ["spec", "jobTemplate", "spec", "template"]
        default: nil
        }
    }

    /// Reads one object.
    static func read(
        _ manifest: Manifest, path: [String], findings: inout DialectFindings
    ) throws(Refusal) -> KubernetesPod {
        var template = manifest.tree
        for field in path {
            guard let inner = template[field] else {
                throw Refusal(
                    "expected `\(path.joined(separator: "."))` in a \(manifest.kind)", at: manifest.location,
                    code: "missing-key")
            }
            template = inner
        }
        var labels: [(key: LabelKey, value: LabelValue)] = []
        for entry in try template["metadata"]?["labels"]?.entries("labels") ?? [] {
            labels.append(try label(entry, KubernetesLabels.pod))
        }
        let spec = template["spec"]
        let usesHostNetwork = try spec?.isTrue("hostNetwork") ?? false
        let status = path.isEmpty ? manifest.tree["status"] : nil
        // The address of a pod that has ended may be another pod's by now.
        let hasEnded = try ["Succeeded", "Failed"].contains(status?.text("phase") ?? "")
        var addresses: [IPAddress] = []
        if !usesHostNetwork, !hasEnded {
            addresses = try Self.addresses(status, list: "podIPs", one: "podIP")
        }
        return KubernetesPod(
            name: manifest.name, namespace: manifest.namespaceOrDefault, kind: manifest.kind, display: "",
            labels: labels, namedPorts: try namedPorts(spec, findings: &findings), addresses: addresses,
            usesHostNetwork: usesHostNetwork,
            serviceAccount: try serviceAccount(spec), node: try spec?.text("nodeName"),
            nodeAddresses: try Self.addresses(status, list: "hostIPs", one: "hostIP"),
            owner: try controller(manifest.tree["metadata"]), location: manifest.location)
    }

    /// A label with its key under a prefix.
    static func label(_ entry: Tree.Entry, _ prefix: String) throws(Refusal) -> (key: LabelKey, value: LabelValue) {
        let value = entry.value.isNull ? nil : try entry.value.scalar("the value of a label")
        let text = value?.text ?? ""
        guard value?.isNoText != true, KubernetesNames.isLabelKey(entry.key.text), KubernetesNames.isLabelValue(text),
            let key = KubernetesLabels.key(prefix, entry.key.text), let value = LabelValue(text)
        else {
            throw Refusal(
                "expected a label of letters, digits and `-_.`, got `\(entry.key.text.prefix(60)): \(text.prefix(60))`",
                at: entry.key.location, code: "invalid-label")
        }
        return (key, value)
    }

    /// The owner that controls an object; a node does not own its static pods, it runs them.
    static func controller(_ metadata: Tree?) throws(Refusal) -> OwnerReference? {
        for reference in try metadata?.list("ownerReferences") ?? [] {
            guard try reference.isTrue("controller"), let name = try reference.text("name") else { continue }
            let kind = try reference.text("kind") ?? ""
            return kind == "Node" ? nil : OwnerReference(kind: kind, name: name)
        }
        return nil
    }

    /// The service account of a pod; where none is written, the one that the ServiceAccount admission controller sets.
    private static func serviceAccount(_ spec: Tree?) throws(Refusal) -> String {
        if let name = try spec?.text("serviceAccountName") { return name }
        return try spec?.text("serviceAccount") ?? "default"
    }

    private static func addresses(_ status: Tree?, list: String, one: String) throws(Refusal) -> [IPAddress] {
        var texts: [String] = []
        for item in try status?.list(list) ?? [] {
            if let text = try item.text("ip") { texts.append(text) }
        }
        if let text = try status?.text(one) { texts.append(text) }
        var result: [IPAddress] = []
        for text in texts {
            if let address = IPAddress(text), !result.contains(address) { result.append(address) }
        }
        return result
    }

    /// The named ports of the containers that run as long as the pod: all but plain init containers.
    private static func namedPorts(
        _ spec: Tree?, findings: inout DialectFindings
    ) throws(Refusal) -> [PortName: [ProtocolPort]] {
        var containers = try spec?.list("containers") ?? []
        for container in try spec?.list("initContainers") ?? [] where try container.text("restartPolicy") == "Always" {
            containers.append(container)
        }
        var result: [PortName: [ProtocolPort]] = [:]
        for container in containers {
            for port in try container.list("ports") {
                guard let name = try port.text("name") else { continue }
                let word = try port.text("protocol") ?? "TCP"
                guard let proto = KubernetesPorts.proto(word), let written = port["containerPort"],
                    let number = try? written.number("`containerPort`", in: 1...65535),
                    let value = UInt16(exactly: number), KubernetesPorts.isWritten(name)
                else {
                    findings.report(
                        .warning, "invalid-port",
                        "expected `containerPort` from 1 to 65535, with `protocol` TCP, UDP or SCTP; the port is left out",
                        at: port.location, effect: .leftOut)
                    continue
                }
                let pair = ProtocolPort(proto, value)
                for key in [KubernetesPorts.anyProtocol(name), KubernetesPorts.key(name, proto)]
                where result[key]?.contains(pair) != true {
                    result[key, default: []].append(pair)
                }
            }
        }
        return result
    }
}

/// The protocols and named ports of Kubernetes.
enum KubernetesPorts {
    /// The protocols that its policies speak of (Kubernetes API, core/v1 `Protocol`).
    static let protocols: [IPProtocol] = [.tcp, .udp, .sctp]

    /// A protocol as the API spells it.
    static func proto(_ word: String) -> IPProtocol? {
        switch word {
        case "TCP": .tcp
        case "UDP": .udp
        case "SCTP": .sctp
        default: nil
        }
    }

    /// The name under which a workload lists a named port of whatever protocol.
    static func anyProtocol(_ name: String) -> PortName { PortName(rawValue: name) }

    /// The name under which a workload lists a named port of one protocol.
    static func key(_ name: String, _ proto: IPProtocol) -> PortName { PortName(rawValue: "\(name)/\(proto)") }

    /// Whether a name can be told from the keys with a protocol.
    static func isWritten(_ name: String) -> Bool { !name.isEmpty && !name.contains("/") }
}
