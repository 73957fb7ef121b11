import PolicyModel

/// Rules of Tailscale SSH (https://tailscale.com/kb/1193/tailscale-ssh) decide who logs in, not which packets pass; only their form is checked.
extension TailscalePolicyReader {
    /// Reads an entry of `ssh`.
    mutating func readSSH(_ node: HuJSONNode) {
        guard isObject(node) else { return }
        let action = node["action"]
        if action?.string != "accept", action?.string != "check" {
            findings.refuse("invalid-action", "expected `accept` or `check`", at: action?.place ?? node.place)
        }
        let users = texts(node["users"], of: "login names")
        if users.isEmpty { findings.refuse("missing-key", "expected `users`", at: node.place) }
        for (item, text) in users where text.isEmpty || text == "*" {
            findings.refuse("invalid-user", "expected a login name, got \(quoted(text))", at: item.place)
        }
        for (item, text) in texts(node["acceptEnv"], of: "variables") where text.isEmpty {
            findings.refuse("empty-value", "expected a variable's name", at: item.place)
        }
        let sources = selectors(node["src"]).map(\.selector)
        let areTagged = sources.contains { source in
            if case .tag = source { return true }
            return source == .autogroup(.tagged)
        }
        for (item, selector) in selectors(node["dst"]) {
            switch selector {
            case .everything, .addresses, .host, .autogroup(.internet), .autogroup(.dangerAll):
                findings.refuse(
                    "not-a-destination",
                    "expected a tag, a user or an autogroup of devices as destination of an SSH rule",
                    at: item.place)
            case .user, .autogroup(.selfDevices), .autogroup(.member):
                if areTagged {
                    findings.refuse(
                        "tags-to-people", "a tagged device does not log in to a user's device", at: item.place)
                }
            case .tag, .group, .domain, .autogroup, .ipset, .service: break
            }
        }
        noteNoNetwork(node)
    }

    /// Reads an entry of `sshTests`; it is not run.
    mutating func readSSHTest(_ node: HuJSONNode) {
        guard isObject(node) else { return }
        if let source = node["src"], let text = source.string, !text.isEmpty {
            if let selector = selector(text, at: source.place) { checkDefined(selector, at: source.place) }
        } else {
            findings.refuse("missing-key", "expected `src`: one source", at: node.place)
        }
        if selectors(node["dst"]).isEmpty {
            findings.refuse("missing-key", "expected `dst` with a destination", at: node.place)
        }
        noteNoNetwork(node)
    }

    private mutating func isObject(_ node: HuJSONNode) -> Bool {
        if node.object != nil { return true }
        findings.refuse("wrong-kind", "expected an object, got \(node.value.kind)", at: node.place)
        return false
    }

    private mutating func selectors(_ node: HuJSONNode?) -> [(node: HuJSONNode, selector: TailscaleSelector)] {
        var result: [(node: HuJSONNode, selector: TailscaleSelector)] = []
        for (item, text) in texts(node, of: "selectors") {
            guard let selector = selector(text, at: item.place) else { continue }
            checkDefined(selector, at: item.place)
            result.append((item, selector))
        }
        return result
    }

    private mutating func noteNoNetwork(_ node: HuJSONNode) {
        findings.note(
            "not-network", "Tailscale SSH decides about logins, not about packets", at: node.place, effect: .none)
    }
}
