extension Lowering {
    /// A set with its keys checked against its types and arranged for lookup.
    func set(_ syntax: SetSyntax, _ table: TableSyntax) throws(RulesetError) -> SetTable {
        var keys: [[ElementIndex.Part]?] = []
        var verdicts: [RuleVerdict] = []
        for element in syntax.elements {
            let key = try parts(element.value.key, syntax, element.place)
            keys.append(key)
            if let key, key.contains(where: { $0.lowerBound != $0.upperBound }), !syntax.flags.contains(.interval) {
                throw RulesetError(element.place, "expected `flags interval` on set `\(syntax.name)` for this element")
            }
            switch (element.value.verdict, syntax.isMap) {
            case (let verdict?, true): verdicts.append(try self.verdict(verdict, element.place))
            case (nil, false): break
            case (.some, false): throw RulesetError(element.place, "expected no verdict in a set")
            case (nil, true): throw RulesetError(element.place, "expected a verdict in a map")
            }
        }
        let index: ElementIndex
        do {
            index = try ElementIndex(keys, merges: syntax.merges, isMap: syntax.isMap) { first, second in
                syntax.isMap && verdicts[first] != verdicts[second]
            }
        } catch {
            throw RulesetError(syntax.elements[error.second].place, "conflicts with element \(error.first + 1)")
        }
        if let size = syntax.size, !syntax.flags.contains(.interval), Set(keys).count > size {
            throw RulesetError(syntax.place, "expected at most \(size) elements, got \(Set(keys).count)")
        }
        return SetTable(
            name: syntax.name, isMap: syntax.isMap, types: syntax.types,
            // The JSON of nft 1.0.6 leaves `dynamic` out, and nothing decides by it.
            flags: syntax.flags.subtracting([.dynamic]), index: index,
            verdicts: verdicts, texts: keys.map { Self.text($0, syntax.types) })
    }

    private func parts(
        _ key: Expression, _ set: SetSyntax, _ place: RulesetError.Place
    ) throws(RulesetError) -> [ElementIndex.Part]? {
        switch key {
        case .wildcard: return nil
        case .concatenation(let parts):
            guard parts.count == set.types.count else {
                throw RulesetError(place, "expected \(set.types.count) parts, got \(parts.count)")
            }
            var result: [ElementIndex.Part] = []
            for (part, type) in zip(parts, set.types) { result.append(try values(part, type, place)) }
            return result
        case .literal, .field, .prefix, .range, .list, .either, .masked, .set, .reference:
            guard let type = set.types.first, set.types.count == 1 else {
                throw RulesetError(place, "expected \(set.types.count) parts, got 1")
            }
            return [try values(key, type, place)]
        }
    }

    /// A key as text, its parts joined by ` . `; `*` for the rest.
    static func text(_ key: [ElementIndex.Part]?, _ types: [Datatype]) -> String {
        guard let key else { return "*" }
        return zip(key, types).map { $1.text($0) }.joined(separator: " . ")
    }
}
