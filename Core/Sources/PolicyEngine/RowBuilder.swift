internal import PolicyModel

/// Makes the rules of each identity, those of identities with the same subjects once.
///
/// Identities that the same subjects of rules hold for share one row; there are far fewer such sets than identities where
/// policy is written for groups.
struct RowBuilder {
    private let expressions: [ExpressionEntry]
    private let isEgress: [Bool]

    init(_ rules: [CompiledRule?], _ expressions: [ExpressionEntry]) {
        self.expressions = expressions
        isEgress = rules.indices.map { rules[$0]?.source.direction == .egress }
    }

    func rows(capacity: Int) -> [IdentityRules] {
        // For each identity, the subjects that hold for it, one identity after the other.
        var starts = [UInt32](repeating: 0, count: capacity + 1)
        let subjects = expressions.indices.filter { !expressions[$0].subjectOf.isEmpty }
        for subject in subjects {
            for identity in expressions[subject].members { starts[Int(identity) + 1] += 1 }
        }
        for place in 0..<capacity { starts[place + 1] += starts[place] }
        var next = starts
        var holding = [UInt32](repeating: 0, count: Int(starts[capacity]))
        for subject in subjects {
            for identity in expressions[subject].members {
                holding[Int(next[Int(identity)])] = UInt32(subject)
                next[Int(identity)] += 1
            }
        }
        var lists = ListTable()
        var rows: [IdentityRules] = []
        return holding.withUnsafeBufferPointer { holding in
            (0..<capacity).map { identity in
                let list = UnsafeBufferPointer(rebasing: holding[Int(starts[identity])..<Int(starts[identity + 1])])
                let (number, isNew) = lists.number(of: list)
                if isNew { rows.append(row(list)) }
                return rows[number]
            }
        }
    }

    /// The rules of an identity for which these subjects hold, in order of precedence.
    private func row(_ subjects: UnsafeBufferPointer<UInt32>) -> IdentityRules {
        var (egress, ingress): ([UInt32], [UInt32]) = ([], [])
        for subject in subjects {
            for rule in expressions[Int(subject)].subjectOf {
                if isEgress[Int(rule)] { egress.append(rule) } else { ingress.append(rule) }
            }
        }
        if subjects.count > 1 {
            egress.sort()
            ingress.sort()
        }
        return IdentityRules(egress: egress.exactly, ingress: ingress.exactly)
    }
}
