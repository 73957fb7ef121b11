import Dialects
import PolicyModel
import Testing

/// The grammar of selectors, as projectcalico/calico states it in `libcalico-go/lib/selector/parser/parser_test.go` and the tokenizer.
@Suite struct CalicoSelectorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let text: String
        let matches: [[String: String]]
        let others: [[String: String]]
        var testDescription: String { text }

        init(_ text: String, _ matches: [[String: String]], not others: [[String: String]] = []) {
            self.text = text
            self.matches = matches
            self.others = others
        }
    }

    static let cases = [
        Case(#"a == "b""#, [["a": "b"], ["a": "b", "c": "d"]], not: [[:], ["a": "c"], ["c": "d"]]),
        Case(
            #"a == "b" && c == "d""#, [["a": "b", "c": "d"]],
            not: [[:], ["a": "b", "c": "e"], ["a": "c", "c": "d"], ["c": "d"], ["a": "b"]]),
        Case(
            #"a == "b" || c == "d""#, [["a": "b", "c": "d"], ["a": "b"], ["c": "d"]],
            not: [[:], ["a": "e", "c": "e"], ["c": "e"]]),
        Case(#"a in {"'", '"', "c"}"#, [["a": "c"], ["a": "\""], ["a": "'"]], not: [[:], ["a": "e"]]),
        Case(#"a not in {"'", '"', "c"}"#, [[:], ["a": "e"]], not: [["a": "c"], ["a": "\""], ["a": "'"]]),
        Case("a == 'a'", [["a": "a"]], not: [["a": "b"], [:]]),
        Case(#"a != "b""#, [["a": "a"], [:]], not: [["a": "b"]]),
        Case(
            #"a contains "a""#, [["a": "a"], ["a": "bab"], ["a": "aaa", "b": "c"]],
            not: [[:], ["a": "b"], ["b": "aaa"]]),
        Case(#"a contains """#, [["a": ""], ["a": "b"]], not: [[:]]),
        Case(#"a starts with "a""#, [["a": "a"], ["a": "abb"]], not: [[:], ["a": "b"], ["a": "baa"], ["b": "aaa"]]),
        Case(#"a ends with "a""#, [["a": "a"], ["a": "bba"]], not: [[:], ["a": "b"], ["a": "aab"], ["b": "aaa"]]),
        Case("a startswith 'ab'", [["a": "abc"]], not: [["a": "a"]]),
        Case("a endswith 'bc'", [["a": "abc"]], not: [["a": "c"]]),
        Case(#"!a in {"a"}"#, [["a": "b"], [:]], not: [["a": "a"]]),
        Case(#"a in {"a", "b"}"#, [["a": "a"], ["a": "b"]], not: [["a": "c"], [:]]),
        Case("a in {}", [], not: [["a": ""], [:]]),
        Case("a in {'a',}", [["a": "a"]], not: [["a": ""]]),
        Case("a notin {'d'}", [["a": "a"], [:]], not: [["a": "d"]]),
        Case("has(a)", [["a": "b"], ["a": ""]], not: [["b": "b"]]),
        Case("!has(a)", [["b": "b"]], not: [["a": "b"]]),
        Case("", [[:], ["a": "b"]]), Case(" ", [[:]]), Case("all()", [[:], ["a": "b"]]), Case(" all( )", [[:]]),
        Case("!!has(b)", [["b": ""]], not: [["a": "b"]]),
        Case("! !!has(a)", [[:]], not: [["a": "b"]]),
        Case("a == 'a1' && b != 'b1'", [["a": "a1"]], not: [["a": "a1", "b": "b1"]]),
        Case("a != 'a1' && !b == 'b1'", [[:]], not: [["a": "a1", "b": "b1"], ["b": "b1"]]),
        Case("!(!has(a) || has(b))", [["a": "a"]], not: [["b": "a"], ["a": "", "b": ""]]),
        Case("! a == 'a1' || ! b == 'b1'", [["a": "a1"]], not: [["a": "a1", "b": "b1"]]),
        // `&&` binds closer than `||`, whichever comes first.
        Case("has(a) || has(b) && has(c)", [["a": ""], ["b": "", "c": ""]], not: [["b": ""], ["c": ""]]),
        Case("(has(a) || has(b)) && has(c)", [["a": "", "c": ""]], not: [["a": ""], ["c": ""]]),
        Case("has(b)&&has(c)||has(a)", [["a": ""], ["b": "", "c": ""]], not: [["b": ""]]),
        Case("has( k8s.io/a-b_c )", [["k8s.io/a-b_c": "x"]], not: [["k8s.io/a-b": "x"]]),
        Case("in in {'in'}", [["in": "in"]], not: [["in": "x"]]),
        Case("a == 'x && y'", [["a": "x && y"]], not: [["a": "x"]]),
    ]

    @Test(arguments: cases) func aSelectorHoldsAsDocumented(written: Case) throws {
        let selector = try CalicoSelector(parsing: written.text)
        for labels in written.matches { #expect(selector.matches(labels), "\(labels)") }
        for labels in written.others { #expect(!selector.matches(labels), "\(labels)") }
    }

    /// What Calico's own tests reject, and more of each kind.
    static let bad = [
        "b == b", "b contains b", "b starts with b", "b ends with b", "'b1' == b", "b", "a b", "!", #"foo == "bar" &"#,
        #"foo == "bar" |"#, "foo != ||", #"foo in {"", ||"#, #"foo in """#, "\"FOO", "\"FOO'", "'FOO", "(",
        #"(a == "foo""#, ")", "()", "%", #"a == "b" && %"#, #"a == "b" || %"#, "a ", "has(foo) &&", "&& has(a)",
        "a = 'b'", "a == 'b' c == 'd'", "has()", "has(a", "has (a)", "all", "all(", "all(a)", "global(", "a not 'b'",
        "a starts 'b'", "a in {'b' 'c'}", "a in {,}", "a in {'b'", "a == {'b'}", "has(a) has(b)", "a == 'b'\n&& has(c)",
        "a ! in {'b'}", "é == 'a'", "a == b'", "{'a'}", "a contains {'b'}", "a ==", "!has(a))",
    ]

    @Test(arguments: bad) func aBadSelectorIsRefused(text: String) {
        #expect(throws: CalicoSelectorFault.self) { try CalicoSelector(parsing: text) }
    }

    @Test func atLeastTheBadOnesOfCalicoAreThere() { #expect(Self.bad.count >= 26) }

    /// Hostile texts end in a fault, neither in a crash nor in a long wait.
    @Test func depthAndLengthAreHarmless() throws {
        #expect(throws: CalicoSelectorFault.self) {
            try CalicoSelector(parsing: String(repeating: "(", count: 100_000))
        }
        let nested = String(repeating: "(", count: 65) + "has(a)" + String(repeating: ")", count: 65)
        #expect(throws: CalicoSelectorFault.self) { try CalicoSelector(parsing: nested) }
        let deep = String(repeating: "!(", count: 64) + "has(a)" + String(repeating: ")", count: 64)
        #expect(try CalicoSelector(parsing: deep).matches(["a": ""]))
        #expect(try CalicoSelector(parsing: String(repeating: "!", count: 100_001) + "has(a)").matches([:]))
        let long = Array(repeating: "has(a)", count: 20_000).joined(separator: " || ")
        #expect(try !CalicoSelector(parsing: long).matches([:]))
    }

    /// A policy selects the workloads whose labels its selector holds for, whatever operators stand in it.
    @Test(arguments: [
        "tier contains 'on'", "tier starts with 'front-'", "tier ends with 't'", "tier contains ''",
        "!tier contains 'front'",
        "tier contains 'nothing'", "!tier starts with 'x'", "app in {'a', 'b'} && !(tier == 'back')", "app != 'a'",
        "app not in {'a', 'b'}", "has(app) && !has(none)", "none != 'x'", "has(none)", "app == 'not a label value é'",
        "app != 'not a label value é'", "all()", "",
    ]) func selectorsOverWorkloadsAgreeWithSelectorsOverLabels(text: String) throws {
        let world = CalicoWorld(Written.trio, Written.calico(nil, "selector: \"\(text)\""))
        let selector = try CalicoSelector(parsing: text)
        for (id, labels) in [
            (Written.a, ["app": "a", "tier": "front"]), (Written.c, ["app": "c", "tier": "front-2"]),
            (Written.b, ["app": "b", "tier": "back"]),
        ] {
            // A policy without rules denies all ingress of what it selects.
            #expect(try world.passes(Written.outside, id) == !selector.matches(labels), "\(id)")
        }
        #expect(world.findings == [])
    }
}
