import Dialects
import Foundation
import NetworkTypes
import PolicyEngine
import PolicyModel

/// The questions of a case: every pair of ends × protocols × ports at which an answer can change.
struct ConnectionGrid {
    /// An end that is asked about.
    struct End {
        /// The workload's name, or nil outside.
        let name: String?
        let address: IPAddress
    }

    let ends: [End]
    let ports: [UInt16]
    private let engine: PolicyEngine
    private let known: [String: [IPAddress]]

    /// Makes the questions: the workloads, both sides of every boundary of `ranges` outside, and of every port that a text names.
    init(_ read: DialectPolicy, ranges: [AddressRange], texts: [String]) {
        engine = PolicyEngine(workloads: read.workloads, policy: read.policy)
        var owned: Set<IPAddress> = []
        var ends: [End] = []
        for workload in read.workloads {
            owned.formUnion(workload.addresses)
            for address in workload.addresses.prefix(1) {
                ends.append(End(name: read.names[workload.id] ?? workload.id.rawValue, address: address))
            }
        }
        var bounds: Set<UInt128> = [0, AddressFamily.ipv4.highest]
        for range in ranges {
            for bits in [range.lower.bits, range.upper.bits] {
                bounds.insert(bits)
                if bits > 0 { bounds.insert(bits - 1) }
                if bits < AddressFamily.ipv4.highest { bounds.insert(bits + 1) }
            }
        }
        for bits in bounds.sorted() {
            guard let address = IPAddress(.ipv4, bits: bits), !owned.contains(address) else { continue }
            ends.append(End(name: nil, address: address))
        }
        self.ends = ends
        known = Dictionary(grouping: ends.filter { $0.name != nil }) { $0.name ?? "" }.mapValues { $0.map(\.address) }
        var ports: Set<Int> = [1, 65535]
        for text in texts {
            for word in text.split(whereSeparator: { !$0.isNumber }) {
                guard word.utf8.count <= 5, let number = Int(word) else { continue }
                ports.formUnion([number - 1, number, number + 1])
            }
        }
        self.ports = ports.sorted().compactMap { UInt16(exactly: $0) }.filter { $0 > 0 }
    }

    /// The blocks of addresses that a text names.
    static func blocks(in text: String) -> [AddressRange] {
        text.split { !($0.isNumber || $0 == "." || $0 == "/") }.compactMap { word in
            word.contains("/") ? Prefix(word)?.range : nil
        }
    }

    func outcome(_ source: IPAddress, _ destination: IPAddress, _ proto: IPProtocol, _ port: UInt16) -> Outcome {
        let flow = Flow(
            source: FlowEnd(source), destination: FlowEnd(destination), proto: proto, sourcePort: 40_000,
            destinationPort: port)
        return engine.decide(flow, at: Instant(rawValue: 0)).policy.outcome
    }

    /// Where the answers differ from what is expected, up to a few.
    func differences(from expected: ExpectedConnections) -> [String] {
        var result: [String] = []
        var byPair: [String: [ExpectedConnections.Line]] = [:]
        func key(_ end: ExpectedConnections.End) -> String {
            if case .workload(let name) = end { return name }
            return ""
        }
        for line in expected.lines { byPair["\(key(line.source)) \(key(line.destination))", default: []].append(line) }
        for source in ends {
            for destination in ends
            where (source.name != nil || destination.name != nil) && source.name != destination.name {
                let lines = (byPair["\(source.name ?? "") \(destination.name ?? "")"] ?? []).filter {
                    Self.holds($0.source, source) && Self.holds($0.destination, destination)
                }
                for proto in [IPProtocol.tcp, .udp, .sctp] {
                    for port in ports {
                        let isExpected = lines.contains { $0.allows(proto, port) }
                        let outcome = outcome(source.address, destination.address, proto, port)
                        guard outcome != (isExpected ? .allowed : .denied) else { continue }
                        result.append(
                            "\(source.name ?? "\(source.address)") => \(destination.name ?? "\(destination.address)") \(proto) \(port): \(outcome), expected \(isExpected ? "allowed" : "denied")"
                        )
                        if result.count >= 8 { return result }
                    }
                }
            }
        }
        return result
    }

    private static func holds(_ expected: ExpectedConnections.End, _ end: End) -> Bool {
        switch expected {
        case .workload(let name): end.name == name
        case .outside(let range): end.name == nil && range.contains(end.address)
        }
    }
}
