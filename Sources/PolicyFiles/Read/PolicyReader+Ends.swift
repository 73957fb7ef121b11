import NetworkTypes
import PolicyModel

/// Which expressions may stand at a place.
enum EndKind {
    /// Any end of a flow.
    case end
    /// Workloads only: members of a quarantine, of an enforcement mode.
    case members

    var shape: PolicyFormat.Shape {
        switch self {
        case .end: PolicyFormat.end
        case .members: PolicyFormat.members
        }
    }

    var what: String {
        switch self {
        case .end: "an end: a selector, `any`, `anyWorkload`, a mapping, or a list of those"
        case .members: "workloads: a selector, `anyWorkload`, a mapping, or a list of those"
        }
    }
}

extension PolicyReader {
    /// Reads an end: the items of a list are alternatives, the keys of a mapping must all hold.
    mutating func end(_ tree: Tree?, _ kind: EndKind = .end) -> EndExpression {
        guard let tree else { return .union([]) }
        switch tree {
        case .scalar(let scalar):
            return scalar.text.isEmpty ? .union([]) : selection(scalar, kind)
        case .list:
            return Self.union((list(tree, of: kind.what) ?? []).map { end($0, kind) })
        case .mapping:
            guard let record = record(tree, as: kind.shape) else { return .union([]) }
            return endMapping(record, kind)
        }
    }

    private mutating func endMapping(_ record: Record, _ kind: EndKind) -> EndExpression {
        var parts: [EndExpression] = []
        if let tree = record["select"] {
            parts.append(Self.union(scalars(tree, of: "a selector").map { selection($0, kind) }))
        }
        if let tree = record["workloads"] {
            parts.append(Self.union(scalars(tree, of: "the name of a workload").map { workloadReference($0) }))
        }
        if kind == .end, let tree = record["addresses"] { parts.append(addresses(tree)) }
        if parts.isEmpty {
            let words = record.shape.keys.map(\.name).filter { $0 != "except" }.map { "`\($0)`" }
            findings.report(
                .missingKey, "expected one of \(words.joined(separator: ", ")) in \(record.shape.article)",
                at: record.location)
            // Not an intersection of nothing, which would be everything.
            return .union([])
        }
        let whole = parts.count == 1 ? parts[0] : EndExpression.intersection(parts)
        guard let tree = record["except"] else { return whole }
        return .difference(whole, end(tree, kind))
    }

    /// A selector, or one of the words for everything.
    private mutating func selection(_ scalar: Scalar, _ kind: EndKind) -> EndExpression {
        switch scalar.text {
        case "anyWorkload": return .anyWorkload
        case "any" where kind == .end: return .any
        case "any":
            findings.report(
                .invalidSelector,
                "expected workloads, got `any`, which also covers other addresses; write `anyWorkload`",
                at: scalar.location)
            return .union([])
        default: return selector(scalar).map { .selector($0) } ?? .union([])
        }
    }

    /// Reads a selector; a fault is reported at its place inside the text.
    mutating func selector(_ scalar: Scalar) -> Selector? {
        guard checkASCII(scalar, what: "a selector") else { return nil }
        do throws(SelectorError) {
            let selector = try Selector(parsing: scalar.text)
            selectorUses.append(SelectorUse(selector: selector, location: scalar.location))
            return selector
        } catch {
            var hint = ""
            if addressSets[scalar.text] != nil || AddressRange(scalar.text) != nil {
                hint = "; write addresses as `{addresses: \(scalar.text)}`"
            } else if workloadIndex[scalar.text] != nil {
                hint = "; write a workload as `{workloads: \(scalar.text)}`"
            } else if let word = Suggestion.nearest(to: scalar.text, among: ["any", "anyWorkload"]) {
                hint = ", did you mean `\(word)`?"
            }
            findings.report(
                .invalidSelector, error.message + hint, at: scalar.location(atByte: error.offset))
            return nil
        }
    }

    mutating func workloadReference(_ scalar: Scalar) -> EndExpression {
        guard workloadIndex[scalar.text] == nil else { return .workload(WorkloadID(rawValue: scalar.text)) }
        let hint = Suggestion.hint(for: scalar.text, among: workloadIndex.keys.sorted())
        findings.report(
            .unknownWorkload, "expected a workload that `workloads` lists, got `\(scalar.text.prefix(60))`\(hint)",
            at: scalar.location)
        return .union([])
    }

    private mutating func addresses(_ tree: Tree) -> EndExpression {
        var sets: [EndExpression] = []
        var ranges: [AddressRange] = []
        for scalar in scalars(tree, of: "an address, a prefix, a range or the name of an address set") {
            if addressSets[scalar.text] != nil {
                sets.append(.addressSet(AddressSetID(rawValue: scalar.text)))
                continue
            }
            do throws(TextFault) {
                if AddressRange(scalar.text) == nil, !AddressText.looksLikeAddress(scalar.text) {
                    throw unknownSet(scalar.text)
                }
                ranges.append(try AddressText.range(scalar.text))
            } catch {
                findings.report(error, in: scalar)
            }
        }
        return Self.union(ranges.isEmpty ? sets : sets + [.addresses(AddressSet(ranges))])
    }

    private func unknownSet(_ text: String) -> TextFault {
        let hint = Suggestion.hint(for: text, among: addressSets.keys.sorted())
        // A dot makes it likelier that a host name is meant, unless a set of nearly that name exists.
        if hint.isEmpty, text.contains(".") {
            return TextFault(
                .hostName,
                "expected an address or an address set, got `\(text.prefix(60))`; host names are not accepted for addresses"
            )
        }
        return TextFault(
            .unknownAddressSet,
            "expected an address or a set that `addressSets` defines, got `\(text.prefix(60))`\(hint)")
    }

    static func union(_ parts: [EndExpression]) -> EndExpression { parts.count == 1 ? parts[0] : .union(parts) }
}

extension EndExpression {
    /// Whether some written word admits each member, so that nobody enters only because nothing is known of it.
    ///
    /// Addresses do not stand in for a label beside a selector: `role != db` within a prefix still admits the workload
    /// there that nobody has labelled.
    var isPositive: Bool {
        switch self {
        case .any, .anyWorkload, .workload, .addressSet, .addresses: true
        case .selector(let selector): selector.hasPositiveTerm
        case .union(let parts): parts.allSatisfy(\.isPositive)
        case .intersection(let parts): parts.allSatisfy(\.isPositive)
        case .difference(let whole, _): whole.isPositive
        }
    }
}
