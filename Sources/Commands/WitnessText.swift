import NetworkTypes
import PolicyAnalysis
import PolicyModel

/// Ends and witnesses of analyses as answers write them.
struct WitnessText {
    let index: PolicyIndex

    /// The names of the owners, with the addresses where they are a part; else the ranges.
    func name(_ end: End) -> String {
        if end.owners.isEmpty { return end.ranges.map(\.description).joined(separator: ",") }
        let names = end.owners.map { index.name(of: $0) }.joined(separator: "+")
        let ranges = end.ranges.filter { !index.isStandIn($0.lower) }
        guard end.extent == .part, !ranges.isEmpty else { return names }
        return "\(names) (\(ranges.map(\.description).joined(separator: ",")))"
    }

    /// The flow of a witness in a line.
    func text(_ witness: Witness) -> String {
        let flow = witness.flow
        let ends = flow.map { ($0.source.address, $0.destination.address) }
        return text(witness.source, witness.destination, ends, witness.point) + (flow.map(Self.facts) ?? "")
    }

    /// A flow between two ends, at these addresses where there are any.
    func text(
        _ source: End, _ destination: End, _ addresses: (IPAddress, IPAddress)?, _ point: ServicePoint
    ) -> String {
        var service = point.proto.description
        if point.proto.hasPorts { service += "/\(point.destination)" }
        if let icmp = point.icmp { service += " type \(icmp.type) code \(icmp.code)" }
        let from = place(source, addresses?.0)
        return "\(from) → \(place(destination, addresses?.1)) \(service)"
            + (point.proto.hasPorts ? " from port \(point.source)" : "")
    }

    /// The address, or the name of an end that has none of its own; `decide` takes both.
    func place(_ end: End, _ address: IPAddress?) -> String {
        if let address, !index.isStandIn(address) { return address.description }
        // What answers call a workload may be shared; its identifier is not.
        if end.owners.count == 1, let owner = end.owners.first { return owner.rawValue }
        return name(end)
    }

    /// What a witness needs to be known of it, so that it is decided so.
    private static func facts(_ flow: Flow) -> String {
        var parts: [String] = []
        func add(_ what: String, _ end: FlowEnd) {
            if case .known(let process) = end.process { parts.append("\(what) process \(process)") }
            if case .known(let principal) = end.principal { parts.append("\(what) principal \(principal.name)") }
        }
        add("source", flow.source)
        add("destination", flow.destination)
        for (name, value) in flow.conditions.sorted(by: { $0.key < $1.key }) { parts.append("\(name) \(value)") }
        return parts.isEmpty ? "" : " with " + parts.joined(separator: ", ")
    }

    /// One address of each end, of one family.
    static func addresses(_ source: End, _ destination: End) -> (IPAddress, IPAddress)? {
        for family in AddressFamily.allCases {
            let mine = source.ranges.first { $0.family == family }
            let theirs = destination.ranges.first { $0.family == family }
            if let mine, let theirs { return (mine.lower, theirs.lower) }
        }
        return nil
    }
}

/// A witness as JSON; the names are those of `decide`, documented in `docs/commands.md`.
struct WitnessJSON: Encodable {
    let source: String
    let destination: String
    let `protocol`: String
    let destinationPort: UInt16?
    let sourcePort: UInt16?
    let icmpType: UInt8?
    let icmpCode: UInt8?
    let text: String

    init(_ witness: Witness, _ names: WitnessText) {
        let ends = witness.flow.map { ($0.source.address, $0.destination.address) }
        self.init(witness.source, witness.destination, ends, witness.point, names, text: names.text(witness))
    }

    /// A flow between examples of two ends.
    init(_ source: End, _ destination: End, _ point: ServicePoint, _ names: WitnessText) {
        let ends = WitnessText.addresses(source, destination)
        self.init(
            source, destination, ends, point, names, text: names.text(source, destination, ends, point))
    }

    private init(
        _ source: End, _ destination: End, _ ends: (IPAddress, IPAddress)?, _ point: ServicePoint,
        _ names: WitnessText, text: String
    ) {
        self.source = names.place(source, ends?.0)
        self.destination = names.place(destination, ends?.1)
        `protocol` = point.proto.description
        destinationPort = point.proto.hasPorts ? point.destination : nil
        sourcePort = point.proto.hasPorts ? point.source : nil
        icmpType = point.icmp?.type
        icmpCode = point.icmp?.code
        self.text = text
    }
}
