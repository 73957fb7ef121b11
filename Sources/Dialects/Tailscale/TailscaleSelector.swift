import NetworkTypes

/// Whom a rule of a tailnet means (https://tailscale.com/kb/1396/targets).
enum TailscaleSelector: Hashable {
    /// `*`: as a source every address of the tailnet and of approved routes, as a destination everything.
    case everything
    /// An address, a block or a range, exactly as written.
    case addresses(AddressSet)
    /// A name of `hosts`.
    case host(String)
    /// The devices with a tag; the name without `tag:`.
    case tag(String)
    /// The untagged devices of a group's users; the name with `group:`.
    case group(String)
    /// The untagged devices of one user.
    case user(String)
    /// The untagged devices of the users of a domain: `user:*@example.com`.
    case domain(String)
    case autogroup(TailscaleAutogroup)
    /// A name of `ipsets`; with `ipset:`.
    case ipset(String)
    /// A Tailscale Service; with `svc:`.
    case service(String)

    /// Reads a selector as `src`, `dst` of grants and `target` have it; white space around it is passed over.
    init(_ written: some StringProtocol) throws(TailscaleService.Fault) {
        let text = Self.trimmed(written)
        if text == "*" {
            self = .everything
        } else if let set = Self.addresses(text) {
            self = .addresses(set)
        } else if text.hasPrefix("group:") {
            self = .group(text)
        } else if text.hasPrefix("tag:") {
            self = .tag(try Self.tag(text))
        } else if text.hasPrefix("autogroup:") {
            guard let autogroup = TailscaleAutogroup(text.dropFirst("autogroup:".count)) else {
                throw .init(code: "unknown-autogroup", message: "expected an autogroup, got \(quoted(text))")
            }
            self = .autogroup(autogroup)
        } else if text.hasPrefix("ipset:") {
            self = .ipset(text)
        } else if text.hasPrefix("svc:") {
            self = .service(text)
        } else if text.contains("@") {
            self = Self.person(text.hasPrefix("user:") ? text.dropFirst("user:".count) : text[...])
        } else if !text.isEmpty, !text.contains(":") {
            self = .host(text)
        } else {
            throw .init(code: "invalid-selector", message: "expected a selector, got \(quoted(text))")
        }
    }

    private static func person(_ text: Substring) -> Self {
        text.hasPrefix("*@") ? .domain(String(text.dropFirst(2))) : .user(String(text))
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var rest = Substring(text)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    /// An address, a block (bits after its length are passed over) or a range.
    static func addresses(_ text: some StringProtocol) -> AddressSet? {
        guard text.utf8.count <= 128 else { return nil }
        if let range = AddressRange(text) { return AddressSet([range]) }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), parts[1].utf8.count <= 3,
            parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(parts[1]),
            let prefix = Prefix(address, length: length)
        else { return nil }
        return AddressSet([prefix])
    }

    /// The name after `tag:`: a letter, then letters, digits and `-`, `_`, `.`, at most 120 bytes.
    static func tag(_ text: some StringProtocol) throws(TailscaleService.Fault) -> String {
        let name = text.dropFirst("tag:".count)
        let isLetter: (UInt8) -> Bool = { (65...90).contains($0) || (97...122).contains($0) }
        guard text.hasPrefix("tag:"), let first = name.utf8.first, isLetter(first), name.utf8.count <= 120,
            name.utf8.allSatisfy({
                isLetter($0) || (48...57).contains($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
            })
        else {
            throw .init(
                code: "invalid-tag",
                message:
                    "expected `tag:` and a name of letters, digits and `-` that starts with a letter, got \(quoted(text))"
            )
        }
        return String(name)
    }

    /// Splits `HOST:PORTS` of an ACL at the last colon; an IPv6 address may stand in brackets.
    static func splitPorts(
        _ text: String
    ) throws(TailscaleService.Fault) -> (selector: TailscaleSelector, ports: PortSet, host: String) {
        var host: String
        guard let colon = text.lastIndex(of: ":") else {
            throw .init(code: "missing-ports", message: "expected `HOST:PORTS`, got \(quoted(text))")
        }
        host = String(text[..<colon])
        let ports = text[text.index(after: colon)...]
        guard !host.isEmpty, !ports.isEmpty else {
            throw .init(code: "missing-ports", message: "expected `HOST:PORTS`, got \(quoted(text))")
        }
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]"),
                let address = IPAddress(host[host.index(after: host.startIndex)..<end]),
                address.family == .ipv6
            else {
                throw .init(
                    code: "invalid-address", message: "expected an IPv6 address in brackets, got \(quoted(text))")
            }
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix("/") else {
                throw .init(code: "invalid-address", message: "expected `]:` or `]/`, got \(quoted(text))")
            }
            host = "\(address)\(rest)"
        }
        return (try TailscaleSelector(host), try TailscaleService.ports(ports), host)
    }
}

/// The groups that Tailscale makes by itself (https://tailscale.com/kb/1396/targets, *Autogroups*).
enum TailscaleAutogroup: String, Hashable {
    /// Every untagged device of the tailnet's own users.
    case member
    /// Every tagged device.
    case tagged
    /// As a destination: the untagged devices of the source's own user.
    case selfDevices = "self"
    /// As a destination: public addresses by way of an exit node.
    case internet
    /// As a source: every address, also outside the tailnet.
    case dangerAll = "danger-all"
    /// As a source: devices of users that accepted an invitation to a shared device.
    case shared
    case owner
    case admin
    case itAdmin = "it-admin"
    case networkAdmin = "network-admin"
    case billingAdmin = "billing-admin"
    case auditor
    /// Users of a machine, for Tailscale SSH only.
    case nonroot

    /// Reads the name after `autogroup:`; `members` is the old spelling of `member`.
    init?(_ text: some StringProtocol) {
        guard let known = Self(rawValue: text == "members" ? "member" : String(text)) else { return nil }
        self = known
    }

    /// Whether it stands for the holders of a role; the devices answer says nothing of roles.
    var isRole: Bool {
        switch self {
        case .owner, .admin, .itAdmin, .networkAdmin, .billingAdmin, .auditor: true
        case .member, .tagged, .selfDevices, .internet, .dangerAll, .shared, .nonroot: false
        }
    }
}
