import PolicyModel
import Testing

/// Identifiers order by their bytes, whatever their length and script.
@Suite struct IdentifierOrderTests {
    private static let texts = [
        "", "a", "b", "ab", "abcdefg", "abcdefgh", "abcdefgi", "abcdefgh\u{0}", "abcdefghi", "abcdefghijklmnop",
        "abcdefghijklmnoq", "abcdefghijklmnopq", "Abcdefgh", "z", "\u{E9}", "e\u{301}", "a\u{E9}", "\u{7F}",
        "\u{10FFFF}",
    ]

    @Test func bytesDecide() {
        for one in Self.texts {
            for other in Self.texts {
                let expected = Array(one.utf8).lexicographicallyPrecedes(Array(other.utf8))
                #expect((RuleID(rawValue: one) < RuleID(rawValue: other)) == expected, "`\(one)` and `\(other)`")
            }
        }
    }
}
