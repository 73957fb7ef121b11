import PolicyModel

extension RuleTrace {
    /// Whether taking a rule away surely changes no flow; false also when it cannot be told.
    mutating func isSurelyRedundant(_ name: Int) -> Bool {
        if records[name].isOpen { return false }
        let changes = records[name].changes
        // A change at one end shows only where the other end lets the flow pass.
        let changesBothEnds = Set(changes.map(\.direction)).count > 1
        return changes.allSatisfy { hasNoEffect($0, name, changesBothEnds) }
    }

    private mutating func hasNoEffect(_ change: Change, _ name: Int, _ changesBothEnds: Bool) -> Bool {
        let now = builder.memo.traffic[Int(change.now)]
        let without = builder.memo.traffic[Int(change.without)]
        var changed = now.may.subtracting(without.must)
        changed.formUnion(without.may.subtracting(now.must))
        let joint = UInt32(builder.classes.representatives.count)
        let isEgress = change.direction == .egress
        for subject in reachable.subjectClasses(change.direction, change.row) {
            for peer in change.peers {
                let (source, destination) = isEgress ? (subject, peer) : (peer, subject)
                if !changesBothEnds, subject < joint, peer < joint {
                    let pair = connectivity.reach.pair(source, destination)
                    let other = connectivity.reach.traffic[Int(isEgress ? pair.ingress : pair.egress)]
                    if !other.may.meets(changed) || !reachable.isListed(source, destination) { continue }
                    return false
                }
                if reachable.isListed(source, destination), changes(source, destination, name) { return false }
            }
        }
        return true
    }

    /// Whether what both ends of a pair say changes, or may change, without a rule.
    private mutating func changes(_ source: UInt32, _ destination: UInt32, _ name: Int) -> Bool {
        let pair = OpenPair(&builder, from: source, to: destination, side: 0)
        guard pair.cases.count <= OpenPair.mostCases else { return true }
        let nameOf = nameOf
        return OpenPair.settlements(pair.cases).contains { settled in
            pair.judged(&builder, side: 0, settled)
                != pair.judged(&builder, side: 0, settled) { nameOf[Int($0)] == name }
        }
    }
}
