import PolicyEngine
import PolicyModel

/// Whether all that flows on one side flows on another too.
struct Containment {
    /// Whether approximate rules that both sides have mean the same there.
    enum Meanings {
        /// They may have been read from different texts.
        case apart
        /// One side is the other but for a rule.
        case shared
    }

    private let inner: Connectivity
    private let outer: Connectivity
    private let meanings: Meanings
    private var innerBuilder: ReachBuilder
    private var outerBuilder: ReachBuilder
    /// For pairs whose ends ask the same rules, the rule that prevents an answer.
    private var known: [[[UInt32]]: RuleID?] = [:]

    init(_ inner: Connectivity, in outer: Connectivity, _ meanings: Meanings = .apart) {
        self.inner = inner
        self.outer = outer
        self.meanings = meanings
        innerBuilder = inner.builder
        outerBuilder = outer.builder
    }

    /// The answer, over all pairs of ends, those outside included.
    mutating func answer() -> AnalysisAnswer {
        var unknown: RuleID?
        var refuted: Witness?
        let search = WitnessSearch(
            less: WitnessSearch.Side(engine: outer.engine, instant: outer.instant),
            more: WitnessSearch.Side(engine: inner.engine, instant: inner.instant), view: inner.view)
        var walk = JointWalk(outer, inner, .everything)
        var findings: [JointWalk.Found] = []
        walk.run(over: { !$0.must.isSuperset(of: $1.may) }, .byClass) { findings.append($0) }
        for found in findings where refuted == nil {
            let (source, destination) = found.first
            let surplus = Traffic(
                must: found.after.must.subtracting(found.before.may),
                may: found.after.may.subtracting(found.before.must))
            let rule = surplus.must.isEmpty ? prevents(source, destination) : nil
            if surplus.must.isEmpty, rule == nil { continue }
            let open =
                innerBuilder.openRules(from: source.after.classNumber, to: destination.after.classNumber)
                + outerBuilder.openRules(from: source.before.classNumber, to: destination.before.classNumber)
            let witness = search.find(source.end, destination.end, surplus, open: open)
            if let witness, !surplus.must.isEmpty || search.isPlain(witness) {
                refuted = witness
            } else if let rule {
                unknown = min(unknown ?? rule, rule)
            }
        }
        return refuted.map(AnalysisAnswer.no) ?? unknown.map(AnalysisAnswer.unknown) ?? .yes
    }

    /// The rule that prevents an answer for a pair; nil when however uncertain rules are settled, one is in the other.
    private mutating func prevents(_ source: JointEnd, _ destination: JointEnd) -> RuleID? {
        let (outerSide, innerSide) = meanings == .shared ? (0, 0) : (0, 1)
        let mine = OpenPair(
            &innerBuilder, from: source.after.classNumber, to: destination.after.classNumber, side: innerSide)
        let theirs = OpenPair(
            &outerBuilder, from: source.before.classNumber, to: destination.before.classNumber, side: outerSide)
        let key = mine.signature + [[]] + theirs.signature
        if let answer = known[key] { return answer }
        var cases = mine.cases
        cases += theirs.cases.filter { !mine.cases.contains($0) }
        let answer =
            contradicts(mine, innerSide, theirs, outerSide, cases) ? OpenPair.blamed(mine.rules + theirs.rules) : nil
        known[key] = answer
        return answer
    }

    /// Whether some way to settle the cases lets more flow inside than outside, as far as can be told.
    private mutating func contradicts(
        _ mine: OpenPair, _ innerSide: Int, _ theirs: OpenPair, _ outerSide: Int, _ cases: [OpenCase]
    ) -> Bool {
        guard cases.count <= OpenPair.mostCases else { return true }
        var compared: Set<[Int]> = []
        for settled in OpenPair.settlements(cases) {
            let inside = mine.judged(&innerBuilder, side: innerSide, settled)
            let outside = theirs.judged(&outerBuilder, side: outerSide, settled)
            let key = [innerBuilder.memo.number(inside.may), outerBuilder.memo.number(outside.must)]
            guard compared.insert(key).inserted else { continue }
            if !outerBuilder.atoms.services(outside.must).isSuperset(of: innerBuilder.atoms.services(inside.may)) {
                return true
            }
        }
        return false
    }
}
