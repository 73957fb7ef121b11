internal import NetworkTypes
internal import PolicyModel

extension PolicyEngine {
    /// Everything that the engine computed, as lines that depend on the state only, never on how it was reached.
    ///
    /// A line for each identity with its program, each expression with its members, each workload with its identities.
    /// For tests and for comparing two engines; cost: the size of the output.
    public var canonicalForm: [String] {
        let names = (0..<UInt32(identities.capacity)).map { identities.isUsed($0) ? describe($0) : "" }
        var lines: [String] = []
        for identity in names.indices where !names[identity].isEmpty {
            let rules = identityRules[identity]
            lines.append("identity \(names[identity]) ×\(identities.references[identity])")
            for direction in Direction.allCases {
                lines.append(
                    "program \(names[identity]) \(direction): \(program(rules[direction]).joined(separator: "; "))")
            }
        }
        for entry in expressions where entry.uses > 0 {
            let members = entry.members.map { names[Int($0)] }.sorted()
            lines.append("expression \(describe(entry.source)) ×\(entry.uses): \(members.joined(separator: "; "))")
        }
        for workload in directory.workloads {
            let mine = directory.identities(of: workload.id).map { names[Int($0)] }
            lines.append("workload \(workload.id): \(mine.joined(separator: "; "))")
        }
        return lines.sorted()
    }

    private func describe(_ identity: UInt32) -> String {
        var parts = [column(Vocabulary.Column.owned, identity) == 1 ? "workload" : "unmanaged"]
        let agent = column(Vocabulary.Column.agent, identity)
        parts.append("mode=\(AgentColumn.mode(agent)?.rawValue ?? "none")")
        parts.append("enforces=\(AgentColumn.enforcesAttributes(agent))")
        parts.append("name=\(column(Vocabulary.Column.name, identity))")
        let table = vocabulary.portTableList[Int(column(Vocabulary.Column.ports, identity))]
        for (name, ports) in table.sorted(by: { $0.key < $1.key }) {
            parts.append("\(name)=\(ports.map { "\($0.proto)/\($0.port)" }.joined(separator: "+"))")
        }
        let sets = vocabulary.space.members[Int(column(Vocabulary.Column.signature, identity))]
        parts += sets.map { "in=\(describe(.addresses(vocabulary.space.sets[$0])))" }.sorted()
        for key in vocabulary.keys {
            guard let place = vocabulary.column(key), let value = vocabulary.value(column(place, identity), place)
            else { continue }
            parts.append("\(key)=\(value)")
        }
        return parts.joined(separator: ",")
    }

    private func program(_ numbers: [UInt32]) -> [String] {
        // Rules that tie in everything else stand in the order of their text.
        var lines: [(rule: CompiledRule, text: String)] = numbers.compactMap { number in
            rules[Int(number)].map { ($0, describe($0)) }
        }
        lines.sort {
            $0.rule.precedes($1.rule) || (!$1.rule.precedes($0.rule) && $0.text < $1.text)
        }
        return lines.map(\.text)
    }

    private func describe(_ rule: CompiledRule) -> String {
        let source = rule.source
        return "\(rule.layer)/\(rule.tier)/\(source.rank) \(source.id) \(source.action) \(source.direction) "
            + "\(describe(source.subject)) ⇄ \(describe(source.peer)) \(source.relations) "
            + "\(source.services.count) services, \(source.conditions.count) conditions, to \(rule.passTo)"
    }

    func describe(_ expression: EndExpression) -> String {
        switch expression {
        case .any: "any"
        case .anyWorkload: "anyWorkload"
        case .selector(let selector): "{\(selector)}"
        case .workload(let id): "workload \(id)"
        case .addressSet(let id): "set \(id)"
        case .addresses(let set): "[\(set.ranges.map(\.description).joined(separator: " "))]"
        case .union(let parts): "(" + parts.map(describe).joined(separator: " ∪ ") + ")"
        case .intersection(let parts): "(" + parts.map(describe).joined(separator: " ∩ ") + ")"
        case .difference(let first, let second): "(\(describe(first)) − \(describe(second)))"
        }
    }
}
