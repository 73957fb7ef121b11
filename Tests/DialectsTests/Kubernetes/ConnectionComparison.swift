import Dialects
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel

/// What a reading allows beside what is expected, compared as sets: every address outside, every port.
struct ConnectionComparison {
    private let connectivity: Connectivity
    private let names: [WorkloadID: String]

    init(_ read: DialectPolicy) {
        connectivity = Connectivity(
            PolicyEngine(workloads: read.workloads, policy: read.policy), at: Instant(rawValue: 0))
        names = read.names
    }

    /// The name of an end, or nil outside.
    private func name(_ end: End) -> String? { end.owners.first.map { names[$0] ?? $0.rawValue } }

    /// The ends outside with the parts of their addresses that the expectation cannot tell apart; workloads once.
    private func parts(_ expected: ExpectedConnections) -> [(end: End, part: AddressRange?)] {
        var starts: Set<IPAddress> = []
        for line in expected.lines {
            for case .outside(let range) in [line.source, line.destination] {
                starts.insert(range.lower)
                if let after = IPAddress(range.family, bits: range.upper.bits &+ 1) { starts.insert(after) }
            }
        }
        let cuts = starts.sorted()
        var result: [(end: End, part: AddressRange?)] = []
        for end in connectivity.ends {
            guard end.owners.isEmpty else {
                result.append((end, nil))
                continue
            }
            for range in end.ranges where range.family == .ipv4 {
                var lower = range.lower
                for cut in cuts where cut > range.lower && cut <= range.upper {
                    guard let before = IPAddress(.ipv4, bits: cut.bits &- 1), let part = AddressRange(lower, before)
                    else { continue }
                    result.append((end, part))
                    lower = cut
                }
                if let part = AddressRange(lower, range.upper) { result.append((end, part)) }
            }
        }
        return result
    }

    /// Where the answers differ from what is expected, up to a few.
    func differences(from expected: ExpectedConnections) -> [String] {
        struct Key: Hashable {
            let source: String?
            let destination: String?
        }
        func name(_ end: ExpectedConnections.End) -> String? {
            if case .workload(let name) = end { return name }
            return nil
        }
        var byPair: [Key: [ExpectedConnections.Line]] = [:]
        for line in expected.lines {
            byPair[Key(source: name(line.source), destination: name(line.destination)), default: []].append(line)
        }
        let parts = parts(expected)
        var result: [String] = []
        for source in parts {
            for destination in parts {
                let key = Key(source: self.name(source.end), destination: self.name(destination.end))
                guard key.source != nil || key.destination != nil, key.source != key.destination else { continue }
                let lines = (byPair[key] ?? []).filter {
                    Self.holds($0.source, source.part) && Self.holds($0.destination, destination.part)
                }
                let traffic = connectivity.traffic(from: source.end, to: destination.end)
                for proto in [IPProtocol.tcp, .udp, .sctp] {
                    let allowed = lines.reduce(PortSet()) { $0.union($1.ports(proto)) }
                    let must = traffic.must.ports(proto).intersection(ExpectedConnections.ports)
                    let may = traffic.may.ports(proto).intersection(ExpectedConnections.ports)
                    guard must != allowed || may != allowed else { continue }
                    result.append(
                        "\(key.source ?? "\(source.part.map(\.description) ?? "")") => \(key.destination ?? "\(destination.part.map(\.description) ?? "")") : \(proto) must \(must.text) may \(may.text), expected \(allowed.text)"
                    )
                    if result.count >= 8 { return result }
                }
            }
        }
        return result
    }

    private static func holds(_ expected: ExpectedConnections.End, _ part: AddressRange?) -> Bool {
        switch (expected, part) {
        case (.workload, nil): true
        case (.outside(let range), let part?): range.contains(part.lower) && range.contains(part.upper)
        case (.workload, .some), (.outside, nil): false
        }
    }
}
