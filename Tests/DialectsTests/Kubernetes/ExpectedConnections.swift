import Foundation
import NetworkTypes

/// The allowed connections of a case, as its `expected.txt` lists them.
struct ExpectedConnections {
    /// An end: a workload's name or a range of addresses outside.
    enum End: Hashable {
        case workload(String)
        case outside(AddressRange)
    }

    struct Line {
        let source: End
        let destination: End
        /// The ports by protocol; nil for every port of every protocol.
        let ports: [IPProtocol: PortSet]?

        func ports(_ proto: IPProtocol) -> PortSet {
            guard let ports else { return ExpectedConnections.ports }
            return ports[proto] ?? PortSet()
        }
    }

    struct Malformed: Error { let line: String }

    /// The ports that exist for Kubernetes.
    static let ports = PortSet(1...65535)

    let lines: [Line]

    init(_ text: String) throws {
        lines = try text.split(separator: "\n").map(Self.line)
    }

    private static func line(_ text: Substring) throws -> Line {
        guard let arrow = text.range(of: " => "), let colon = text.range(of: " : ", options: .backwards) else {
            throw Malformed(line: String(text))
        }
        return Line(
            source: try end(text[..<arrow.lowerBound]),
            destination: try end(text[arrow.upperBound..<colon.lowerBound]),
            ports: try ports(text[colon.upperBound...]))
    }

    private static func end(_ text: Substring) throws -> End {
        guard text.hasSuffix("[External]") else { return .workload(String(text)) }
        guard let range = AddressRange(text.dropLast("[External]".count)) else { throw Malformed(line: String(text)) }
        return .outside(range)
    }

    /// `All Connections`, or `TCP 1-5,7,UDP 9`: a number without a word belongs to the protocol before it.
    private static func ports(_ text: Substring) throws -> [IPProtocol: PortSet]? {
        if text == "All Connections" { return nil }
        var result: [IPProtocol: PortSet] = [:]
        var proto: IPProtocol?
        for item in text.split(separator: ",") {
            let words = item.split(separator: " ")
            if words.count == 2 { proto = IPProtocol(words[0].lowercased()) }
            let bounds = (words.last ?? "").split(separator: "-").compactMap { UInt16($0) }
            guard let proto, let low = bounds.first, let high = bounds.last, low <= high else {
                throw Malformed(line: String(text))
            }
            result[proto] = (result[proto] ?? PortSet()).union(PortSet(low...high))
        }
        return result
    }
}
