import PolicyModel
import TestWorlds
import Testing

@Suite struct SelectorTextTests {
    @Test func printedSelectorsParseToThemselves() throws {
        var rng = SplitMix64(seed: 31)
        for _ in 0..<4_000 {
            let selector = RandomSelector.make(depth: 4, using: &rng)
            let text = selector.description
            let again = try Selector(parsing: text)
            #expect(again == selector, "\(text)")
            #expect(again.description == text)
        }
    }

    /// What a person may write, and what it must mean; the operators' strengths are those of the type's documentation.
    static let written: [(text: String, printed: String)] = [
        ("app = web", "app = web"),
        ("app=web", "app = web"),
        (" \tapp\r\n=\n web ", "app = web"),
        ("app!=web", "app != web"),
        ("app = \"web\"", "app = web"),
        ("app = \"and\"", "app = \"and\""),
        ("app = \"\"", "app = \"\""),
        ("app = \"a\\\"b\\\\\"", "app = \"a\\\"b\\\\\""),
        ("app = fe80::1", "app = fe80::1"),
        ("app in (a)", "app in (a)"),
        ("app in(a,b , \"c d\")", "app in (a, b, \"c d\")"),
        ("app in ()", "app in ()"),
        ("app not in (a)", "app not in (a)"),
        ("app exists", "app exists"),
        ("app not exists", "app not exists"),
        ("all", "all"),
        ("((app = web))", "app = web"),
        ("not app = web", "not (app = web)"),
        ("not not all", "not (not (all))"),
        ("not app = web and all", "not (app = web) and all"),
        ("a = 1 or b = 2 and c = 3", "a = 1 or (b = 2 and c = 3)"),
        ("(a = 1 or b = 2) and c = 3", "(a = 1 or b = 2) and c = 3"),
        ("a = 1 and b = 2 and c = 3", "a = 1 and b = 2 and c = 3"),
        ("and ()", "and ()"),
        ("or ()", "or ()"),
        ("and (a = 1)", "and (a = 1)"),
    ]

    @Test(arguments: written) func readsWhatPeopleWrite(text: String, printed: String) throws {
        #expect(try Selector(parsing: text).description == printed)
    }

    @Test func everyPartOfAnOrIsKept() throws {
        let terms = (0..<9_000).map { "a=\($0 % 10)" }
        guard case .or(let parts) = try Selector(parsing: terms.joined(separator: " or ")) else {
            Issue.record("expected an `or`")
            return
        }
        #expect(parts.count == 9_000)
    }

    @Test func nestingUpToTheLimitIsRead() throws {
        let inner = String(repeating: "(", count: 63) + "all" + String(repeating: ")", count: 63)
        #expect(try Selector(parsing: inner) == .all)
        var expected = Selector.all
        for _ in 0..<63 { expected = .not(expected) }
        #expect(try Selector(parsing: String(repeating: "not ", count: 63) + "all") == expected)
    }
}
