import PolicyModel
import TestWorlds
import Testing

@Suite struct SelectorMeaningTests {
    /// Whether a workload without any label, with `env` another, with `env = prod` is selected.
    static let table: [(text: String, bare: Bool, other: Bool, prod: Bool)] = [
        ("all", true, true, true),
        ("env = prod", false, false, true),
        ("env != prod", true, true, false),
        ("env in (prod, test)", false, false, true),
        ("env in ()", false, false, false),
        ("env not in (prod, test)", true, true, false),
        ("env not in ()", true, true, true),
        ("env exists", false, true, true),
        ("env not exists", true, false, false),
        ("not env = prod", true, true, false),
        ("not env != prod", false, false, true),
        ("env exists and env != prod", false, true, false),
        ("env not exists or env = prod", true, false, true),
        ("and ()", true, true, true),
        ("or ()", false, false, false),
        ("not or ()", true, true, true),
        ("Env = prod", false, false, false),
        ("env = Prod", false, false, false),
    ]

    @Test(arguments: table) func selects(text: String, bare: Bool, other: Bool, prod: Bool) throws {
        let selector = try Selector(parsing: text)
        let env = try #require(LabelKey("env"))
        #expect(selector.matches([:]) == bare)
        #expect(selector.matches([env: try #require(LabelValue("dev"))]) == other)
        #expect(selector.matches([env: try #require(LabelValue("prod"))]) == prod)
    }

    static let positive: [(text: String, isPositive: Bool)] = [
        ("all", false), ("app = web", true), ("app != web", false), ("app in (web)", true), ("app not in (web)", false),
        ("app exists", true), ("app not exists", false), ("not app = web", false), ("not app != web", true),
        ("not app not in (web)", true), ("not app not exists", true), ("not app exists", false),
        ("not not app = web", true),
        ("not all", false), ("app = web and env != prod", true), ("env != prod and all", false),
        ("app = web or env != prod", false), ("app = web or env = prod", true), ("and ()", false), ("or ()", false),
        ("not (app = web or env != prod)", true), ("not (app != web or env != prod)", true),
        ("not (app != web and env != prod)", true), ("not (app != web and env = prod)", false),
        ("app = web and (env = prod or env != prod)", true),
    ]

    @Test(arguments: positive) func namesALabelThatMustBePresent(text: String, isPositive: Bool) throws {
        #expect(try Selector(parsing: text).hasPositiveTerm == isPositive)
    }

    @Test func aPositiveTermExcludesTheUnlabelled() {
        var rng = SplitMix64(seed: 32)
        var positive = 0
        for _ in 0..<4_000 {
            let selector = RandomSelector.make(depth: 3, using: &rng)
            guard selector.hasPositiveTerm else { continue }
            positive += 1
            #expect(!selector.matches([:]), "\(selector)")
        }
        #expect(positive > 500)
    }

    @Test func deMorganHolds() {
        var rng = SplitMix64(seed: 33)
        for _ in 0..<2_000 {
            let parts = rng.list(0...3) { RandomSelector.make(depth: 2, using: &$0) }
            let labels = RandomSelector.labels(using: &rng)
            let negated = parts.map(Selector.not)
            #expect(Selector.not(.and(parts)).matches(labels) == Selector.or(negated).matches(labels))
            #expect(Selector.not(.or(parts)).matches(labels) == Selector.and(negated).matches(labels))
        }
    }

    @Test func onlyNamedKeysMatter() {
        var rng = SplitMix64(seed: 34)
        for _ in 0..<2_000 {
            let selector = RandomSelector.make(depth: 3, using: &rng)
            let labels = RandomSelector.labels(using: &rng)
            let named = labels.filter { selector.keys.contains($0.key) }
            #expect(selector.matches(labels) == selector.matches(named), "\(selector)")
        }
    }
}
