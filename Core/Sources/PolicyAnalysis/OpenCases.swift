import PolicyEngine
import PolicyModel

/// What decides whether an uncertain rule matches a flow that it covers: rules with equal cases match together.
struct OpenCase: Hashable {
    /// Whether an unknown condition makes it match.
    private enum Reading: Hashable {
        case withoutConditions
        case unknownIsYes
        case unknownIsNo
    }

    private let end: Direction
    private let attributes: AttributeMatch
    private let conditions: [Condition]
    private let reading: Reading
    private let asksSamePrincipal: Bool
    /// Of an approximate rule: itself, on its side; nobody knows whether two mean the same.
    private let meaning: FlatRule?
    private let side: Int?

    /// The case of a rule at the source's (egress) or the destination's end.
    init(_ rule: FlatRule, at end: Direction, side: Int?) {
        self.end = rule.subjectAttributes == .none ? .egress : end
        attributes = rule.subjectAttributes
        conditions = rule.conditions
        reading =
            rule.conditions.isEmpty
            ? .withoutConditions : rule.action.order == 0 ? .unknownIsYes : .unknownIsNo
        asksSamePrincipal = rule.relations.contains(.samePrincipal)
        meaning = rule.certainty == .exact ? nil : rule
        self.side = rule.certainty == .exact ? nil : side
    }
}

/// What both ends of a pair of classes say, with the uncertain rules to be settled one way or the other.
struct OpenPair {
    /// The keys of everybody who judges, and at which end.
    var keys: [(key: PairKey, end: Direction)] = []
    /// The cases of uncertain rules, in order of the keys, each once.
    private(set) var cases: [OpenCase] = []
    /// The first rule of each case.
    private(set) var rules: [FlatRule] = []

    init(_ builder: inout ReachBuilder, from source: UInt32, to destination: UInt32, side: Int?) {
        let sources = builder.classes.parts(source).count
        for (index, key) in builder.keys(from: source, to: destination).enumerated() {
            keys.append((key, index < sources ? .egress : .ingress))
        }
        addCases(builder, side)
    }

    /// The pair of which one end only is looked at.
    init(_ key: PairKey, at end: Direction, _ builder: ReachBuilder, side: Int?) {
        keys = [(key, end)]
        addCases(builder, side)
    }

    private mutating func addCases(_ builder: ReachBuilder, _ side: Int?) {
        for (key, end) in keys {
            for rule in key.rules where builder.facts.facts[Int(rule)]?.isCertain == false {
                guard let source = builder.engine.rules[Int(rule)]?.source else { continue }
                let found = OpenCase(source, at: end, side: side)
                guard !cases.contains(found) else { continue }
                cases.append(found)
                rules.append(source)
            }
        }
    }

    /// What the answer depends on: equal signatures, equal answers.
    var signature: [[UInt32]] { keys.flatMap { [$0.key.key, $0.key.rules, [$0.end == .egress ? 0 : 1]] } }

    /// What all ends let pass when the cases are settled so; rules that `isLeftOut` holds for are not asked.
    func judged(
        _ builder: inout ReachBuilder, side: Int?, _ settled: [OpenCase: Bool],
        without isLeftOut: (UInt32) -> Bool = { _ in false }
    ) -> EndTraffic {
        var result: EndTraffic?
        for (key, end) in keys {
            let head = key.key.count - key.rules.count
            var list = Array(key.key[..<head])
            for (place, rule) in key.rules.enumerated() where !isLeftOut(rule) {
                let number = key.key[head + place]
                var shape = builder.memo.shapes[Int(number)]
                if !shape.isCertain, let source = builder.engine.rules[Int(rule)]?.source,
                    let matches = settled[OpenCase(source, at: end, side: side)]
                {
                    if !matches { continue }
                    shape.isCertain = true
                    list.append(builder.memo.number(shape))
                } else {
                    list.append(number)
                }
            }
            let number = builder.memo.judge(list)
            let judged = builder.memo.traffic[Int(number)]
            result = result?.intersection(judged) ?? judged
        }
        let everything = builder.atoms.everything
        return result ?? EndTraffic(must: everything, may: everything)
    }

    /// The rule to name as what prevents an answer: an approximate one before others, then by name.
    static func blamed(_ rules: [FlatRule]) -> RuleID? {
        rules.filter { $0.certainty != .exact }.map(\.id).min() ?? rules.map(\.id).min()
    }

    /// Every way to settle cases.
    static func settlements(_ cases: [OpenCase]) -> some Sequence<[OpenCase: Bool]> {
        (0..<(1 << cases.count)).lazy.map { bits in
            Dictionary(uniqueKeysWithValues: cases.enumerated().map { ($1, bits >> $0 & 1 == 1) })
        }
    }

    /// The most cases that are settled in every way.
    static let mostCases = 8
}
