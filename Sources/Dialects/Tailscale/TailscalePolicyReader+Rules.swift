import NetworkTypes
import PolicyModel

extension TailscalePolicyReader {
    /// Reads an entry of `acls`; `users` and `ports` are the old names of `src` and `dst`.
    mutating func readACL(_ node: HuJSONNode, _ id: RuleID) {
        let keys = members(
            of: node, knowing: ["action", "src", "users", "proto", "dst", "ports", "srcposture"], in: "a rule of `acls`"
        )
        guard node.object != nil else { return }
        var rule = TailscaleRule(id: id, place: node.place)
        if let action = keys["action"] {
            if action.string != "accept" {
                findings.refuse(
                    "invalid-action",
                    "expected `accept`, got \(action.string.map { quoted($0) } ?? action.value.kind)", at: action.place)
            }
        } else {
            findings.refuse("missing-key", "expected `action`", at: node.place)
        }
        rule.sources = readSources(keys["src"] ?? keys["users"])
        let proto = readProtocol(keys["proto"])
        for (item, text) in texts(keys["dst"] ?? keys["ports"], of: "destinations") {
            guard let read = splitPorts(text, at: item.place) else { continue }
            checkDestination(read.selector, at: item.place)
            let service = attempt(at: item.place) { () throws(TailscaleService.Fault) in
                try TailscaleService.checked(proto: proto, ports: read.ports)
            }
            if let service {
                rule.destinations.append(TailscaleDestination(selector: read.selector, services: [service]))
            }
        }
        rule.postures = readPostureList(keys["srcposture"])
        checkSelf(rule, everythingFits: true)
        add(rule)
    }

    /// Reads an entry of `grants`.
    mutating func readGrant(_ node: HuJSONNode, _ id: RuleID) {
        let keys = members(
            of: node, knowing: ["src", "dst", "ip", "app", "via", "srcposture"], in: "a rule of `grants`")
        guard node.object != nil else { return }
        var rule = TailscaleRule(id: id, place: node.place)
        rule.sources = readSources(keys["src"])
        var services: [TailscaleService] = []
        for (item, text) in texts(keys["ip"], of: "services") {
            let read = service(text, at: item.place)
            if let read { services.append(read) }
        }
        let names = readCapabilities(keys["app"])
        if keys["ip"]?.array?.isEmpty ?? true, names == 0 {
            findings.refuse("missing-key", "expected `ip` or `app`", at: node.place)
        }
        for (item, text) in texts(keys["dst"], of: "destinations") {
            guard let selector = selector(text, at: item.place) else { continue }
            checkDestination(selector, at: item.place)
            if case .addresses(let set) = selector, set.ranges.contains(where: { $0 == Prefix.all($0.family).range }) {
                findings.refuse(
                    "default-route", "expected `*` or `autogroup:internet` for every address, got \(quoted(text))",
                    at: item.place)
            }
            if names > 0, selector == .autogroup(.internet) {
                findings.refuse("app-to-internet", "`app` does not reach `autogroup:internet`", at: item.place)
            }
            rule.destinations.append(TailscaleDestination(selector: selector, services: services))
        }
        for (item, text) in texts(keys["via"], of: "tags") {
            guard let tag = tag(text, at: item.place) else { continue }
            checkDefined(.tag(tag), at: item.place)
            rule.via.append(tag)
        }
        rule.postures = readPostureList(keys["srcposture"])
        checkSelf(rule, everythingFits: false)
        if names > 0 {
            findings.note(
                "application-grant", "what `app` lets applications do inside a connection is not judged",
                at: node.place,
                effect: .none, rule: id)
        }
        if !services.isEmpty { add(rule) }
    }

    private mutating func add(_ rule: TailscaleRule) {
        if rule.sources.isEmpty || rule.destinations.isEmpty {
            findings.note(
                "empty-rule", "the rule has no source or no destination and opens nothing", at: rule.place,
                effect: .none,
                rule: rule.id)
        }
        policy.rules.append(rule)
    }

    private mutating func readSources(_ node: HuJSONNode?) -> [TailscaleSelector] {
        var sources: [TailscaleSelector] = []
        for (item, text) in texts(node, of: "sources") {
            guard let selector = selector(text, at: item.place) else { continue }
            switch selector {
            case .autogroup(.internet), .autogroup(.selfDevices):
                findings.refuse("not-a-source", "\(quoted(text)) is a destination only", at: item.place)
            case .autogroup(.nonroot), .service:
                findings.refuse("not-a-source", "\(quoted(text)) is no source of a network rule", at: item.place)
            default: checkDefined(selector, at: item.place)
            }
            sources.append(selector)
        }
        return sources
    }

    mutating func checkDestination(_ selector: TailscaleSelector, at place: HuJSONPlace) {
        switch selector {
        case .autogroup(.dangerAll), .autogroup(.nonroot), .autogroup(.shared):
            findings.refuse("not-a-destination", "this autogroup is no destination of a network rule", at: place)
        default: checkDefined(selector, at: place)
        }
    }

    mutating func readProtocol(_ node: HuJSONNode?) -> IPProtocol? {
        guard let node else { return nil }
        guard let text = node.string else {
            findings.refuse("wrong-kind", "expected a string, got \(node.value.kind)", at: node.place)
            return nil
        }
        let read: IPProtocol?? = attempt(at: node.place) { () throws(TailscaleService.Fault) in
            try TailscaleService.proto(text)
        }
        return read.flatMap { $0 }
    }

    /// How many capabilities `app` names; refuses names that a policy may not use.
    private mutating func readCapabilities(_ node: HuJSONNode?) -> Int {
        guard let node else { return 0 }
        // https://tailscale.com/kb/1537/grants-app-capabilities: the capabilities of Tailscale itself that a grant may give.
        let own: Set<String> = ["drive", "relay", "webui", "kubernetes", "tsidp", "golink", "secrets"]
        let members = objectMembers(node)
        for member in members {
            let parts = member.name.split(separator: "/", omittingEmptySubsequences: false)
            if member.name.contains("://") || parts.count < 2 || parts.contains("") {
                findings.refuse(
                    "invalid-capability", "expected a name such as `example.com/cap/name`, got \(quoted(member.name))",
                    at: member.place)
            } else if parts.first == "tailscale.com",
                parts.count != 3 || parts[1] != "cap" || !own.contains(String(parts[2]))
            {
                findings.refuse(
                    "invalid-capability", "\(quoted(member.name)) is not for policy files", at: member.place)
            }
            if !member.node.isNull, member.node.array == nil {
                findings.refuse("wrong-kind", "expected an array, got \(member.node.value.kind)", at: member.node.place)
            }
        }
        return members.count
    }

    /// `autogroup:self` needs sources that are people; `*` is one of them in `acls` only.
    private mutating func checkSelf(_ rule: TailscaleRule, everythingFits: Bool) {
        guard rule.destinations.contains(where: { $0.selector == .autogroup(.selfDevices) }) else { return }
        let fits = rule.sources.allSatisfy { source in
            switch source {
            case .user, .group, .domain: true
            case .autogroup(let autogroup): autogroup == .member || autogroup.isRole
            case .everything: everythingFits
            case .addresses, .host, .tag, .ipset, .service: false
            }
        }
        if !fits {
            findings.refuse(
                "self-needs-people", "`autogroup:self` needs users, groups or autogroups of users as sources",
                at: rule.place)
        }
    }
}
