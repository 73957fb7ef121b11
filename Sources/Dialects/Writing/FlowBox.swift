import NetworkTypes
import PolicyModel

/// An expression together with whom it holds for.
struct EndSet: Hashable, Sendable {
    /// As it is written.
    var expression: EndExpression
    /// The ends of the universe that it holds for.
    var members: MemberSet

    /// What is taken out of everything, where the expression is everything but that.
    var holes: [EndSet] = []

    /// What both hold for; where the members show that one lies in the other, it is written alone.
    func intersection(_ other: Self) -> Self {
        if expression == .any { return other }
        if other.expression == .any { return self }
        if members.isSubset(of: other.members) { return self }
        if other.members.isSubset(of: members) { return other }
        if !other.holes.isEmpty, holes.isEmpty { return subtractingEach(other.holes) }
        if !holes.isEmpty, other.holes.isEmpty { return other.subtractingEach(holes) }
        return EndSet(
            expression: .intersection([expression, other.expression]),
            members: members.intersection(other.members))
    }

    /// Without the members of all the others; those that have none in common with it are not written.
    private func subtractingEach(_ others: [EndSet]) -> Self {
        let touching = others.filter { !$0.members.isDisjoint(with: members) }
        guard let first = touching.first else { return self }
        let left = touching.reduce(members) { $0.subtracting($1.members) }
        let hole = touching.count == 1 ? first.expression : .union(touching.map(\.expression))
        return EndSet(expression: .difference(expression, hole), members: left)
    }

    /// What the other does not hold for.
    func subtracting(_ other: Self) -> Self {
        if members.isDisjoint(with: other.members) { return self }
        return EndSet(
            expression: .difference(expression, other.expression), members: members.subtracting(other.members))
    }
}

/// Flows from some ends to others: a product of sets, with relations between the ends.
struct FlowBox: Hashable, Sendable {
    var from: EndSet
    var to: EndSet
    var relations: [Relation]
    var services: TrafficServices
    /// The written rules that it comes from, in the order in which they were met.
    var origins: [RuleID]

    /// Whether no flow lies in it; relations are not looked at.
    var isEmpty: Bool { from.members.isEmpty || to.members.isEmpty || services.isEmpty }

    /// The flows in both.
    func intersection(_ other: Self) throws(NotSymbolic) -> Self {
        FlowBox(
            from: from.intersection(other.from), to: to.intersection(other.to),
            relations: try Self.joined(relations, other.relations),
            services: try services.intersection(other.services),
            origins: origins + other.origins.filter { !origins.contains($0) })
    }

    /// The flows that do not lie in the other, as disjoint boxes without empty ones.
    func subtracting(_ other: Self) throws(NotSymbolic) -> [Self] {
        if from.members.isDisjoint(with: other.from.members) || to.members.isDisjoint(with: other.to.members) {
            return [self]
        }
        if case .set(let mine) = services, case .set(let theirs) = other.services, mine.intersection(theirs).isEmpty {
            return [self]
        }
        guard other.relations.isEmpty || other.relations == relations else {
            throw NotSymbolic(reason: "a rule with a relation between its ends stands before another that it limits")
        }
        var outside = self
        outside.from = from.subtracting(other.from)
        var beside = self
        beside.from = from.intersection(other.from)
        beside.to = to.subtracting(other.to)
        var remaining = self
        remaining.from = beside.from
        remaining.to = to.intersection(other.to)
        remaining.services = try services.subtracting(other.services)
        return [outside, beside, remaining].filter { !$0.isEmpty }
    }

    /// Whether every flow of this lies in the other, as far as sets show.
    func isCovered(by other: Self) -> Bool {
        guard other.relations.allSatisfy(relations.contains), from.members.isSubset(of: other.from.members),
            to.members.isSubset(of: other.to.members)
        else { return false }
        if services == other.services || other.services == .set(.all) { return true }
        guard case .set(let mine) = services, case .set(let theirs) = other.services else { return false }
        return mine.subtracting(theirs).isEmpty
    }

    private static func joined(_ first: [Relation], _ second: [Relation]) throws(NotSymbolic) -> [Relation] {
        var same: [LabelKey] = []
        var others: [Relation] = []
        for relation in first + second {
            switch relation {
            case .same(let keys): same += keys.filter { !same.contains($0) }
            case .different, .samePrincipal: if !others.contains(relation) { others.append(relation) }
            }
        }
        let different = others.filter { if case .different = $0 { true } else { false } }
        guard different.count <= 1 else {
            throw NotSymbolic(reason: "two rules that ask for different labels meet")
        }
        let hadSame = (first + second).contains { if case .same = $0 { true } else { false } }
        return (hadSame ? [.same(same)] : []) + others
    }
}

/// Lists of boxes, bounded so that no policy makes them explode.
enum FlowBoxes {
    /// How many boxes one step may make.
    static let maximum = 2_048

    /// The flows in both lists; those of two rules that only one piece needs are dropped where another piece covers them.
    static func intersection(_ first: [FlowBox], _ second: [FlowBox]) throws(NotSymbolic) -> [FlowBox] {
        var result: [FlowBox] = []
        for a in first {
            for b in second {
                guard !a.from.members.isDisjoint(with: b.from.members), !a.to.members.isDisjoint(with: b.to.members)
                else { continue }
                let both = try a.intersection(b)
                if !both.isEmpty { result.append(both) }
                guard result.count <= maximum else { throw NotSymbolic(reason: "too many rules limit each other") }
            }
        }
        return result
    }

    /// The flows of a box outside all others.
    static func subtracting(_ others: [FlowBox], from box: FlowBox) throws(NotSymbolic) -> [FlowBox] {
        var pieces = [box]
        for other in others {
            var next: [FlowBox] = []
            for piece in pieces { next += try piece.subtracting(other) }
            pieces = next
            guard pieces.count <= 64 else {
                throw NotSymbolic(reason: "too many rules stand before one that they limit")
            }
        }
        return pieces
    }

    /// Without the boxes that others cover; of equals the first stays.
    static func reduced(_ boxes: [FlowBox]) -> [FlowBox] {
        guard boxes.count <= 512 else { return boxes }
        var kept: [FlowBox] = []
        for (number, box) in boxes.enumerated() {
            let isSpare = boxes.enumerated().contains { place, other in
                guard place != number, box.isCovered(by: other) else { return false }
                // Of two that cover each other the first stays; rules as they were written stay in any case.
                return box.origins.count > 1
                    && (!other.isCovered(by: box) || place < number || other.origins.count == 1)
            }
            if !isSpare { kept.append(box) }
        }
        return kept
    }
}
