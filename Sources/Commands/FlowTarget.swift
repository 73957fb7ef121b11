import ArgumentParser
import NetworkTypes
import PolicyModel

/// The destination of a question: `HOST:PORT`, `HOST:PORT/PROTO`, `HOST:icmp/8`, `HOST:gre`.
///
/// `HOST` is an address or a workload's name; an IPv6 address stands in brackets.
struct FlowTarget {
    let host: String
    let proto: IPProtocol
    let port: UInt16
    let icmp: ICMPMessage?

    init(_ text: String) throws {
        let expected =
            "expected DST:PORT[/PROTO], such as `db-1:5432`, `[2001:db8::1]:53/udp` or `10.0.0.4:icmp/8`, got `\(text)`"
        let rest: Substring
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            host = String(text[text.index(after: text.startIndex)..<close])
            let after = text[text.index(after: close)...]
            guard after.first == ":" else { throw CommandError(expected) }
            rest = after.dropFirst()
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw CommandError(expected) }
            host = String(parts[0])
            rest = parts[1]
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard !host.isEmpty, (1...2).contains(parts.count) else { throw CommandError(expected) }
        if let number = UInt16(parts[0]) {
            let name = parts.count == 2 ? String(parts[1]) : "tcp"
            guard let proto = IPProtocol(name), proto.hasPorts else {
                throw CommandError("expected a protocol with ports, such as `tcp` or `udp`, got `\(name)`")
            }
            (self.proto, port, icmp) = (proto, number, nil)
            return
        }
        guard let proto = IPProtocol(parts[0]), !proto.hasPorts else { throw CommandError(expected) }
        var message: ICMPMessage?
        if parts.count == 2 {
            guard proto.isICMP, let type = UInt8(parts[1]) else { throw CommandError(expected) }
            message = ICMPMessage(type: type, code: 0)
        }
        (self.proto, port, icmp) = (proto, 0, message)
    }
}

/// What is known of a flow besides its addresses and service.
struct FlowFactOptions: ParsableArguments {
    @Option(help: "The source port, where rules ask for it.")
    var sourcePort: UInt16?
    @Option(help: "The executable at the source.")
    var sourceProcess: String?
    @Option(help: "The executable at the destination.")
    var destinationProcess: String?
    @Option(help: ArgumentHelp("Who acts at the source.", valueName: "name[:group,…]"))
    var sourcePrincipal: String?
    @Option(help: ArgumentHelp("Who acts at the destination.", valueName: "name[:group,…]"))
    var destinationPrincipal: String?
    @Option(
        help: ArgumentHelp("A fact that is known, true unless `=false`; may be repeated.", valueName: "name[=bool]"))
    var condition: [String] = []

    /// Enters what is known into a flow.
    func apply(to flow: inout Flow) throws {
        if let sourcePort {
            guard flow.proto.hasPorts else {
                throw CommandError("expected no --source-port, since \(flow.proto) has no ports")
            }
            flow.sourcePort = sourcePort
        }
        if let sourceProcess { flow.source.process = .known(ProcessName(rawValue: sourceProcess)) }
        if let destinationProcess { flow.destination.process = .known(ProcessName(rawValue: destinationProcess)) }
        if let sourcePrincipal { flow.source.principal = .known(try Self.principal(sourcePrincipal)) }
        if let destinationPrincipal { flow.destination.principal = .known(try Self.principal(destinationPrincipal)) }
        for text in condition {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard !parts[0].isEmpty, let value = parts.count == 1 ? true : Bool(String(parts[1])) else {
                throw CommandError("expected --condition name, name=true or name=false, got `\(text)`")
            }
            flow.conditions[ConditionName(rawValue: String(parts[0]))] = value
        }
    }

    private static func principal(_ text: String) throws -> Principal {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else {
            throw CommandError("expected a principal such as `alice` or `alice:admins,ops`, got `\(text)`")
        }
        let groups = parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : []
        return Principal(name: String(name), groups: Set(groups))
    }
}
