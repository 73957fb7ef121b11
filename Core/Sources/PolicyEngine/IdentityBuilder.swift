internal import NetworkTypes
internal import PolicyModel

/// Finds the identities of a model: one row of columns for each place of an address.
struct IdentityBuilder {
    private(set) var table: IdentityTable
    private let space: AddressSpace
    private var row: [UInt32]

    init(_ model: InternedModel) {
        table = IdentityTable(width: model.vocabulary.width)
        space = model.vocabulary.space
        row = Array(repeating: 0, count: model.vocabulary.width)
    }

    /// The identity of each place of each workload.
    mutating func identitiesOfPlaces(_ workloads: InternedWorkloads) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(workloads.addresses.count)
        workloads.labels.withUnsafeBufferPointer { labels in
            row.withUnsafeMutableBufferPointer { row in
                var first = 0
                for number in workloads.spans.indices {
                    let fixed = workloads.fixed[number]
                    row[Vocabulary.Column.owned] = 1
                    row[Vocabulary.Column.name] = fixed.name
                    row[Vocabulary.Column.agent] = fixed.agent
                    row[Vocabulary.Column.ports] = fixed.ports
                    let end = Int(workloads.labelEnds[number])
                    for label in first..<end { row[Int(labels[label].column)] = labels[label].code }
                    let span = workloads.spans[number]
                    for place in span.range {
                        row[Vocabulary.Column.signature] =
                            span.hasAddress ? space.signature(of: workloads.addresses[place]) : 0
                        result.append(table.retain(UnsafeBufferPointer(row)).identity)
                    }
                    for label in first..<end { row[Int(labels[label].column)] = 0 }
                    first = end
                }
            }
        }
        return result
    }

    /// For each signature, the identity of addresses that nobody owns.
    mutating func unmanaged() -> [UInt32] {
        for column in row.indices { row[column] = 0 }
        return space.members.indices.map { signature in
            row[Vocabulary.Column.signature] = UInt32(signature)
            return table.retain(row).identity
        }
    }
}

extension InternedModel {
    /// The expressions with the identities that each holds for and the rules whose subject it is.
    func expressionsWithMembers(_ identities: IdentityTable) -> [ExpressionEntry] {
        let postings = Postings(identities, vocabulary.space)
        let signatures = vocabulary.space.members
        var result = expressions
        identities.columns.withUnsafeBufferPointer { columns in
            guard let base = columns.baseAddress else { return }
            var found: [UInt32] = []
            for number in result.indices {
                let (candidates, areMembers) = postings.candidates(result[number].compiled)
                if areMembers {
                    result[number].members = candidates.withUnsafeBufferPointer { Array($0) }
                    continue
                }
                found.removeAll(keepingCapacity: true)
                for identity in candidates
                where result[number].compiled.matches(base + Int(identity) * identities.width, signatures) {
                    found.append(identity)
                }
                result[number].members = found.exactly
            }
        }
        var counts = [UInt32](repeating: 0, count: result.count)
        for position in rules.indices { if let subject = rules[position]?.subject { counts[subject] += 1 } }
        for number in result.indices where counts[number] > 0 {
            result[number].subjectOf.reserveCapacity(Int(counts[number]))
        }
        for position in rules.indices {
            if let subject = rules[position]?.subject { result[subject].subjectOf.append(UInt32(position)) }
        }
        return result
    }
}

extension [UInt32] {
    /// A copy without room that nobody needs.
    var exactly: [UInt32] { withUnsafeBufferPointer { Array($0) } }
}
