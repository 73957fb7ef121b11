import NetworkTypes
import PolicyModel

/// Reads a tailnet policy file (https://tailscale.com/kb/1337/acl-syntax) and refuses what the hosted service refuses.
struct TailscalePolicyReader {
    /// How large the file may be.
    static let maximumBytes = 4 << 20

    var findings: TailscaleFindings
    var policy = TailscalePolicy()
    /// Whom `tagOwners` gives each tag, with places; checked when everything is known.
    var references: [(node: HuJSONNode, text: String)] = []

    init(file: String) { findings = TailscaleFindings(file: file) }

    /// Reads the file; what it means is worth nothing when there are errors.
    mutating func read(_ bytes: [UInt8]) {
        guard let root = findings.parse(bytes, maximumBytes: Self.maximumBytes) else { return }
        guard root.object != nil else {
            findings.refuse("wrong-kind", "expected an object, got \(root.value.kind)", at: root.place)
            return
        }
        let sections = members(of: root, knowing: Self.sections, in: "the policy file")
        // Definitions first: a rule may stand above what it names.
        readGroups(sections["groups"])
        readHosts(sections["hosts"])
        readTagOwners(sections["tagowners"])
        readSets(sections["ipsets"])
        readPostures(sections["postures"])
        policy.defaultPostures = readPostureList(sections["defaultsrcposture"])
        for (node, text) in references { checkReference(text, at: node.place) }
        policy.isOpen = true
        for name in ["acls", "grants"] {
            guard let node = sections[name], !node.isNull else { continue }
            policy.isOpen = false
            for (index, item) in list(node, of: "rules").enumerated() {
                let id = RuleID(rawValue: "tailscale/\(name)/\(index + 1)")
                if name == "acls" { readACL(item, id) } else { readGrant(item, id) }
            }
        }
        for item in list(sections["tests"], of: "tests") { readTest(item) }
        readOthers(sections)
    }

    /// The known sections in lower case; names are matched without regard to case, as older files write `ACLs`.
    static let sections: Set<String> = [
        "acls", "grants", "groups", "hosts", "tagowners", "ipsets", "postures", "defaultsrcposture", "tests",
        "autoapprovers", "ssh", "sshtests", "nodeattrs", "derpmap", "disableipv4", "randomizeclientport",
        "onecgnatroute",
    ]

    /// The members of an object by name in lower case; a name that is not known or stands twice refuses the file.
    mutating func members(of node: HuJSONNode, knowing known: Set<String>, in place: String) -> [String: HuJSONNode] {
        guard let object = node.object else {
            findings.refuse("wrong-kind", "expected an object, got \(node.value.kind)", at: node.place)
            return [:]
        }
        var result: [String: HuJSONNode] = [:]
        for member in object {
            let name = member.name.lowercased()
            guard known.contains(name) else {
                findings.refuse("unknown-key", "\(quoted(member.name)) is not known in \(place)", at: member.place)
                continue
            }
            if result.updateValue(member.node, forKey: name) != nil {
                findings.refuse("duplicate-key", "\(quoted(member.name)) stands here twice", at: member.place)
            }
        }
        return result
    }

    /// The items of an array; nothing and `null` are empty.
    mutating func list(_ node: HuJSONNode?, of what: String) -> [HuJSONNode] {
        guard let node, !node.isNull else { return [] }
        guard let items = node.array else {
            findings.refuse("wrong-kind", "expected an array of \(what), got \(node.value.kind)", at: node.place)
            return []
        }
        return items
    }

    /// The texts of an array.
    mutating func texts(_ node: HuJSONNode?, of what: String) -> [(node: HuJSONNode, text: String)] {
        list(node, of: what).compactMap { item in
            guard let text = item.string else {
                findings.refuse("wrong-kind", "expected a string, got \(item.value.kind)", at: item.place)
                return nil
            }
            return (item, text)
        }
    }

    /// What `read` gives, or nil after a finding at the place.
    mutating func attempt<Value>(
        at place: HuJSONPlace, _ read: () throws(TailscaleService.Fault) -> Value
    ) -> Value? {
        do throws(TailscaleService.Fault) {
            return try read()
        } catch {
            findings.refuse(error.code, error.message, at: place)
            return nil
        }
    }

    mutating func selector(_ text: some StringProtocol, at place: HuJSONPlace) -> TailscaleSelector? {
        attempt(at: place) { () throws(TailscaleService.Fault) in try TailscaleSelector(text) }
    }

    mutating func tag(_ text: String, at place: HuJSONPlace) -> String? {
        attempt(at: place) { () throws(TailscaleService.Fault) in try TailscaleSelector.tag(text) }
    }

    mutating func splitPorts(
        _ text: String, at place: HuJSONPlace
    ) -> (selector: TailscaleSelector, ports: PortSet, host: String)? {
        attempt(at: place) { () throws(TailscaleService.Fault) in try TailscaleSelector.splitPorts(text) }
    }

    mutating func service(_ text: String, at place: HuJSONPlace) -> TailscaleService? {
        attempt(at: place) { () throws(TailscaleService.Fault) in try TailscaleService.grant(text) }
    }
}
