import NetworkTypes

/// Turns the syntax into steps: resolves names, gives literals their values, adds what nft adds in front of a match.
struct Lowering {
    var program: Program
    private var chainNumbers: [String: Int] = [:]
    private var setNumbers: [String: Int] = [:]
    private var counterNumbers: [String: Int] = [:]
    /// The version and protocol that the current rule has already required.
    private var family: AddressFamily?
    private var proto: IPProtocol?

    static func lower(_ table: TableSyntax) throws(RulesetError) -> Program {
        var lowering = Lowering(program: Program(name: table.name))
        for (number, chain) in table.chains.enumerated() { lowering.chainNumbers[chain.name] = number }
        for (number, counter) in table.counters.enumerated() { lowering.counterNumbers[counter] = number }
        lowering.program.counters = table.counters
        for set in table.sets {
            lowering.setNumbers[set.name] = lowering.program.sets.count
            lowering.program.sets.append(try lowering.set(set, table))
        }
        for chain in table.chains { try lowering.lower(chain, table) }
        for hook in Hook.allCases {
            // `nf_hook_entries_grow` puts a new chain in front of those of equal priority: the younger one runs first.
            lowering.program.order[hook] = lowering.program.chains.indices
                .filter { lowering.program.chains[$0].hook == hook }
                .sorted { (lowering.program.chains[$0].priority, $1) < (lowering.program.chains[$1].priority, $0) }
        }
        try Validation.check(lowering.program, table)
        return lowering.program
    }

    private mutating func lower(_ chain: ChainSyntax, _ table: TableSyntax) throws(RulesetError) {
        let first = program.rules.count
        for rule in chain.rules {
            let start = program.steps.count
            (family, proto) = (nil, nil)
            var ended = false
            for statement in rule.statements {
                guard !ended else {
                    throw RulesetError(statement.place, "expected nothing after a verdict that ends the rule")
                }
                try lower(statement.value, statement.place, table)
                ended = statement.value.endsRule
            }
            program.rules.append(start..<program.steps.count)
        }
        program.chains.append(
            Chain(
                name: chain.name, hook: chain.base?.hook, priority: chain.base?.priority ?? 0,
                policy: chain.base?.policy ?? .accept, rules: first..<program.rules.count,
                comments: chain.rules.map(\.comment)))
    }

    private mutating func lower(
        _ statement: StatementSyntax, _ place: RulesetError.Place, _ table: TableSyntax
    ) throws(RulesetError) {
        switch statement {
        case .match(let left, let relation, let right): try match(left, relation, right, place, table)
        case .dispatch(let key, let map):
            let (lookup, types) = try self.key(key, place)
            program.steps.append(.dispatch(lookup, map: try setNumber(map, types, isMap: true, place, table)))
        case .verdict(let verdict): program.steps.append(.verdict(try self.verdict(verdict, place)))
        case .reject(let kind):
            switch kind {
            case .tcpReset: try require(nil, .tcp, place)
            case .icmp: try require(.ipv4, nil, place)
            case .icmpv6: try require(.ipv6, nil, place)
            case .icmpx: break
            }
            program.steps.append(.reject(program.rejects.count))
            program.rejects.append(kind)
        case .log(let prefix, let group):
            // NF_LOG_PREFIXLEN is 128 with the closing zero (linux/netfilter/nf_log.h).
            guard prefix.utf8.count <= 127 else { throw RulesetError(place, "expected a prefix of at most 127 bytes") }
            program.steps.append(.log(program.logs.count))
            program.logs.append(LogStep(prefix: prefix, group: group))
        case .counter(let name):
            guard let name else {
                program.steps.append(.counter(named: nil))
                return
            }
            guard let number = counterNumbers[name] else { throw RulesetError(place, "undefined counter `\(name)`") }
            program.steps.append(.counter(named: number))
        case .limit(let over): program.steps.append(.limit(over: over))
        case .update(let operation, let name, let key, let limits):
            let (lookup, types) = try self.key(key, place)
            let set = try setNumber(.reference(name), types, isMap: false, place, table)
            guard !program.sets[set].flags.contains(.interval), !program.sets[set].flags.contains(.constant) else {
                throw RulesetError(place, "expected a set that packets may change, got interval or constant `\(name)`")
            }
            program.steps.append(.update(program.updates.count))
            program.updates.append(UpdateStep(operation: operation, set: set, key: lookup, limits: limits))
        case .notrack: program.steps.append(.notrack)
        }
    }

