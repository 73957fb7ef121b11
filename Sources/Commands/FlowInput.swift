import NetworkTypes
import PolicyFiles
import PolicyModel

/// Why something is no flow; the line for people.
struct FlowRefusal: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

/// Reads a flow from the JSON object of a line.
///
/// Understood are the names that `flows decode` prints and those of what no flow log knows (processes, principals,
/// conditions); other members are ignored.
struct FlowInput {
    /// The addresses of the policy's workloads, so that an end may be named.
    private let addresses: [String: [IPAddress]]
    /// One of the workloads of each name that several share.
    private let shared: [String: WorkloadID]

    init(_ asked: AskedPolicy) {
        var addresses: [String: [IPAddress]] = [:]
        var owners: [String: WorkloadID] = [:]
        var shared: [String: WorkloadID] = [:]
        for workload in asked.workloads {
            // A name that several share, or that leaves the kind away, is understood where only one can be meant.
            for name in asked.names(of: workload.id) {
                if let other = owners.updateValue(workload.id, forKey: name), other != workload.id {
                    addresses[name] = nil
                    shared[name] = min(shared[name] ?? other, workload.id)
                } else {
                    addresses[name] = workload.addresses.sorted()
                }
            }
        }
        for workload in asked.workloads { addresses[workload.id.rawValue] = workload.addresses.sorted() }
        self.addresses = addresses
        self.shared = shared
    }

    /// Reads one line; throws with the member that is at fault.
    func flow(_ line: ArraySlice<UInt8>) throws(FlowRefusal) -> Flow {
        guard case .object(let members) = try JSONScanner.read(line) else {
            throw FlowRefusal("expected a JSON object, got another value")
        }
        let fields = FlowMembers(members)
        if let taken = FlowField.added.first(where: { fields[$0] != nil }) {
            throw FlowRefusal("expected no `\(taken.name)`, since it is added")
        }
        return try flow(fields)
    }

    private func flow(_ fields: FlowMembers) throws(FlowRefusal) -> Flow {
        let (source, destination) = try ends(fields)
        let proto = try fields.proto()
        var flow = Flow(source: FlowEnd(source), destination: FlowEnd(destination), proto: proto)
        if proto.hasPorts {
            guard let port: UInt16 = try fields.number(.destinationPort) else {
                throw fields.missing(.destinationPort, "for \(proto)")
            }
            flow.destinationPort = port
            // Flow records write 0 where no source port was recorded.
            if let port: UInt16 = try fields.number(.sourcePort), port != 0 { flow.sourcePort = port }
        }
        if proto.isICMP, let type: UInt8 = try fields.number(.icmpType) {
            flow.icmp = ICMPMessage(type: type, code: try fields.number(.icmpCode) ?? 0)
        }
        flow.source.process = try fields.process(.sourceProcess)
        flow.destination.process = try fields.process(.destinationProcess)
        flow.source.principal = try fields.principal(.sourcePrincipal)
        flow.destination.principal = try fields.principal(.destinationPrincipal)
        flow.conditions = try fields.conditions()
        return flow
    }

    private func ends(_ fields: FlowMembers) throws(FlowRefusal) -> (IPAddress, IPAddress) {
        if case .string(let from) = fields[.source], case .string(let to) = fields[.destination],
            let source = IPAddress(utf8: from), let destination = IPAddress(utf8: to),
            source.family == destination.family
        {
            return (source, destination)
        }
        return try ends(try fields.text(.source), try fields.text(.destination))
    }

    /// The addresses of two ends, each an address or the name of a workload, in one family.
    func ends(_ source: String, _ destination: String) throws(FlowRefusal) -> (IPAddress, IPAddress) {
        let from = try candidates(source)
        let to = try candidates(destination)
        for address in from {
            if let other = to.first(where: { $0.family == address.family }) { return (address, other) }
        }
        throw FlowRefusal("expected two ends of one address family, got `\(source)` and `\(destination)`")
    }

    private func candidates(_ text: String) throws(FlowRefusal) -> [IPAddress] {
        if let address = IPAddress(text) { return [address] }
        guard let known = addresses[text] else {
            if let one = shared[text] {
                throw FlowRefusal(
                    "expected one workload, got `\(text.prefix(253))`, which several are called; one is `\(one)`")
            }
            let hint = Suggestion.hint(for: text, among: addresses.keys)
            throw FlowRefusal("expected an address or the name of a workload, got `\(text.prefix(253))`\(hint)")
        }
        if known.isEmpty { throw FlowRefusal("the workload `\(text)` has no address") }
        return known
    }
}
