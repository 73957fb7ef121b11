import PolicyModel
import Testing

/// Texts that are no selectors, each with the byte at which a person should look.
@Suite struct BadSelectorTests {
    struct Bad: Sendable, CustomStringConvertible {
        let description: String
        let text: String
        let offset: Int
        let says: String

        init(_ description: String, _ text: String, _ offset: Int, _ says: String) {
            self.description = description
            self.text = text
            self.offset = offset
            self.says = says
        }
    }

    static let bad: [Bad] = [
        Bad("nothing", "", 0, "got the end"),
        Bad("only space", "  \n", 3, "got the end"),
        Bad("a key alone", "app", 3, "after `app`, got the end"),
        Bad("no value", "app =", 5, "a label value, got the end"),
        Bad("double equality sign", "app == web", 5, "a label value, got `=`"),
        Bad("C's and", "app = web && env = dev", 10, "got `&`"),
        Bad("C's or", "app = web || env = dev", 10, "got `|`"),
        Bad("C's not", "!app", 0, "got `!`"),
        Bad("a lone not sign", "app ! web", 4, "got `!`"),
        Bad("a function", "has(app)", 3, "after `has`, got `(`"),
        Bad("a called all", "all()", 3, "the end, got `(`"),
        Bad("notin as one word", "app notin (a)", 4, "after `app`, got `notin`"),
        Bad("contains", "app contains \"x\"", 4, "got `contains`"),
        Bad("starts with", "app starts with \"x\"", 4, "got `starts`"),
        Bad("single quotes", "app = 'web'", 6, "got `'`"),
        Bad("braces", "app in {a, b}", 7, "got `{`"),
        Bad("brackets", "app in [a, b]", 7, "got `[`"),
        Bad("in without a list", "app in", 6, "`(`, got the end"),
        Bad("in with a bare value", "app in a", 7, "`(`, got `a`"),
        Bad("an open list", "app in (", 8, "a label value, got the end"),
        Bad("an unclosed list", "app in (a", 9, "`,` or `)`, got the end"),
        Bad("a trailing comma", "app in (a,)", 10, "a label value, got `)`"),
        Bad("a leading comma", "app in (,a)", 8, "a label value, got `,`"),
        Bad("no comma", "app in (a b)", 10, "`,` or `)`, got `b`"),
        Bad("a lone not after a key", "app not", 7, "`in` or `exists`, got the end"),
        Bad("not before equality", "app not = x", 8, "`in` or `exists`, got `=`"),
        Bad("a missing right side of and", "app = web and", 13, "got the end"),
        Bad("a missing right side of or", "app = web or ", 13, "got the end"),
        Bad("a missing left side", "or app = web", 3, "`(`, got `app`"),
        Bad("and after or", "app = web or and env = dev", 17, "`(`, got `env`"),
        Bad("not alone", "not", 3, "got the end"),
        Bad("an unclosed parenthesis", "(app = web", 10, "`)`, got the end"),
        Bad("a stray parenthesis", "app = web)", 9, "the end, got `)`"),
        Bad("empty parentheses", "()", 1, "got `)`"),
        Bad("crossed parentheses", "(app in (a) = b", 12, "`)`, got `=`"),
        Bad("two terms", "app = web env = dev", 10, "the end, got `env`"),
        Bad("a comma between terms", "app = web, env = dev", 9, "the end, got `,`"),
        Bad("a bare word as a value", "app = and", 6, "a label value, got `and`"),
        Bad("a quoted key", "\"app\" = web", 0, "got `\"app\"`"),
        Bad("a key that starts with a digit", "1app = web", 0, "a label dimension, got `1app`"),
        Bad("a key with a colon", "a:b = web", 0, "a label dimension, got `a:b`"),
        Bad("a word of the language as a key", "in = web", 0, "got `in`"),
        Bad("a long key", String(repeating: "k", count: 322) + " = web", 0, "a label dimension"),
        Bad("an open quotation", "app = \"web", 6, "a closing quotation mark"),
        Bad("a quotation that ends in an escape", "app = \"web\\", 6, "a closing quotation mark"),
        Bad("an escape of a letter", "app = \"we\\b\"", 9, "the escape"),
        Bad("space at the start of a value", "app = \" web\"", 6, "printable ASCII"),
        Bad("space at the end of a value", "app = \"web \"", 6, "printable ASCII"),
        Bad("a control character", "app = \"a\tb\"", 6, "printable ASCII"),
        Bad("NUL", "app = web\0", 9, "got byte 0"),
        Bad("a letter outside ASCII", "app = wéb", 7, "got byte 195"),
        Bad("a quoted letter outside ASCII", "app = \"wéb\"", 6, "printable ASCII"),
        Bad("a look-alike key (Cyrillic а)", "аpp = web", 0, "got byte 208"),
        Bad("a long value", "app = " + String(repeating: "v", count: 256), 6, "printable ASCII"),
        Bad("a comment", "app = web # why", 10, "got `#`"),
        Bad("one parenthesis too deep", String(repeating: "(", count: 64) + "all", 64, "at most 64 levels"),
        Bad("sixty thousand parentheses", String(repeating: "(", count: 60_000), 64, "at most 64 levels"),
        Bad("one not too deep", String(repeating: "not ", count: 64) + "all", 256, "at most 64 levels"),
        Bad("ten thousand nots", String(repeating: "not ", count: 10_000), 256, "at most 64 levels"),
        Bad("nested groups", String(repeating: "and (", count: 5_000), 64 * 5, "at most 64 levels"),
        Bad(
            "a hundred thousand terms", Array(repeating: "a = b", count: 100_000).joined(separator: " or "), 0,
            "expected at most 65536 bytes of selector, got 899996"),
        Bad("one byte too long", "a = " + String(repeating: " ", count: 65_533), 0, "at most 65536 bytes"),
    ]

    @Test(arguments: bad) func isRefusedAtItsFault(_ bad: Bad) {
        do throws(SelectorError) {
            let selector = try Selector(parsing: bad.text)
            Issue.record("read as `\(selector)`")
        } catch {
            #expect(error.offset == bad.offset)
            #expect(error.message.contains(bad.says), "\(error.message)")
            #expect(error.message.first?.isUppercase == false && error.message.last != ".")
        }
    }

    /// Nothing that is cut off, doubled or spoilt makes the parser trap.
    @Test func spoiltTextsNeverTrap() {
        let seeds = Self.bad.map(\.text).filter { $0.utf8.count < 100 } + SelectorTextTests.written.map(\.text)
        for seed in seeds {
            let bytes = Array(seed.utf8)
            for cut in bytes.indices {
                _ = try? Selector(parsing: String(decoding: bytes[..<cut], as: UTF8.self))
                var spoilt = bytes
                spoilt[cut] ^= 0x0A
                if let selector = try? Selector(parsing: String(decoding: spoilt, as: UTF8.self)) {
                    #expect((try? Selector(parsing: selector.description)) == selector)
                }
            }
        }
    }
}
