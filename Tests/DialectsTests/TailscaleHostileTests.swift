import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

@testable import Dialects

/// Whatever the bytes are, reading ends with an answer and never with a trap.
@Suite struct TailscaleHostileTests {
    static let small = """
        {
          // people
          "groups": {"group:a": ["ann@example.com"]}, /* tags */
          "tagOwners": {"tag:w": ["group:a"]},
          "hosts": {"h": "10.0.0.0/8"}, "ipsets": {"ipset:s": ["remove 10.1.0.0/16", "add h"]},
          "acls": [{"action": "accept", "proto": "tcp", "src": ["*", "group:a"], "dst": ["tag:w:22,80-90", "[fd7a::1]:5"]},],
          "grants": [{"src": ["autogroup:member"], "dst": ["ipset:s"], "ip": ["udp:53", "*"], "via": ["tag:w"]}],
          "tests": [{"src": "ann@example.com", "accept": ["tag:w:22"], "deny": ["h:\\u0031\\uD83D\\uDE00"]}],
        }
        """

    private static func read(_ bytes: [UInt8], devices: [UInt8]? = nil) -> DialectPolicy {
        TailscaleReader.read(
            [PolicySource(name: "p", bytes: bytes)],
            DialectOptions(
                now: Instant(rawValue: 0), devices: devices.map { PolicySource(name: "d", bytes: $0) }))
    }

    @Test func everyPrefixOfAPolicyEndsWithAFinding() {
        let bytes = Array(Self.small.utf8)
        for count in 0..<bytes.count - 1 { #expect(Self.read(Array(bytes.prefix(count))).hasErrors) }
    }

    @Test func everyPrefixOfDevicesEndsWithAFinding() {
        let bytes = Array(TailscaleWorld.devices.utf8)
        for count in 0..<bytes.count - 1 {
            #expect(Self.read(Array("{}".utf8), devices: Array(bytes.prefix(count))).hasErrors)
        }
    }

    @Test func everyByteMayBeAnother() {
        let bytes = Array(Self.small.utf8)
        for index in bytes.indices {
            for byte: UInt8 in [0x00, 0x22, 0x2C, 0x2F, 0x5B, 0x7D, 0x80, 0xFF] {
                var changed = bytes
                changed[index] = byte
                _ = Self.read(changed)
            }
        }
    }

    static let texts: [(name: String, code: String, text: String)] = [
        ("deep", "too-deep", String(repeating: "[", count: 65)),
        ("deepObjects", "too-deep", String(repeating: "{\"a\":", count: 100_000)),
        ("nul", "hujson-syntax", "\u{0}{}"),
        ("nulInAString", "control-character", "{\"a\u{0}\": 1}"),
        ("aLoneSurrogate", "lone-surrogate", #"{"hosts": {"\uD800": "10.0.0.1"}}"#),
        ("aSwappedPair", "lone-surrogate", #"{"hosts": {"\uDC00\uD800": "10.0.0.1"}}"#),
        ("aDuplicateKey", "duplicate-key", #"{"acls": [], "acls": null}"#),
        ("aDuplicateInside", "duplicate-key", #"{"hosts": {"a": "10.0.0.1", "a": "10.0.0.2"}, "acls": []}"#),
        ("anOpenComment", "hujson-syntax", "{} /* "),
        ("aHalfComment", "hujson-syntax", "{} /"),
        ("somethingAfter", "hujson-syntax", "{} {}"),
        ("aLoneComma", "hujson-syntax", "{,}"),
        ("aMissingComma", "hujson-syntax", "{\"acls\": [1 2]}"),
        ("aBadNumber", "hujson-syntax", "{\"randomizeClientPort\": 01}"),
        ("aBadEscape", "hujson-syntax", #"{"\x": 1}"#),
        ("noText", "hujson-syntax", ""),
        ("noObject", "wrong-kind", "[]"),
    ]

    @Test(arguments: texts.map(\.name)) func isAFindingWithItsPlace(_ name: String) throws {
        let row = try #require(Self.texts.first { $0.name == name })
        let errors = Self.read(Array(row.text.utf8)).findings.map(\.diagnostic).filter { $0.severity == .error }
        #expect(errors.map(\.code) == [row.code])
        #expect(errors.allSatisfy { $0.location?.file == "p" })
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(Self.read([0x7B, 0xC3, 0x28, 0x7D]).findings.map(\.diagnostic.code).contains("not-utf8"))
    }

    @Test func aHugeFileIsRefusedUnread() {
        let bytes = [UInt8](repeating: 0x20, count: TailscalePolicyReader.maximumBytes + 1)
        #expect(Self.read(bytes).findings.map(\.diagnostic.code).contains("too-large"))
    }

    @Test func findingsAreBounded() {
        let rule = #"{"action": "x", "src": ["tag:n"], "dst": ["*"]},"#
        let text = "{\"acls\": [" + String(repeating: rule, count: 5_000) + "]}"
        let reading = Self.read(Array(text.utf8))
        #expect(reading.hasErrors && reading.findings.count <= TailscaleFindings.maximumCount + 2)
    }

    @Test func placesCountCharacters() throws {
        let text = "{\n  \"hösts\": {},\n}"
        let error = try #require(Self.read(Array(text.utf8)).findings.first { $0.diagnostic.severity == .error })
        #expect(error.diagnostic.location == Diagnostic.Location(file: "p", line: 2, column: 3))
        let later = try HuJSONParser.parse(Array("[\"ö\", true]".utf8), maximumBytes: 100).root
        #expect(later.array?.last?.place == HuJSONPlace(line: 1, column: 7))
    }

    @Test func commentsAndTrailingCommasAreHuJSON() throws {
        let text = "// a\n[1, /* b */ {\"c\": [true, null,],}, // d\n]\n/* e */"
        let root = try HuJSONParser.parse(Array(text.utf8), maximumBytes: 100).root
        #expect(root.array?.count == 2)
        #expect(root.array?.last?["c"]?.array?.count == 2)
    }

    @Test func quotedTextIsNoCommand() {
        #expect(quoted("a\u{1B}[31m`b\u{202E}") == "`a\u{FFFD}[31m\u{FFFD}b\u{FFFD}`")
        #expect(quoted(String(repeating: "x", count: 200)).count == 83)
    }
}
