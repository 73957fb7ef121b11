import NetworkTypes
import PolicyModel

/// Reads workloads and flows of conformance cases.
struct ConformanceReader {
    let text: ConformanceText

    func workload(_ node: ConformanceNode) throws -> Workload {
        try node.allow(["id", "labels", "addresses", "namedPorts", "mode", "enforcesAttributes"])
        var labels: Labels = [:]
        for (key, value) in try node["labels"]?.members() ?? [] {
            guard let key = LabelKey(key), let value = LabelValue(try value.text()) else { throw value.fail("a label") }
            labels[key] = value
        }
        var named: [PortName: [ProtocolPort]] = [:]
        for (name, ports) in try node["namedPorts"]?.members() ?? [] {
            named[PortName(rawValue: name)] = try ports.items().map { item in
                let parts = try item.text().split(separator: "/")
                guard parts.count == 2, let port = UInt16(parts[1]) else { throw item.fail("`protocol/port`") }
                return ProtocolPort(try text.proto(parts[0], item), port)
            }
        }
        let mode = try node["mode"].map { mode in
            guard let value = EnforcementMode(rawValue: try mode.text()) else { throw mode.fail("a mode") }
            return value
        }
        return Workload(
            id: WorkloadID(rawValue: try node.text("id")), labels: labels,
            addresses: try node.items("addresses").map(text.address), namedPorts: named, mode: mode,
            enforcesAttributes: try node.bool("enforcesAttributes", default: false))
    }

    func addressSets(_ node: ConformanceNode?) throws -> [AddressSetID: AddressSet] {
        var sets: [AddressSetID: AddressSet] = [:]
        for (name, members) in try node?.members() ?? [] {
            sets[AddressSetID(rawValue: name)] = try text.addressSet(members)
        }
        return sets
    }

    func expectation(
        _ node: ConformanceNode, number: Int, among workloads: [Workload]
    ) throws -> ConformanceCase.Expectation {
        try node.allow([
            "from", "to", "service", "sourcePort", "fromProcess", "toProcess", "fromPrincipal", "toPrincipal",
            "conditions", "at", "verdict", "policyVerdict", "decidedBy", "policyDecidedBy",
        ])
        let verdict = try node.text("verdict")
        return ConformanceCase.Expectation(
            number: number, flow: try flow(node, workloads), instant: Instant(rawValue: try instant(node["at"]) ?? 0),
            verdict: verdict, policyVerdict: try node["policyVerdict"]?.text() ?? verdict,
            decidedBy: try deciders(node["decidedBy"]), policyDecidedBy: try deciders(node["policyDecidedBy"]))
    }

    func instant(_ node: ConformanceNode?) throws -> Int64? { try node.map { Int64(try $0.number()) } }

    private func deciders(_ node: ConformanceNode?) throws -> [String?] {
        try node?.allow(["source", "destination"])
        return [try node?["source"]?.text(), try node?["destination"]?.text()]
    }

    private func flow(_ node: ConformanceNode, _ workloads: [Workload]) throws -> Flow {
        let service = try node.required("service")
        let parts = try service.text().split(separator: "/", maxSplits: 1)
        let proto = try text.proto(parts[0], service)
        var flow = Flow(
            source: try end(node.required("from"), workloads), destination: try end(node.required("to"), workloads),
            proto: proto)
        flow.source.process = try attribute(node["fromProcess"]) { ProcessName(rawValue: try $0.text()) }
        flow.destination.process = try attribute(node["toProcess"]) { ProcessName(rawValue: try $0.text()) }
        flow.source.principal = try attribute(node["fromPrincipal"], principal)
        flow.destination.principal = try attribute(node["toPrincipal"], principal)
        if proto.hasPorts {
            guard parts.count == 2, let port = UInt16(parts[1]) else { throw service.fail("`protocol/port`") }
            flow.destinationPort = port
            flow.sourcePort = try sourcePort(node["sourcePort"])
        } else if proto.isICMP, parts.count == 2 {
            let message = try text.icmp(parts[1], service)
            flow.icmp = ICMPMessage(type: message.type, code: message.code ?? 0)
        }
        for (name, value) in try node["conditions"]?.members() ?? [] {
            flow.conditions[ConditionName(rawValue: name)] = try value.bool()
        }
        return flow
    }

    /// A workload's name stands for its first address.
    private func end(_ node: ConformanceNode, _ workloads: [Workload]) throws -> FlowEnd {
        let name = try node.text()
        if let address = workloads.first(where: { $0.id.rawValue == name })?.addresses.first { return FlowEnd(address) }
        return FlowEnd(try text.address(node))
    }

    private func sourcePort(_ node: ConformanceNode?) throws -> UInt16? {
        guard let node else { return 40_000 }
        if case .text("unrecorded") = node.value { return nil }
        guard let port = UInt16(exactly: try node.number()) else { throw node.fail("a port or `unrecorded`") }
        return port
    }

    /// A missing key is unknown, `none` is absent.
    private func attribute<Value>(
        _ node: ConformanceNode?, _ read: (ConformanceNode) throws -> Value
    ) throws -> Attribute<Value> {
        guard let node else { return .unknown }
        if case .text("none") = node.value { return .absent }
        return .known(try read(node))
    }

    /// A list: the name, then the groups.
    private func principal(_ node: ConformanceNode) throws -> Principal {
        let names = try node.items().map { try $0.text() }
        guard let name = names.first else { throw node.fail("a name and groups") }
        return Principal(name: name, groups: Set(names.dropFirst()))
    }
}
