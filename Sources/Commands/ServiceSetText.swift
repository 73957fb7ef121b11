import NetworkTypes
import PolicyAnalysis
import PolicyModel

/// Traffic as answers write it: `TCP 80,443`, `UDP 67 from 68`, `ICMP 8:0`, `GRE`, `All Connections`.
///
/// Port 0 is left out: it is reserved (RFC 6335 §6), and no connection is made to it.
struct ServiceSetText {
    /// One protocol of a set, with the destinations that have the same source ports.
    struct Entry: Encodable, Hashable {
        /// `TCP`, `UDP`, …, or the number of a protocol without a name.
        let `protocol`: String
        /// Destination ports `80,443,8000-8090`; for ICMP types with codes `8:0`; left out where all or none exist.
        let ports: String?
        /// The source ports, where not every ephemeral one may.
        let sourcePorts: String?
    }

    /// Everything that answers are about.
    let universe: ServiceSet

    /// Makes a form for languages that speak of these protocols, nil for all.
    ///
    /// ICMP errors and redirects open no connection of their own (semantics §3), so all of ICMP is the rest.
    init(_ protocols: [IPProtocol]?) {
        let all = Self.listed(protocols.map { ServiceSet.all($0) } ?? .all)
        universe = protocols == nil ? all.subtracting(Self.errors) : all
    }

    private static let errors: ServiceSet = [IPProtocol.icmp, .icmpv6].reduce(ServiceSet()) { result, proto in
        (UInt8.min...UInt8.max).filter { type in
            let message = ICMPMessage(type: type, code: 0)
            return message.isError(proto) || message.isRedirect(proto)
        }.reduce(result) { set, type in
            let low = UInt16(type) << 8
            return set.union(ServiceSet(proto, destination: PortSet(low...(low | 0xFF))))
        }
    }

    /// What is listed of a set: the protocols that answers are about, without port 0.
    func listed(_ set: ServiceSet) -> ServiceSet { Self.listed(set).intersection(universe) }

    private static func listed(_ set: ServiceSet) -> ServiceSet {
        var zero = ServiceSet()
        for proto in set.protocols where proto.hasPorts {
            zero = zero.union(ServiceSet(proto, destination: PortSet(0)))
        }
        return set.subtracting(zero)
    }

    /// The text of a set that is not empty.
    func text(_ set: ServiceSet) -> String {
        if isEverything(set) { return "All Connections" }
        var parts: [String] = []
        var numbers: [UInt8] = []
        for entry in entries(set) {
            if let number = UInt8(entry.protocol) {
                numbers.append(number)
                continue
            }
            parts.append(
                entry.protocol + (entry.ports.map { " \($0)" } ?? "") + (entry.sourcePorts.map { " from \($0)" } ?? ""))
        }
        if !numbers.isEmpty { parts.append("IP \(IntervalSet<UInt8>(numbers.map { $0...$0 }).text)") }
        return parts.joined(separator: ",")
    }

    /// The text of a set that is not empty, by what is missing where that is shorter.
    func shortText(_ set: ServiceSet) -> String {
        let (whole, rest) = (text(set), universe.subtracting(set))
        // A port that some initiators may still ask for is not missing.
        if rest.isEmpty || rest.parts.contains(where: { $0.proto.hasPorts && $0.source != .all }) { return whole }
        let missing = "everything but \(text(rest))"
        return missing.count < whole.count ? missing : whole
    }

    /// Whether the set is all that answers are about.
    func isEverything(_ set: ServiceSet) -> Bool { set.isSuperset(of: universe) }

    /// The entries of a set, by the name of the protocol, numbers last.
    func entries(_ set: ServiceSet) -> [Entry] {
        var result: [Entry] = []
        for proto in set.protocols {
            let parts = set.parts.filter { $0.proto == proto }
            let name = proto.description.uppercased()
            var sources: [PortSet] = []
            for part in parts where !sources.contains(part.source) { sources.append(part.source) }
            for source in sources {
                let destinations = parts.filter { $0.source == source }.map(\.destination)
                result.append(
                    Entry(
                        protocol: name, ports: Self.ports(proto, destinations),
                        sourcePorts: !proto.hasPorts || Self.isOrdinary(source) ? nil : source.text))
            }
        }
        return result.sorted { Self.order($0) < Self.order($1) }
    }

    private static func order(_ entry: Entry) -> (Int, String, String) {
        if let number = UInt8(entry.protocol) { return (Int(number) + 1, "", "") }
        return (0, entry.protocol, entry.sourcePorts ?? "")
    }

    /// Whether every port that a client takes is among them.
    private static func isOrdinary(_ source: PortSet) -> Bool { source.isSuperset(of: PortSet(1024 ... .max)) }

    private static func ports(_ proto: IPProtocol, _ destinations: [ClosedRange<UInt16>]) -> String? {
        if proto.hasPorts { return PortSet(destinations).text }
        guard proto.isICMP else { return nil }
        let set = PortSet(destinations)
        if set == .all { return nil }
        return set.intervals.map { interval in
            let (low, high) = (interval.lowerBound, interval.upperBound)
            if low & 0xFF == 0, high & 0xFF == 0xFF {
                return low >> 8 == high >> 8 ? "\(low >> 8)" : "\(low >> 8)-\(high >> 8)"
            }
            return low == high ? "\(low >> 8):\(low & 0xFF)" : "\(low >> 8):\(low & 0xFF)-\(high >> 8):\(high & 0xFF)"
        }.joined(separator: ",")
    }
}

extension IntervalSet where Bound == UInt8 {
    /// The members as `3-5,8`.
    fileprivate var text: String {
        intervals.map { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
