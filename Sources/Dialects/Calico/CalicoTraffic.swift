import NetworkTypes
import PolicyFiles
import PolicyModel

/// What traffic a rule covers, beside its ends.
struct CalicoTraffic {
    /// What is covered, or more where `doubt` says why.
    var terms: [ServiceTerm] = [.any]
    /// Why the terms cover more than was written.
    var doubt: String?
    /// The family that the rule is about; nil for both.
    var family: AddressFamily?

    /// The protocols whose ports rules may name (`numorstring/protocol.go`, `SupportsPorts`).
    static let withPorts: [IPProtocol] = [.tcp, .udp, .sctp]

    /// A protocol: a name of the API or a number from 1 to 255.
    static func proto(_ tree: Tree) throws(Refusal) -> IPProtocol {
        let scalar = try tree.scalar("a protocol")
        switch scalar.text {
        case "TCP": return .tcp
        case "UDP": return .udp
        case "SCTP": return .sctp
        case "ICMP": return .icmp
        case "ICMPv6": return .icmpv6
        case "UDPLite": return .udplite
        default: break
        }
        guard let number = UInt8(scalar.text), number > 0 else {
            throw Refusal(
                "expected protocol TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or 1 to 255, got `\(scalar.text.prefix(60))`",
                at: scalar.location, code: "unknown-word")
        }
        return IPProtocol(rawValue: number)
    }

    /// Reads `protocol`, `notProtocol`, `icmp`, `notICMP`, `ipVersion`, and the ports of both ends.
    static func read(_ rule: Tree) throws(Refusal) -> CalicoTraffic {
        let proto = try rule["protocol"].map { tree throws(Refusal) in try Self.proto(tree) }
        let notProto = try rule["notProtocol"].map { tree throws(Refusal) in try Self.proto(tree) }
        let source = try CalicoPorts.read(rule["source"])
        let destination = try CalicoPorts.read(rule["destination"])
        if let location = source.location ?? destination.location, proto.map(withPorts.contains) != true {
            throw Refusal(
                "expected `protocol` TCP, UDP or SCTP in a rule with ports", at: location, code: "invalid-port")
        }
        var traffic = CalicoTraffic()
        traffic.family = try family(rule, proto, notProto)
        traffic.terms = terms(proto, notProto, source, destination, &traffic.doubt)
        try traffic.restrict(rule, proto)
        return traffic
    }

    private static func family(
        _ rule: Tree, _ proto: IPProtocol?, _ notProto: IPProtocol?
    ) throws(Refusal) -> AddressFamily? {
        guard let written = rule["ipVersion"] else { return nil }
        let number = try written.number("`ipVersion`", in: 4...6)
        guard number != 5 else {
            throw Refusal("expected `ipVersion` 4 or 6, got `5`", at: written.location, code: "out-of-range")
        }
        for (icmp, version) in [(IPProtocol.icmp, 4), (.icmpv6, 6)] where proto == icmp || notProto == icmp {
            guard number == version else {
                throw Refusal(
                    "expected `ipVersion` \(version) beside protocol \(version == 4 ? "ICMP" : "ICMPv6"), got `\(number)`",
                    at: written.location, code: "invalid-rule")
            }
        }
        return number == 4 ? .ipv4 : .ipv6
    }

    private static func terms(
        _ proto: IPProtocol?, _ notProto: IPProtocol?, _ source: CalicoPorts, _ destination: CalicoPorts,
        _ doubt: inout String?
    ) -> [ServiceTerm] {
        guard let proto else {
            guard let notProto else { return [.any] }
            return (0...UInt8.max).map { IPProtocol(rawValue: $0) }.filter { $0 != notProto }.map { .proto($0) }
        }
        if proto == notProto { return [] }
        if !source.isWritten, !destination.isWritten { return [.proto(proto)] }
        // Where only names are excluded or asked for at the source, the numbers are those of whoever has them.
        if !source.names.isEmpty || !source.notNames.isEmpty || !destination.notNames.isEmpty {
            doubt = "a named port that is the source's or that is excluded depends on who has it"
        }
        let sources = source.names.isEmpty ? source.numbers : .all
        var terms: [ServiceTerm] = []
        let numbers = destination.numbers
        if !numbers.isEmpty { terms.append(.ports(proto, destination: numbers, source: sources)) }
        for name in destination.names {
            terms.append(.named(KubernetesPorts.key(name, proto)))
            if sources != .all || !destination.excluded.isEmpty {
                doubt = "a named port with other ports beside it depends on who has it"
            }
        }
        return sources.isEmpty ? [] : terms
    }

    private mutating func restrict(_ rule: Tree, _ proto: IPProtocol?) throws(Refusal) {
        if let tree = rule["icmp"] {
            let (type, code) = try Self.icmp(tree)
            guard let proto, proto.isICMP else {
                throw Refusal(
                    "expected `protocol` ICMP or ICMPv6 beside `icmp`", at: tree.location, code: "invalid-rule")
            }
            if let type, !terms.isEmpty { terms = [.icmp(proto, type: type, code: code)] }
        }
        if let tree = rule["notICMP"] {
            let (type, code) = try Self.icmp(tree)
            guard let type else { return }
            guard let proto, proto.isICMP else {
                doubt = "`notICMP` without protocol ICMP or ICMPv6"
                return
            }
            terms = terms.flatMap { Self.excluding(type, code, of: proto, from: $0) }
        }
    }

    /// What is left of ICMP messages without those of a type, or of a type and code.
    private static func excluding(
        _ type: UInt8, _ code: UInt8?, of proto: IPProtocol, from term: ServiceTerm
    ) -> [ServiceTerm] {
        let codes: [ServiceTerm] =
            code.map { code in
                (0...UInt8.max).filter { $0 != code }.map { .icmp(proto, type: type, code: $0) }
            } ?? []
        switch term {
        case .proto:
            return (0...UInt8.max).filter { $0 != type }.map { .icmp(proto, type: $0, code: nil) } + codes
        case .icmp(_, let asked, let askedCode):
            if asked != type { return [term] }
            guard let askedCode else { return codes }
            return code == nil || code == askedCode ? [] : [term]
        case .any, .ports, .named: return [term]
        }
    }

    private static func icmp(_ tree: Tree) throws(Refusal) -> (type: UInt8?, code: UInt8?) {
        _ = try tree.entries("ICMP fields")
        let type = try tree["type"].map { tree throws(Refusal) in try tree.number("an ICMP type", in: 0...254) }
        let code = try tree["code"].map { tree throws(Refusal) in try tree.number("an ICMP code", in: 0...255) }
        guard code == nil || type != nil else {
            throw Refusal("expected `type` beside `code`", at: tree.location, code: "invalid-rule")
        }
        if let strange = tree.unknownFields(known: ["type", "code"]).first {
            throw Refusal(
                "expected `type` and `code`, got `\(strange.text.prefix(60))`", at: strange.location,
                code: "unknown-field")
        }
        return (type.map { UInt8(truncatingIfNeeded: $0) }, code.map { UInt8(truncatingIfNeeded: $0) })
    }
}
