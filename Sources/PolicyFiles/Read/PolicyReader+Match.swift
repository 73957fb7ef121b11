import NetworkTypes
import PolicyModel

extension PolicyReader {
    /// Reads the criteria of a rule; they are AND.
    mutating func match(_ record: Record) -> TrafficMatch {
        TrafficMatch(
            from: end(record["from"]), to: end(record["to"]), relations: relations(record),
            services: serviceTerms(record["services"]),
            fromAttributes: attributes(record, process: "fromProcess", principal: "fromPrincipal"),
            toAttributes: attributes(record, process: "toProcess", principal: "toPrincipal"),
            widensFarEnd: boolean(record["widen"]), conditions: conditions(record))
    }

    private mutating func relations(_ record: Record) -> [Relation] {
        var relations: [Relation] = []
        if let keys = labelKeys(record["same"]) { relations.append(.same(keys)) }
        if let keys = labelKeys(record["different"]) { relations.append(.different(keys)) }
        if boolean(record["samePrincipal"]) { relations.append(.samePrincipal) }
        return relations
    }

    private mutating func labelKeys(_ tree: Tree?) -> [LabelKey]? {
        guard let tree else { return nil }
        var keys: [LabelKey] = []
        for scalar in scalars(tree, of: "a label dimension") {
            guard let key = labelKey(scalar) else { continue }
            keys.append(key)
            selectorUses.append(SelectorUse(selector: .exists(key), location: scalar.location))
        }
        return keys.isEmpty ? nil : keys
    }

    private mutating func attributes(_ record: Record, process: String, principal: String) -> AttributeMatch {
        var match = AttributeMatch.none
        if let tree = record[process] {
            match.processes = Set(
                scalars(tree, of: "the path of a program").compactMap { self.process($0) })
        }
        if let tree = record[principal] {
            match.principals = Set(
                scalars(tree, of: "the name of a principal or group").compactMap { self.principalName($0) })
        }
        return match
    }

    /// The path of an executable, absolute, without `.` and `..`, as the kernel reports it.
    mutating func process(_ scalar: Scalar) -> ProcessName? {
        let parts = scalar.text.split(separator: "/", omittingEmptySubsequences: false)
        // PATH_MAX of linux/limits.h counts the final NUL.
        let isPath =
            scalar.text.hasPrefix("/") && parts.count > 1 && scalar.text.utf8.count < 4_096
            && parts.dropFirst().allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
            && !scalar.text.contains(where: \.isNewline)
        guard isPath else {
            findings.report(
                .invalidPath,
                "expected the absolute path of a program such as `/usr/sbin/nginx`, got `\(scalar.text.prefix(60))`",
                at: scalar.location)
            return nil
        }
        return ProcessName(rawValue: scalar.text)
    }

    /// The name of a principal or a group: printable ASCII without space at its ends, at most 256 bytes.
    mutating func principalName(_ scalar: Scalar) -> String? {
        guard checkASCII(scalar, what: "the name of a principal or group") else { return nil }
        guard scalar.text.utf8.count <= 256, scalar.text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            scalar.text.first != " ", scalar.text.last != " "
        else {
            findings.report(
                .invalidName,
                "expected the name of a principal or group, at most 256 printable characters, got `\(scalar.text.prefix(60))`",
                at: scalar.location)
            return nil
        }
        return scalar.text
    }

    private mutating func conditions(_ record: Record) -> [Condition] {
        var conditions: [Condition] = []
        for (key, expected) in [("when", true), ("unless", false)] {
            for scalar in scalars(record[key], of: "the name of a fact") where name(scalar, .condition) {
                let name = ConditionName(rawValue: scalar.text)
                if conditions.contains(where: { $0.name == name && $0.expected != expected }) {
                    findings.report(
                        .contradictoryConditions,
                        "expected a fact in `when` or in `unless`, got `\(name)` in both, which can never hold",
                        at: scalar.location)
                }
                conditions.append(Condition(name, is: expected))
            }
        }
        return conditions
    }

    /// Reports an end of something that lets through which admits workloads only because a label is missing.
    mutating func requirePositive(_ match: TrafficMatch, _ record: Record) {
        for (key, end) in [("from", match.from), ("to", match.to)] where !end.isPositive {
            guard let tree = record[key] else { continue }
            findings.report(
                .noPositiveTerm,
                "expected `\(key)` to name a label that must be present, since a workload without labels would match too; write `{select: anyWorkload, except: …}` if that is meant",
                at: tree.location)
        }
    }
}
