import NetworkTypes
import PolicyFiles
import PolicyModel

extension KubernetesPolicy {
    /// The traffic of a rule of a cluster-wide policy, and whether the API leaves open what was written.
    mutating func services(
        _ tree: Tree?, _ kind: ClusterWideKind, unknown: inout [Scalar]
    ) throws(Refusal) -> (terms: [ServiceTerm], isDoubtful: Bool) {
        guard let tree else { return ([.any], false) }
        let items = try tree.items("`\(kind.traffic)`")
        let isCluster = kind.name == ClusterWideKind.cluster.name
        if items.isEmpty, !isCluster { return ([.any], true) }
        guard (1...kind.maximumPeers).contains(items.count) else {
            throw Refusal(
                "expected 1 to \(kind.maximumPeers) items in `\(kind.traffic)`, got \(items.count)",
                at: tree.location, code: "too-many")
        }
        var terms: [ServiceTerm] = []
        for item in items {
            terms.append(
                isCluster ? try clusterProtocol(item, unknown: &unknown) : try adminPort(item, unknown: &unknown))
        }
        return (terms, false)
    }

    /// The one field that is set, of those that an item may have; nil when only unknown ones are.
    private func only(
        _ tree: Tree, of known: [String], _ what: String, unknown: inout [Scalar]
    ) throws(Refusal) -> (name: String, value: Tree)? {
        _ = try tree.entries(what)
        let strange = tree.unknownFields(known: known)
        unknown += strange
        let fields = known.compactMap { name in tree[name].map { (name: name, value: $0) } }
        if fields.isEmpty, !strange.isEmpty { return nil }
        guard let only = fields.first, fields.count == 1 else {
            throw Refusal(
                "expected one of \(known.map { "`\($0)`" }.joined(separator: ", ")) in \(what)", at: tree.location,
                code: "invalid-port")
        }
        return only
    }

    /// An item of `protocols` (ClusterNetworkPolicyProtocol).
    private func clusterProtocol(_ tree: Tree, unknown: inout [Scalar]) throws(Refusal) -> ServiceTerm {
        let known = ["tcp", "udp", "sctp", "destinationNamedPort"]
        guard let (name, value) = try only(tree, of: known, "a protocol", unknown: &unknown) else { return .any }
        let proto: IPProtocol
        switch name {
        case "tcp": proto = .tcp
        case "udp": proto = .udp
        case "sctp": proto = .sctp
        default: return .named(KubernetesPorts.anyProtocol(try portName(value)))
        }
        guard
            let (_, port) = try only(value, of: ["destinationPort"], "a protocol", unknown: &unknown)
        else { return .proto(proto) }
        guard let (form, number) = try only(port, of: ["number", "range"], "a port", unknown: &unknown) else {
            return .proto(proto)
        }
        if form == "number" {
            return .ports(proto, destination: PortSet(try KubernetesPorts.number(number, "a port")))
        }
        _ = try number.entries("a range")
        unknown += number.unknownFields(known: ["start", "end"])
        let (start, end) = try bounds(number)
        guard start < end else {
            throw Refusal(
                "expected `start` below `end`, got \(start) and \(end)", at: number.location, code: "invalid-port")
        }
        return .ports(proto, destination: PortSet(start...end))
    }

    /// An item of `ports` (AdminNetworkPolicyPort).
    private mutating func adminPort(_ tree: Tree, unknown: inout [Scalar]) throws(Refusal) -> ServiceTerm {
        let known = ["portNumber", "namedPort", "portRange"]
        guard let (form, value) = try only(tree, of: known, "a port", unknown: &unknown) else { return .any }
        if form == "namedPort" { return .named(KubernetesPorts.anyProtocol(try portName(value))) }
        _ = try value.entries("a port")
        let proto = try KubernetesPorts.proto(value["protocol"])
        if form == "portNumber" {
            unknown += value.unknownFields(known: ["protocol", "port"])
            guard let port = value["port"] else {
                throw Refusal("expected `port` in `portNumber`", at: value.location, code: "missing-key")
            }
            return .ports(proto, destination: PortSet(try KubernetesPorts.number(port, "a port")))
        }
        unknown += value.unknownFields(known: ["protocol", "start", "end"])
        let (start, end) = try bounds(value)
        // The API's text asks for `start` below `end`, but nothing refuses the contrary.
        if start > end {
            findings.report(
                .warning, "empty-range",
                "expected `start` not above `end`, got \(start) and \(end); no port lies between them",
                at: value.location, effect: .none)
        }
        return .ports(proto, destination: start <= end ? PortSet(start...end) : PortSet())
    }

    private func bounds(_ tree: Tree) throws(Refusal) -> (UInt16, UInt16) {
        guard let start = tree["start"], let end = tree["end"] else {
            throw Refusal("expected `start` and `end` in a range", at: tree.location, code: "missing-key")
        }
        return (try KubernetesPorts.number(start, "`start`"), try KubernetesPorts.number(end, "`end`"))
    }

    private func portName(_ tree: Tree) throws(Refusal) -> String {
        let scalar = try tree.scalar("the name of a port")
        guard KubernetesPorts.isWritten(scalar.text) else {
            throw Refusal(
                "expected the name of a port, got `\(scalar.text.prefix(60))`", at: scalar.location,
                code: "invalid-port")
        }
        return scalar.text
    }
}
