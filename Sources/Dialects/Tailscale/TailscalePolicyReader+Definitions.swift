import NetworkTypes
import PolicyModel

extension TailscalePolicyReader {
    mutating func readGroups(_ node: HuJSONNode?) {
        for member in objectMembers(node) {
            guard member.name.hasPrefix("group:"), member.name.utf8.count > "group:".utf8.count else {
                findings.refuse(
                    "invalid-group", "expected a name that starts with `group:`, got \(quoted(member.name))",
                    at: member.place)
                continue
            }
            var users: [String] = []
            for (item, text) in texts(member.node, of: "users") {
                if text.hasPrefix("group:") {
                    findings.refuse("nested-group", "a group holds no groups, got \(quoted(text))", at: item.place)
                } else if text.contains("@"), !text.hasPrefix("tag:"), !text.hasPrefix("autogroup:") {
                    users.append(text)
                } else {
                    findings.refuse(
                        "invalid-user", "expected a user such as `ann@example.com`, got \(quoted(text))", at: item.place
                    )
                }
            }
            policy.groups[member.name] = users
        }
    }

    mutating func readHosts(_ node: HuJSONNode?) {
        for member in objectMembers(node) {
            guard !member.name.isEmpty, !member.name.contains(":"), !member.name.contains("@") else {
                findings.refuse("invalid-host", "expected a host's name, got \(quoted(member.name))", at: member.place)
                continue
            }
            guard let text = member.node.string, !text.contains("-"), let set = TailscaleSelector.addresses(text) else {
                findings.refuse(
                    "invalid-address",
                    "expected an address or a block, got \(member.node.string.map { quoted($0) } ?? member.node.value.kind)",
                    at: member.node.place)
                continue
            }
            policy.hosts[member.name] = set
        }
    }

    mutating func readTagOwners(_ node: HuJSONNode?) {
        for member in objectMembers(node) {
            if let tag = tag(member.name, at: member.place) {
                policy.tags.insert(tag)
            }
            readReferences(member.node, of: "owners")
        }
    }

    /// Texts that name users, groups, tags and autogroups, which are checked when all are known.
    mutating func readReferences(_ node: HuJSONNode?, of what: String) {
        for (item, text) in texts(node, of: what) { references.append((item, text)) }
    }

    mutating func checkReference(_ text: String, at place: HuJSONPlace) {
        guard let selector = selector(text, at: place) else { return }
        switch selector {
        case .user(let name): policy.owners.insert(name)
        case .group, .tag, .autogroup, .domain: checkDefined(selector, at: place)
        case .everything, .addresses, .host, .ipset, .service:
            findings.refuse(
                "invalid-owner", "expected a user, a group, a tag or an autogroup, got \(quoted(text))", at: place)
        }
    }

    mutating func readPostures(_ node: HuJSONNode?) {
        for member in objectMembers(node) {
            guard member.name.hasPrefix("posture:") else {
                findings.refuse(
                    "invalid-posture", "expected a name that starts with `posture:`, got \(quoted(member.name))",
                    at: member.place)
                continue
            }
            _ = texts(member.node, of: "conditions")
            policy.postures.insert(member.name)
        }
    }

    mutating func readPostureList(_ node: HuJSONNode?) -> [String] {
        texts(node, of: "postures").map { item, text in
            if text.hasPrefix("posture:"), !policy.postures.contains(text) {
                findings.refuse("undefined-posture", "\(quoted(text)) is not in `postures`", at: item.place)
            }
            return text
        }
    }

    /// Reads `ipsets`: lists of addresses, hosts, other sets and `autogroup:internet`, each with `add` or `remove` in front.
    mutating func readSets(_ node: HuJSONNode?) {
        let written = objectMembers(node)
        var open: [String: HuJSONMember] = [:]
        for member in written {
            guard member.name.hasPrefix("ipset:"), member.name.utf8.count > "ipset:".utf8.count else {
                findings.refuse(
                    "invalid-ipset", "expected a name that starts with `ipset:`, got \(quoted(member.name))",
                    at: member.place)
                continue
            }
            open[member.name] = member
        }
        for member in written { _ = resolveSet(member.name, at: member.place, among: open, under: []) }
    }

    private mutating func resolveSet(
        _ name: String, at place: HuJSONPlace, among open: [String: HuJSONMember], under parents: [String]
    ) -> AddressSet {
        if let known = policy.ipsets[name] { return known }
        guard let member = open[name] else {
            if name.hasPrefix("ipset:") {
                findings.refuse("undefined-ipset", "\(quoted(name)) is not in `ipsets`", at: place)
            }
            return AddressSet()
        }
        guard !parents.contains(name), parents.count < 64 else {
            findings.refuse("circular-ipset", "\(quoted(name)) holds itself, or lies more than 64 sets deep", at: place)
            return AddressSet()
        }
        var set = AddressSet()
        for (item, text) in texts(member.node, of: "addresses") {
            let words = text.split(whereSeparator: \.isWhitespace)
            let removes = words.first == "remove"
            guard let word = words.last, words.count == 1 || (words.count == 2 && (removes || words.first == "add"))
            else {
                findings.refuse(
                    "invalid-ipset", "expected `add` or `remove` and one target, got \(quoted(text))", at: item.place)
                continue
            }
            let read = selector(word, at: item.place)
            let part: AddressSet
            switch read {
            case nil: continue
            case .addresses(let literal): part = literal
            case .host(let host):
                checkDefined(.host(host), at: item.place)
                part = policy.hosts[host] ?? AddressSet()
            case .ipset(let other):
                part = resolveSet(other, at: item.place, among: open, under: parents + [name])
            case .autogroup(.internet): part = TailscalePolicy.internet
            case .everything, .tag, .group, .user, .domain, .autogroup, .service:
                findings.refuse(
                    "invalid-ipset",
                    "expected an address, a host, an IP set or `autogroup:internet`, got \(quoted(word))",
                    at: item.place)
                continue
            }
            set = removes ? set.subtracting(part) : set.union(part)
        }
        policy.ipsets[name] = set
        return set
    }

    /// The members of an object that maps names; nothing and `null` are empty.
    mutating func objectMembers(_ node: HuJSONNode?) -> [HuJSONMember] {
        guard let node, !node.isNull else { return [] }
        guard let members = node.object else {
            findings.refuse("wrong-kind", "expected an object, got \(node.value.kind)", at: node.place)
            return []
        }
        return members
    }

    /// Refuses a selector whose name is not defined.
    mutating func checkDefined(_ selector: TailscaleSelector, at place: HuJSONPlace) {
        switch selector {
        case .host(let name) where policy.hosts[name] == nil:
            findings.refuse("undefined-host", "\(quoted(name)) is not in `hosts`", at: place)
        case .tag(let name) where !policy.tags.contains(name):
            findings.refuse("undefined-tag", "\(quoted("tag:" + name)) is not in `tagOwners`", at: place)
        case .group(let name) where policy.groups[name] == nil && !name.contains("@"):
            findings.refuse("undefined-group", "\(quoted(name)) is not in `groups`", at: place)
        case .ipset(let name) where policy.ipsets[name] == nil:
            findings.refuse("undefined-ipset", "\(quoted(name)) is not in `ipsets`", at: place)
        default: break
        }
    }
}
