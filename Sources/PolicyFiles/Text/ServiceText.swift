import NetworkTypes
package import PolicyModel

/// Services in their text form: `tcp/80`, `udp/8000-8090 from 53`, `icmp/3:4`, `gre`, `proto/253`, `named/http`, `any`.
package enum ServiceText {
    /// The protocols that have a name here, in the order in which messages list them.
    static let protocols = [
        "tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmpv6", "igmp", "gre", "esp", "ah",
    ]

    /// Names that no service may have, since they mean something by themselves.
    static let reserved: Set<String> = Set(protocols + ["any", "all", "none", "named", "proto"])

    /// Whether the text is a term rather than the name of a service.
    static func isTerm(_ text: String) -> Bool {
        reserved.contains(text) || text.contains("/") || text.contains(" ") || text.contains(":")
            || text.utf8.first.map { (48...57).contains($0) } ?? false
    }

    /// Reads one term.
    package static func term(_ text: String) throws(TextFault) -> ServiceTerm {
        if text == "any" { return .any }
        let (main, source) = splitSource(text)
        let slash = main.firstIndex(of: "/")
        let head = main[..<(slash ?? main.endIndex)]
        let tail = slash.map { main[main.index(after: $0)...] }
        if head == "named", let tail {
            guard source == nil, PolicyReader.NameKind.word("a port").accepts(String(tail)) else {
                throw TextFault(
                    .invalidService, "expected `named/` with the name of a port, got `\(text.prefix(60))`")
            }
            return .named(PortName(rawValue: String(tail)))
        }
        if head == "proto", let tail, source == nil {
            guard let number = decimal(tail, upTo: 255) else {
                throw TextFault(.invalidService, "expected `proto/0` to `proto/255`, got `\(text.prefix(60))`")
            }
            return .proto(IPProtocol(rawValue: UInt8(truncatingIfNeeded: number)))
        }
        guard protocols.contains(String(head)), let proto = IPProtocol(head) else {
            let hint = Suggestion.hint(for: String(head), among: protocols + ["named", "proto"])
            throw TextFault(
                .invalidService,
                "expected a service such as `tcp/443`, got `\(text.prefix(60))`\(hint)")
        }
        if proto.hasPorts {
            if tail == nil, source == nil { return .proto(proto) }
            return .ports(proto, destination: try ports(tail, in: text), source: try ports(source, in: text))
        }
        guard source == nil else {
            throw TextFault(.invalidService, "expected no port, since \(proto) has none, got `\(text.prefix(60))`")
        }
        guard let tail else { return .proto(proto) }
        guard proto.isICMP else {
            throw TextFault(
                .invalidService, "expected `\(proto)` alone, since it has no ports, got `\(text.prefix(60))`")
        }
        return try icmp(proto, tail, in: text)
    }

    /// Reads the one protocol and port, or ICMP message, that a test sends; a missing ICMP code is zero.
    static func flow(
        _ text: String
    ) throws(TextFault) -> (proto: IPProtocol, source: UInt16?, destination: UInt16, icmp: ICMPMessage?) {
        let expected = TextFault(
            .invalidService,
            "expected one protocol and port such as `tcp/443` or `icmp/8`, got `\(text.prefix(60))`")
        switch try term(text) {
        case .any, .named: throw expected
        case .proto(let proto):
            guard !proto.hasPorts, !proto.isICMP else { throw expected }
            return (proto, nil, 0, nil)
        case .ports(let proto, let destination, let source):
            guard let port = single(destination) else { throw expected }
            if source == .all { return (proto, nil, port, nil) }
            guard let from = single(source) else { throw expected }
            return (proto, from, port, nil)
        case .icmp(let proto, let type, let code):
            return (proto, nil, 0, ICMPMessage(type: type, code: code ?? 0))
        }
    }

    private static func single(_ ports: PortSet) -> UInt16? {
        guard ports.intervals.count == 1, let range = ports.intervals.first, range.lowerBound == range.upperBound
        else { return nil }
        return range.lowerBound
    }

    private static func splitSource(_ text: String) -> (Substring, Substring?) {
        guard let word = text.firstRange(of: " from ") else { return (text[...], nil) }
        return (text[..<word.lowerBound], text[word.upperBound...])
    }

    /// A port or a range; every port where none is written.
    private static func ports(_ part: Substring?, in text: String) throws(TextFault) -> PortSet {
        guard let part else { return .all }
        let ends = part.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count), let lower = decimal(ends[0], upTo: 65_535),
            let upper = decimal(ends[ends.count - 1], upTo: 65_535)
        else {
            throw TextFault(
                .invalidService,
                "expected a port or range from 0 to 65535, got `\(part.prefix(20))` in `\(text.prefix(60))`")
        }
        guard lower <= upper else {
            throw TextFault(.reversedRange, "expected the lower port first, `\(upper)-\(lower)`, got `\(part)`")
        }
        return PortSet(UInt16(truncatingIfNeeded: lower)...UInt16(truncatingIfNeeded: upper))
    }

    private static func icmp(_ proto: IPProtocol, _ part: Substring, in text: String) throws(TextFault) -> ServiceTerm {
        let parts = part.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let type = decimal(parts[0], upTo: 255) else { throw fault(text) }
        guard parts.count == 2 else { return .icmp(proto, type: UInt8(truncatingIfNeeded: type), code: nil) }
        guard let code = decimal(parts[1], upTo: 255) else { throw fault(text) }
        return .icmp(proto, type: UInt8(truncatingIfNeeded: type), code: UInt8(truncatingIfNeeded: code))
    }

    /// A decimal number without sign and leading zeros, which some readers take for octal.
    private static func decimal(_ text: Substring, upTo limit: Int) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != 48, let value = Int(text), value <= limit
        else { return nil }
        return value
    }

    private static func fault(_ text: String) -> TextFault {
        TextFault(
            .invalidService,
            "expected `icmp/type` or `icmp/type:code` with numbers from 0 to 255, got `\(text.prefix(60))`"
        )
    }
}
