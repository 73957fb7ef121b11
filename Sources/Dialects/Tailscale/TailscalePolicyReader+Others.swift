import NetworkTypes
import PolicyModel

extension TailscalePolicyReader {
    /// Reads an entry of `tests`; `user` and `allow` are the old names of `src` and `accept`.
    ///
    /// A claim is about one port of one host over TCP, UDP or SCTP; the service refuses the file otherwise.
    mutating func readTest(_ node: HuJSONNode) {
        let keys = members(
            of: node, knowing: ["src", "user", "proto", "accept", "allow", "deny", "srcpostureattrs"], in: "a test")
        guard node.object != nil else { return }
        guard let source = keys["src"] ?? keys["user"], let text = source.string, !text.isEmpty else {
            findings.refuse("missing-key", "expected `src`: one source", at: node.place)
            return
        }
        guard let selector = selector(text, at: source.place) else { return }
        checkDefined(selector, at: source.place)
        switch selector {
        case .autogroup(.internet), .autogroup(.selfDevices), .autogroup(.nonroot), .service:
            findings.refuse("not-a-source", "\(quoted(text)) is no source of a test", at: source.place)
        default: break
        }
        let proto = readProtocol(keys["proto"])
        if let node = keys["proto"], !TailscaleService.takesPorts(proto) {
            findings.refuse("test-protocol", "expected `tcp`, `udp` or `sctp` in a test", at: node.place)
        }
        var test = TailscaleTest(place: node.place, source: selector, proto: proto)
        var count = 0
        for (names, mustPass) in [(["accept", "allow"], true), (["deny"], false)] {
            for name in names {
                for (item, text) in texts(keys[name], of: "destinations") {
                    count += 1
                    if let claim = readClaim(item, text, mustPass: mustPass) { test.claims.append(claim) }
                }
            }
        }
        if count == 0 {
            findings.refuse("missing-key", "expected `accept` or `deny` with a destination", at: node.place)
        }
        policy.tests.append(test)
    }

    private mutating func readClaim(_ node: HuJSONNode, _ text: String, mustPass: Bool) -> TailscaleTest.Claim? {
        guard let read = splitPorts(text, at: node.place) else { return nil }
        checkDestination(read.selector, at: node.place)
        if read.selector == .autogroup(.internet) {
            findings.refuse("test-destination", "expected one host, got \(quoted(text))", at: node.place)
        }
        let ports = read.ports.intervals
        if ports.count != 1 || ports.first?.lowerBound != ports.first?.upperBound {
            findings.refuse("test-destination", "expected one port, got \(quoted(text))", at: node.place)
        }
        let set: AddressSet?
        switch read.selector {
        case .addresses(let literal): set = read.host.contains("/") ? AddressSet.all : literal
        case .host(let name): set = policy.hosts[name]
        case .everything, .tag, .group, .user, .domain, .autogroup, .ipset, .service: set = nil
        }
        if let range = set?.ranges.first, set?.ranges.count != 1 || range.lower != range.upper {
            findings.refuse("test-destination", "expected one host, got \(quoted(text))", at: node.place)
        }
        return TailscaleTest.Claim(
            place: node.place, text: text, selector: read.selector, port: read.ports, mustPass: mustPass)
    }

    /// Reads what decides about no packet: names in it must be defined all the same.
    mutating func readOthers(_ sections: [String: HuJSONNode]) {
        references = []
        if let node = sections["autoapprovers"], !node.isNull {
            let keys = members(of: node, knowing: ["routes", "exitnode", "services"], in: "`autoApprovers`")
            for member in objectMembers(keys["routes"]) {
                if TailscaleSelector.addresses(member.name) == nil {
                    findings.refuse("invalid-address", "expected a block, got \(quoted(member.name))", at: member.place)
                }
                readReferences(member.node, of: "approvers")
            }
            readReferences(keys["exitnode"], of: "approvers")
            for member in objectMembers(keys["services"]) {
                readReferences(member.node, of: "approvers")
            }
        }
        let owners = policy.owners
        for (node, text) in references { checkReference(text, at: node.place) }
        policy.owners = owners
        for item in list(sections["nodeattrs"], of: "node attributes") {
            for (node, text) in texts(item["target"], of: "targets") {
                let read = selector(text, at: node.place)
                if let read { checkDefined(read, at: node.place) }
            }
        }
        for item in list(sections["ssh"], of: "rules") { readSSH(item) }
        for item in list(sections["sshtests"], of: "tests") { readSSHTest(item) }
    }
}
