import Foundation
import PolicyFiles
import PolicyModel
import Testing

/// Files made to hurt: none may trap, take long or load.
@Suite struct HostileTests {
    private func codes(_ text: String) -> [String] { codes(Array(text.utf8)) }

    private func codes(_ bytes: [UInt8]) -> [String] {
        let result = PolicyDirectory.load([PolicySource(name: "p.yaml", bytes: bytes)], now: Place.now)
        #expect((result.policy == nil) == result.hasErrors)
        return result.diagnostics.map(\.code)
    }

    @Test(.timeLimit(.minutes(1))) func anAliasBombIsRefusedBeforeItIsBuilt() {
        var text = "a0: &a0 [x, x]\n"
        for level in 1...64 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(Set(codes(text)) == ["yaml-alias"])
        // As a key, where comparing keys would walk the whole of it.
        #expect(Set(codes(text + "? *a64\n: x\n? *a63\n: y\n")) == ["yaml-alias"])
        #expect(codes("[&a [x, x], &b [*a, *a], &c [*b, *b]]") == ["yaml-alias"])
        #expect(codes("{? &a [x] : y, ? *a : z}") == ["yaml-alias"])
    }

    @Test(arguments: [("[", "]"), ("{a: ", "}"), ("- ", "")])
    func deepNestingIsRefused(open: String, close: String) {
        for depth in [65, 500, 999, 1_000, 5_000, 100_000] {
            let text =
                "bulkhead: 1\nowner:\n  " + String(repeating: open, count: depth) + "x"
                + String(repeating: close, count: depth)
            #expect(codes(text).contains { $0 == "too-deep" || $0 == "yaml-syntax" }, "\(depth)")
        }
    }

    @Test func nestingAtTheLimitIsNoQuestionOfDepth() {
        let text =
            "bulkhead: 1\nowner:\n  " + String(repeating: "[", count: 60) + "x" + String(repeating: "]", count: 60)
        #expect(codes(text) == ["wrong-kind"])
    }

    @Test func deepSelectorsAreRefused() {
        let selector = String(repeating: "not ", count: 100_000) + "app = shop"
        #expect(
            codes(
                "bulkhead: 1\nrulesets: [{name: s, scope: \"\(selector)\", owner: o, rules: [{name: r, action: deny, from: any, to: any, services: any, reason: x}]}]"
            ) == ["invalid-selector"])
    }

    @Test func aFileOfTooManyBytesIsRefused() {
        #expect(codes([UInt8](repeating: 0x23, count: (4 << 20) + 1)) == ["too-large"])
    }

    @Test func tooManyValuesInAllFilesAreRefused() {
        func codes(_ first: Int, _ second: Int) -> [String] {
            let files = [first, second].map { count in
                // Four values besides the items: the file, its version, `services`, the list.
                let items = (0..<count).map { "tcp/\($0)" }.joined(separator: ", ")
                return PolicySource(name: "\(count).yaml", text: "bulkhead: 1\nservices: {s\(count): [\(items)]}")
            }
            return PolicyDirectory.load(files, now: Place.now, maximumNodes: 100).diagnostics.map(\.code)
        }
        #expect(codes(40, 52) == [])
        #expect(codes(40, 53) == ["too-large"])
        #expect(codes(1, 500) == ["too-large"])
    }

    @Test func messagesAreOneLineWhateverTheyQuote() {
        for text in ["\"\\e[2J\": 1\n\"\\e[2J\": 2", "owner: !a%1b[2J x", "bulkhead: \"a\\nb\\e\"", "\"a\\nb\": 1"] {
            let result = PolicyDirectory.load([PolicySource(name: "p", text: text)], now: Place.now)
            #expect(!result.diagnostics.isEmpty)
            for found in result.diagnostics {
                #expect(!found.message.unicodeScalars.contains { $0.value < 0x20 }, "\(found.message.debugDescription)")
            }
        }
    }

    @Test func aReportOfAThousandFindingsEnds() {
        let lines = (0..<5_000).map { "  k\($0): tcp/x\n" }.joined()
        let found = codes("bulkhead: 1\nservices:\n\(lines)")
        #expect(found.count == 1_001)
        #expect(found.last == "too-many-findings")
    }

    @Test(
        arguments: [
            ([0xFF, 0xFE, 0x62, 0x00], "not-utf8"), ([0x61, 0xC0, 0x80], "not-utf8"),
            ([0x61, 0xED, 0xA0, 0x80], "not-utf8"),
            ([], "empty-file"), ([0x0A, 0x0A], "empty-file"), ([0x2D, 0x2D, 0x2D], "empty-value"),
            ([0x00], "control-character"),
        ] as [([UInt8], String)])
    func bytesThatAreNoPolicyAreRefused(bytes: [UInt8], code: String) {
        #expect(codes(bytes).first == (code == "empty-value" ? "wrong-kind" : code))
    }

    @Test func theseLinesOfYAMLAreRefusedQuietly() {
        for text in [
            "&", "*", "!", "!!", "%", "%YAML 9.9\n---\nbulkhead: 1", "@x", "`x", "? ", ": ", "- ", "[", "{", "}", "]",
            "\"", "'",
            "|", ">", "|9\n x", "---\n...\n---", "!<tag:x> a", "a: b: c", "a:\n- b\n c", "? ? ? a", "{[]: a}",
            "{{}: a}", "<<: *x",
            "&a &b c", "&a *a", "*a : b", "\u{E000}", "bulkhead: 1\nowner: &\u{0}", "bulkhead: 1\nowner: \"\\ud800\"",
        ] {
            #expect(!codes(text).isEmpty, "\(text.debugDescription)")
        }
    }

    /// Damages the example byte by byte; whatever comes out, it ends, and loads only without errors.
    @Test(arguments: 1...8 as ClosedRange<UInt64>) func damagedFilesNeverTrap(seed: UInt64) throws {
        let folder = Place.repository.appending(path: "Examples/three-tier")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        let originals = try files.sorted().map {
            PolicySource(name: $0, bytes: Array(try Data(contentsOf: folder.appending(path: $0))))
        }
        var random = SplitMix(state: seed)
        let pieces = [
            "&a", "*a", "\t", "- ", ": ", "{", "}", "[", "]", "\"", "'", "#", "|\n", "any", "!!x ", "\n", "\u{2028}",
            "é", "-", "/", "999999",
        ]
        var loaded = 0
        for _ in 0..<40 {
            var sources = originals
            let index = Int(random.next() % UInt64(sources.count))
            for _ in 0..<(1 + random.next() % 4) {
                let place = Int(random.next() % UInt64(sources[index].bytes.count))
                switch random.next() % 4 {
                case 0: sources[index].bytes.remove(at: place)
                case 1: sources[index].bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 2:
                    sources[index].bytes.replaceSubrange(
                        place..<place, with: pieces[Int(random.next() % UInt64(pieces.count))].utf8)
                default: sources[index].bytes.removeSubrange(place..<min(place + 40, sources[index].bytes.count))
                }
            }
            let result = PolicyDirectory.load(sources, now: Place.now)
            #expect((result.policy == nil) == result.hasErrors)
            loaded += result.policy == nil ? 0 : 1
        }
        #expect(loaded < 40)
    }

    /// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014).
    private struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