    /// Adds the matches of version and protocol that nft puts in front, and refuses what contradicts an earlier one.
    mutating func require(
        _ newFamily: AddressFamily?, _ newProto: IPProtocol?, _ place: RulesetError.Place
    ) throws(RulesetError) {
        if let newFamily {
            let isNew = family == nil
            try note(newFamily, nil, place)
            if isNew {
                program.steps.append(
                    .compare(.metaNfproto, mask: .max, .equal, newFamily == .ipv4 ? 2 : 10))
            }
        }
        if let newProto {
            let isNew = proto == nil
            try note(nil, newProto, place)
            if isNew {
                program.steps.append(.compare(.metaL4proto, mask: .max, .equal, UInt128(newProto.rawValue)))
            }
        }
    }

    /// Remembers what the rule now holds for; nft refuses a second, different one ("conflicting protocols").
    mutating func note(
        _ newFamily: AddressFamily?, _ newProto: IPProtocol?, _ place: RulesetError.Place
    ) throws(RulesetError) {
        if let newFamily {
            guard (family ?? newFamily) == newFamily else {
                throw RulesetError(place, "conflicting versions of IP in one rule")
            }
            family = newFamily
        }
        if let newProto {
            if let old = proto, old != newProto {
                throw RulesetError(place, "conflicting protocols in one rule: `\(old)` and `\(newProto)`")
            }
            proto = newProto
        }
    }

    func verdict(_ syntax: VerdictSyntax, _ place: RulesetError.Place) throws(RulesetError) -> RuleVerdict {
        switch syntax {
        case .accept: return .accept
        case .drop: return .drop
        case .return: return .return
        case .continue: return .continue
        case .jump(let name): return .jump(try chainNumber(name, place))
        case .goto(let name): return .goto(try chainNumber(name, place))
        }
    }

    private func chainNumber(_ name: String, _ place: RulesetError.Place) throws(RulesetError) -> Int {
        guard let number = chainNumbers[name] else { throw RulesetError(place, "undefined chain `\(name)`") }
        return number
    }

    /// A named or anonymous set or map whose keys have these types.
    mutating func setNumber(
        _ expression: Expression, _ types: [Datatype], isMap: Bool, _ place: RulesetError.Place, _ table: TableSyntax
    ) throws(RulesetError) -> Int {
        switch expression {
        case .reference(let name):
            guard let number = setNumbers[name] else { throw RulesetError(place, "undefined set `\(name)`") }
            guard program.sets[number].isMap == isMap else {
                throw RulesetError(place, "expected a \(isMap ? "map" : "set"), got `\(name)`")
            }
            guard program.sets[number].types == types else {
                let expected = types.map(\.rawValue).joined(separator: " . ")
                let got = program.sets[number].types.map(\.rawValue).joined(separator: " . ")
                throw RulesetError(place, "expected a set of `\(expected)`, got `\(name)` of `\(got)`")
            }
            return number
        case .set(let elements):
            guard !elements.isEmpty else { throw RulesetError(place, "expected an element") }
            var syntax = SetSyntax(place: place, name: "", isMap: isMap, types: types, flags: [.constant, .interval])
            // nft merges what overlaps in an anonymous set, but refuses it in an anonymous map.
            syntax.merges = !isMap && types.count == 1
            syntax.elements = elements.map { Located(place: place, value: $0) }
            program.sets.append(try set(syntax, table))
            return program.sets.count - 1
        case .literal, .field, .prefix, .range, .list, .either, .masked, .concatenation, .wildcard:
            throw RulesetError(place, "expected a set or map")
        }
    }

    /// The fields of a key and their types, with what they require in front.
    mutating func key(
        _ expression: Expression, _ place: RulesetError.Place
    ) throws(RulesetError) -> (LookupKey, [Datatype]) {
        switch expression {
        case .field(let field):
            try require(field.requiredFamily, field.requiredProtocol, place)
            return (.field(field), [field.type])
        case .concatenation(let parts):
            var fields: [Field] = []
            for part in parts {
                guard case .field(let field) = part else { throw RulesetError(place, "expected fields joined by `.`") }
                try require(field.requiredFamily, field.requiredProtocol, place)
                fields.append(field)
            }
            let number = program.tuples.firstIndex(of: fields) ?? program.tuples.count
            if number == program.tuples.count { program.tuples.append(fields) }
            return (.tuple(number), fields.map(\.type))
        case .masked: throw RulesetError(place, "a mask in front of a set is not known here")
        case .literal, .prefix, .range, .list, .either, .set, .reference, .wildcard:
            throw RulesetError(place, "expected a field")
        }
    }

    private init(program: Program) { self.program = program }
}

extension StatementSyntax {
    /// Whether no statement may follow in the same rule ("Statement after terminal statement has no effect").
    var endsRule: Bool {
        switch self {
        case .verdict(.continue): false
        case .verdict, .reject: true
        case .match, .dispatch, .log, .counter, .limit, .update, .notrack: false
        }
    }
}
