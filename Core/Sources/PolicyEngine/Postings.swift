/// For each column and code, the identities that have it; made for one pass over all expressions.
struct Postings {
    /// For each column, the identities by code, and where those of each code begin.
    private var items: [[UInt32]] = []
    private var starts: [[UInt32]] = []
    private let everyone: [UInt32]
    /// For each set, the signatures that lie in it.
    private var signatures: [[Int]]

    /// Every place holds an identity, as it does before the first change.
    init(_ identities: IdentityTable, _ space: AddressSpace) {
        let (count, width) = (identities.capacity, identities.width)
        signatures = Array(repeating: [], count: space.sets.count)
        for (signature, sets) in space.members.enumerated() { for set in sets { signatures[set].append(signature) } }
        everyone = Array(0..<UInt32(count))
        identities.columns.withUnsafeBufferPointer { columns in
            for column in 0..<width {
                var starts: [UInt32] = [0, 0]
                var items = [UInt32](repeating: 0, count: count)
                for place in items.indices {
                    let code = Int(columns[place * width + column])
                    while starts.count <= code + 1 { starts.append(0) }
                    starts[code + 1] += 1
                }
                for code in starts.indices.dropFirst() { starts[code] += starts[code - 1] }
                var next = starts
                for place in items.indices {
                    let code = Int(columns[place * width + column])
                    items[Int(next[code])] = UInt32(place)
                    next[code] += 1
                }
                self.items.append(items)
                self.starts.append(starts)
            }
        }
    }

    private func identities(_ column: Int, _ code: Int) -> ArraySlice<UInt32> {
        let starts = starts[column]
        return code + 1 < starts.count ? items[column][Int(starts[code])..<Int(starts[code + 1])] : []
    }

    /// Identities among which all members of the expression are, ascending: those of its rarest code or of a set.
    ///
    /// `areMembers` when no further test is needed.
    func candidates(_ expression: CompiledExpression) -> (identities: ArraySlice<UInt32>, areMembers: Bool) {
        var best = everyone[...]
        for test in expression.tests where test.equal {
            let found = identities(test.column, Int(test.code))
            if found.count < best.count { best = found }
        }
        if let set = expression.set {
            let lists = signatures[set].map { identities(Vocabulary.Column.signature, $0) }
            if lists.reduce(0, { $0 + $1.count }) < best.count { best = lists.flatMap(\.self).sorted()[...] }
        }
        let isOneTest = expression.tests.count == 1 && expression.tests[0].equal && expression.residual == nil
        return (best, isOneTest && best.count < everyone.count)
    }
}
