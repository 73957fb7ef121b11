import NetworkTypes

extension Lowering {
    mutating func match(
        _ left: Expression, _ relation: Relation, _ right: Expression, _ place: RulesetError.Place,
        _ table: TableSyntax
    ) throws(RulesetError) {
        switch left {
        case .field(let field):
            switch right {
            // nft takes a set of one value for the value itself.
            case .set(let elements) where elements.count == 1 && elements[0].key != .wildcard:
                try compare(field, relation, elements[0].key, place)
            case .set, .reference: try lookUp(left, relation, right, place, table)
            case .literal, .field, .prefix, .range, .list, .either, .masked, .concatenation, .wildcard:
                try compare(field, relation, right, place)
            }
        case .masked(let field, let mask):
            try require(field.requiredFamily, field.requiredProtocol, place)
            let maskValue = try bits(mask, field.type, place)
            let value = try bits(right, field.type, place)
            let comparison = try comparison(relation, place)
            program.steps.append(.compare(field, mask: maskValue, comparison, value))
        case .concatenation: try lookUp(left, relation, right, place, table)
        case .literal, .prefix, .range, .list, .either, .set, .reference, .wildcard:
            throw RulesetError(place, "expected a field")
        }
    }

    private mutating func lookUp(
        _ left: Expression, _ relation: Relation, _ right: Expression, _ place: RulesetError.Place,
        _ table: TableSyntax
    ) throws(RulesetError) {
        let (lookup, types) = try key(left, place)
        let set = try setNumber(right, types, isMap: false, place, table)
        switch relation {
        case .implicit, .equal: program.steps.append(.lookup(lookup, set: set, inverted: false))
        case .notEqual: program.steps.append(.lookup(lookup, set: set, inverted: true))
        case .disjoint, .less, .greater, .lessOrEqual, .greaterOrEqual:
            throw RulesetError(place, "expected `==` or `!=` in front of a set")
        }
    }

    /// A field against a value, a range or flags.
    private mutating func compare(
        _ field: Field, _ relation: Relation, _ right: Expression, _ place: RulesetError.Place
    ) throws(RulesetError) {
        try require(field.requiredFamily, field.requiredProtocol, place)
        switch right {
        case .literal, .prefix, .range:
            let range = try values(right, field.type, place)
            if range.lowerBound != range.upperBound { return try compare(field, relation, range, place) }
        case .list where field.type.isBitmask: break
        case .either: break
        case .list, .field, .masked, .concatenation, .set, .reference, .wildcard:
            throw RulesetError(place, "expected a value of `\(field.rawValue)`")
        }
        let value = try bits(right, field.type, place)
        switch relation {
        case .implicit where field.type.isBitmask: program.steps.append(.compare(field, mask: value, .notEqual, 0))
        case .disjoint:
            guard field.type.isBitmask else { throw RulesetError(place, "expected `!` only in front of flags") }
            program.steps.append(.compare(field, mask: value, .equal, 0))
        case .implicit, .equal, .notEqual, .less, .greater, .lessOrEqual, .greaterOrEqual:
            let comparison = try comparison(relation, place)
            program.steps.append(.compare(field, mask: .max, comparison, value))
            if comparison == .equal { try noteEquality(field, value, place) }
        }
    }

    private mutating func compare(
        _ field: Field, _ relation: Relation, _ range: ClosedRange<UInt128>, _ place: RulesetError.Place
    ) throws(RulesetError) {
        guard relation == .implicit || relation == .equal || relation == .notEqual else {
            throw RulesetError(place, "expected `==` or `!=` in front of a range")
        }
        program.steps.append(
            .range(field, range.lowerBound, range.upperBound, inverted: relation == .notEqual))
    }

    /// A match of version or protocol holds for the rest of the rule.
    private mutating func noteEquality(
        _ field: Field, _ value: UInt128, _ place: RulesetError.Place
    ) throws(RulesetError) {
        if field == .metaNfproto {
            if value == 2 { try note(.ipv4, nil, place) }
            if value == 10 { try note(.ipv6, nil, place) }
        } else if field == .metaL4proto || field == .ipProtocol || field == .ip6NextHeader {
            try note(nil, IPProtocol(rawValue: UInt8(truncatingIfNeeded: value)), place)
        }
    }

    private func comparison(
        _ relation: Relation, _ place: RulesetError.Place
    ) throws(RulesetError) -> Comparison {
        switch relation {
        case .implicit, .equal: return .equal
        case .notEqual: return .notEqual
        case .less: return .less
        case .greater: return .greater
        case .lessOrEqual: return .lessOrEqual
        case .greaterOrEqual: return .greaterOrEqual
        case .disjoint: throw RulesetError(place, "expected `==` or `!=` behind the mask, got `!`")
        }
    }

    /// One number: a value, or the union of several.
    private func bits(
        _ expression: Expression, _ type: Datatype, _ place: RulesetError.Place
    ) throws(RulesetError) -> UInt128 {
        let names: [String]
        switch expression {
        case .literal(let text): names = [text]
        case .list(let texts), .either(let texts): names = texts
        case .field, .prefix, .range, .masked, .concatenation, .set, .reference, .wildcard:
            throw RulesetError(place, "expected a value of type `\(type.rawValue)`")
        }
        var result: UInt128 = 0
        for name in names {
            let range = try values(.literal(name), type, place)
            guard range.lowerBound == range.upperBound else {
                throw RulesetError(place, "expected one value, got `\(name)`")
            }
            result |= range.lowerBound
        }
        return result
    }

    /// The values that a literal, prefix or range stands for.
    func values(
        _ expression: Expression, _ type: Datatype, _ place: RulesetError.Place
    ) throws(RulesetError) -> ClosedRange<UInt128> {
        switch expression {
        case .literal(let text):
            guard let values = type.values(text) else {
                throw RulesetError(place, "expected a value of type `\(type.rawValue)`, got `\(text)`")
            }
            return values
        case .prefix(let text, let length):
            guard let values = type.values(text, prefix: length) else {
                throw RulesetError(place, "expected a prefix of type `\(type.rawValue)`, got `\(text)/\(length)`")
            }
            return values
        case .range(let first, let last):
            let lower = try values(.literal(first), type, place)
            let upper = try values(.literal(last), type, place)
            guard lower.lowerBound == lower.upperBound, upper.lowerBound == upper.upperBound,
                lower.lowerBound <= upper.upperBound
            else { throw RulesetError(place, "expected a range, lower end first, got `\(first)-\(last)`") }
            return lower.lowerBound...upper.upperBound
        case .field, .list, .either, .masked, .concatenation, .set, .reference, .wildcard:
            throw RulesetError(place, "expected a value of type `\(type.rawValue)`")
        }
    }
}
