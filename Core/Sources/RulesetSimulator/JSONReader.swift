/// Reads what `nft -j list table inet NAME` prints (libnftables-json(5)).
struct JSONReader {
    private var table: TableSyntax?
    private var chainNumbers: [String: Int] = [:]
    private var setNames: Set<String> = []

    static func parse(_ text: String) throws(RulesetError) -> TableSyntax {
        let root = JSONNode(value: try JSONScanner.parse(text), path: "")
        let list = try root.members(["nftables"]).required("nftables", in: root)
        var reader = JSONReader()
        for item in try JSONNode(value: list.value, path: "nftables").items() { try reader.read(item) }
        guard let table = reader.table else { throw RulesetError(list.place, "expected a table") }
        return table
    }

    private mutating func read(_ item: JSONNode) throws(RulesetError) {
        let (name, node) = try item.only()
        switch name {
        case "metainfo": break
        case "table":
            let members = try node.members(["family", "name", "handle", "comment"])
            try checkFamily(members, node)
            guard table == nil else { throw RulesetError(node.place, "expected one table, got a second") }
            table = TableSyntax(name: try members.required("name", in: node).string())
        case "counter":
            let members = try node.members(["family", "name", "table", "handle", "comment", "packets", "bytes"])
            try checkTable(members, node)
            table?.counters.append(try members.required("name", in: node).string())
        case "chain": try readChain(node)
        case "set": try readSet(node, isMap: false)
        case "map": try readSet(node, isMap: true)
        case "rule": try readRule(node)
        default: throw RulesetError(item.place, "unknown object `\(name)`")
        }
    }

    private func checkFamily(_ members: [String: JSONNode], _ node: JSONNode) throws(RulesetError) {
        let family = try members.required("family", in: node)
        guard try family.string() == "inet" else { throw family.failure("`inet`") }
    }

    private func checkTable(_ members: [String: JSONNode], _ node: JSONNode) throws(RulesetError) {
        try checkFamily(members, node)
        let name = try members.required("table", in: node)
        guard let table, try name.string() == table.name else { throw name.failure("the name of the table before") }
    }

    private mutating func readChain(_ node: JSONNode) throws(RulesetError) {
        let members = try node.members([
            "family", "table", "name", "handle", "comment", "type", "hook", "prio", "policy",
        ])
        try checkTable(members, node)
        var chain = ChainSyntax(place: node.place, name: try members.required("name", in: node).string())
        guard chainNumbers.updateValue(chainNumbers.count, forKey: chain.name) == nil else {
            throw RulesetError(node.place, "chain `\(chain.name)` stands twice")
        }
        if let type = members["type"] {
            guard try type.string() == "filter" else { throw type.failure("`filter`, the only chain type known here") }
            let hookNode = try members.required("hook", in: node)
            guard let hook = Hook(rawValue: try hookNode.string()) else { throw hookNode.failure("a hook of inet") }
            let policyNode = try members.required("policy", in: node)
            guard let policy = Policy(rawValue: try policyNode.string()) else { throw policyNode.failure("a policy") }
            chain.base = (hook, try members.required("prio", in: node).integer(), policy)
        } else if members["hook"] != nil || members["prio"] != nil || members["policy"] != nil {
            throw RulesetError(node.place, "expected a type with the hook")
        }
        table?.chains.append(chain)
    }

    private mutating func readSet(_ node: JSONNode, isMap: Bool) throws(RulesetError) {
        let members = try node.members([
            "family", "name", "table", "type", "handle", "comment", "flags", "elem", "timeout", "size", "policy",
            "gc-interval", "auto-merge", "map", "stmt",
        ])
        try checkTable(members, node)
        var set = SetSyntax(
            place: node.place, name: try members.required("name", in: node).string(), isMap: isMap)
        guard setNames.insert(set.name).inserted else {
            throw RulesetError(node.place, "set `\(set.name)` stands twice")
        }
        let typeNode = try members.required("type", in: node)
        for text in try typeNode.strings() {
            guard let type = Datatype(setType: text) else {
                throw RulesetError(typeNode.place, "unknown type `\(text)`")
            }
            set.types.append(type)
        }
        if isMap {
            let value = try members.required("map", in: node)
            guard try value.string() == "verdict" else {
                throw value.failure("`verdict`, the only map value known here")
            }
        }
        if let flags = members["flags"] {
            for text in try flags.strings() {
                guard let flag = SetFlag(rawValue: text) else {
                    throw RulesetError(flags.place, "unknown flag `\(text)`")
                }
                set.flags.insert(flag)
            }
        }
        set.size = try members["size"]?.integer()
        set.merges = members["auto-merge"]?.value == .boolean(true)
        for statement in try members["stmt"]?.items() ?? [] {
            guard try statement.only().name == "counter" else { throw statement.failure("only a counter") }
        }
        if let elements = members["elem"] { set.elements = try Self.elements(elements, isMap: isMap) }
        table?.sets.append(set)
    }

    private mutating func readRule(_ node: JSONNode) throws(RulesetError) {
        let members = try node.members(["family", "table", "chain", "handle", "comment", "expr"])
        try checkTable(members, node)
        var rule = RuleSyntax(place: node.place)
        rule.comment = try members["comment"]?.string()
        for item in try members.required("expr", in: node).items() {
            rule.statements.append(Located(place: item.place, value: try Self.statement(item)))
        }
        let chain = try members.required("chain", in: node)
        guard let index = chainNumbers[try chain.string()] else { throw chain.failure("a chain listed before") }
        table?.chains[index].rules.append(rule)
    }
}
