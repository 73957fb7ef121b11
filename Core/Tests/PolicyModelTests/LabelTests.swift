import PolicyModel
import Testing

@Suite struct LabelTests {
    static let keys: [(text: String, isKey: Bool)] = [
        ("app", true), ("A", true), ("a1", true), ("team.example/x-y_z", true),
        (String(repeating: "k", count: 321), true),
        (String(repeating: "k", count: 322), false), ("", false), ("1a", false), ("-a", false), ("_a", false),
        (".a", false),
        ("/a", false), ("a b", false), (" a", false), ("a ", false), ("a:b", false), ("a=b", false), ("é", false),
        ("а", false), ("a\0", false), ("all", false), ("and", false), ("or", false), ("not", false), ("in", false),
        ("exists", false), ("All", true), ("android", true),
    ]

    @Test(arguments: keys) func keysHaveOneForm(text: String, isKey: Bool) {
        #expect(LabelKey(text)?.description == (isKey ? text : nil))
    }

    static let values: [(text: String, isValue: Bool)] = [
        ("web", true), ("", true), ("a b", true), ("and", true), ("\"", true), ("\\", true), ("~!@#$%^&*()", true),
        (String(repeating: "v", count: 255), true), (String(repeating: "v", count: 256), false), (" a", false),
        ("a ", false),
        (" ", false), ("a\tb", false), ("a\nb", false), ("\0", false), ("\u{7F}", false), ("é", false), ("日本", false),
    ]

    @Test(arguments: values) func valuesArePrintableASCII(text: String, isValue: Bool) {
        #expect(LabelValue(text)?.description == (isValue ? text : nil))
    }

    @Test func keysAndValuesOrderByBytes() throws {
        let sorted = ["A", "B", "a", "a-b", "a.b", "a/b", "a0", "aA", "a_b", "aa", "b"]
        #expect(sorted.reversed().compactMap { LabelKey($0) }.sorted().map(\.description) == sorted)
        #expect(sorted.reversed().compactMap { LabelValue($0) }.sorted().map(\.description) == sorted)
    }
}
