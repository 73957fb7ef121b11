import NetworkTypes
import PolicyModel

/// Reads the small texts of conformance cases, for IPv4 as written or carried over to IPv6.
struct ConformanceText {
    /// Whether addresses, prefixes and ICMP are carried over to their IPv6 twins.
    let isTwin: Bool

    func address(_ node: ConformanceNode) throws -> IPAddress {
        guard let address = IPAddress(try node.text()) else { throw node.fail("an address") }
        return try twin(address, node)
    }

    /// 224.0.0.0/4 goes to ff02::/96 and everything else to 2001:db8::/96, bits kept.
    private func twin(_ address: IPAddress, _ node: ConformanceNode) throws -> IPAddress {
        guard isTwin else { return address }
        guard address.family == .ipv4 else { throw node.fail("an IPv4 address, since the case has a twin") }
        return IPAddress(ipv6: (address.isMulticast ? 0xFF02 << 112 : 0x2001_0DB8 << 96) | address.bits)
    }

    private func range(_ text: String, _ node: ConformanceNode) throws -> AddressRange? {
        guard let range = AddressRange(text) else { return nil }
        if isTwin, range == Prefix.all(.ipv4).range { return Prefix.all(.ipv6).range }
        return AddressRange(try twin(range.lower, node), try twin(range.upper, node))
    }

    func addressSet(_ node: ConformanceNode) throws -> AddressSet {
        AddressSet(
            try node.items().map { item in
                guard let range = try range(item.text(), item) else { throw item.fail("an address, prefix or range") }
                return range
            })
    }

    func selector(_ node: ConformanceNode) throws -> Selector {
        let text = try node.text()
        do { return try Selector(parsing: text) } catch {
            throw node.fail("a selector (\(error.message) at byte \(error.offset))")
        }
    }

    /// `any`, `any workload`, `workload ID`, `set NAME`, an address, prefix or range, a selector; a list is a union.
    func end(_ node: ConformanceNode?) throws -> EndExpression {
        guard let node else { return .any }
        if node.isList { return .union(try node.items().map(end)) }
        if node.isObject {
            try node.allow(["intersection", "except"])
            if let parts = node["intersection"] { return .intersection(try parts.items().map(end)) }
            let parts = try node.required("except").items()
            guard parts.count == 2 else { throw node.fail("two parts") }
            return .difference(try end(parts[0]), try end(parts[1]))
        }
        let text = try node.text()
        if text == "any" { return .any }
        if text == "any workload" { return .anyWorkload }
        if let id = Self.rest(of: text, after: "workload ") { return .workload(WorkloadID(rawValue: id)) }
        if let id = Self.rest(of: text, after: "set ") { return .addressSet(AddressSetID(rawValue: id)) }
        if let range = try range(text, node) { return .addresses(AddressSet([range])) }
        return .selector(try selector(node))
    }

    static func rest(of text: String, after prefix: String) -> String? {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }

    /// `same(app, env)`, `different(env)` or `samePrincipal`.
    func relation(_ node: ConformanceNode) throws -> Relation {
        let text = try node.text()
        if text == "samePrincipal" { return .samePrincipal }
        guard let open = text.firstIndex(of: "("), text.last == ")" else { throw node.fail("a relation") }
        let keys = try text[text.index(after: open)...].dropLast().split(separator: ",").map { part in
            guard let key = LabelKey(part.drop { $0 == " " }) else { throw node.fail("label dimensions") }
            return key
        }
        switch text[..<open] {
        case "same": return .same(keys)
        case "different": return .different(keys)
        default: throw node.fail("`same(…)`, `different(…)` or `samePrincipal`")
        }
    }

    func proto(_ text: some StringProtocol, _ node: ConformanceNode) throws -> IPProtocol {
        guard let proto = IPProtocol(text) else { throw node.fail("a protocol") }
        return isTwin && proto == .icmp ? .icmpv6 : proto
    }

    /// The ICMPv6 type that means the same: RFC 792 against RFC 4443 §3–4 and RFC 4861 §4.5.
    private static let twinTypes: [UInt8: UInt8] = [8: 128, 0: 129, 3: 1, 5: 137, 11: 3, 12: 4]

    /// `8` or `8/0` after `icmp/`.
    func icmp(_ text: some StringProtocol, _ node: ConformanceNode) throws -> (type: UInt8, code: UInt8?) {
        let parts = text.split(separator: "/")
        guard (1...2).contains(parts.count), var type = UInt8(parts[0]) else { throw node.fail("type or type/code") }
        if isTwin {
            guard let other = Self.twinTypes[type] else { throw node.fail("an ICMP type with a twin") }
            type = other
        }
        if parts.count == 1 { return (type, nil) }
        guard let code = UInt8(parts[1]) else { throw node.fail("an ICMP code") }
        return (type, code)
    }

    func ports(_ text: some StringProtocol, _ node: ConformanceNode) throws -> PortSet {
        if text == "*" { return .all }
        return PortSet(
            try text.split(separator: ",").map { part in
                let ends = part.split(separator: "-").compactMap { UInt16($0) }
                guard let first = ends.first, let last = ends.last, ends.count <= 2, first <= last else {
                    throw node.fail("ports")
                }
                return first...last
            })
    }

    /// `any`, `tcp`, `tcp/443`, `tcp/80,90-99 from 1024-65535`, `icmp/8`, `icmp/3/1`, `named http`.
    func service(_ node: ConformanceNode) throws -> ServiceTerm {
        let text = try node.text()
        if text == "any" { return .any }
        if let name = Self.rest(of: text, after: "named ") { return .named(PortName(rawValue: name)) }
        let halves = text.split(separator: " ", maxSplits: 2)
        let parts = halves[0].split(separator: "/", maxSplits: 1)
        let proto = try proto(parts[0], node)
        guard parts.count == 2 else { return .proto(proto) }
        if proto.isICMP {
            let message = try icmp(parts[1], node)
            return .icmp(proto, type: message.type, code: message.code)
        }
        guard halves.count == 1 || (halves.count == 3 && halves[1] == "from") else { throw node.fail("a service") }
        return .ports(
            proto, destination: try ports(parts[1], node),
            source: try halves.count == 3 ? ports(halves[2], node) : .all)
    }
}
