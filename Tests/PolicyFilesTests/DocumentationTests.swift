import Foundation
import PolicyFiles
import PolicyModel
import Testing

/// `docs/policy-files.md` tells all, and all that it tells exists.
@Suite struct DocumentationTests {
    private let text: String

    init() throws { text = String(decoding: try Data(contentsOf: Place.format), as: UTF8.self) }

    /// The first cells of the table rows under the heading, without their marks.
    private func rows(under heading: String) throws -> [[String]] {
        let start = try #require(text.firstRange(of: "\n## \(heading)\n"), "no heading \(heading)")
        let section = text[start.upperBound...].split(separator: "\n## ", maxSplits: 1).first ?? ""
        return section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func everyCodeStandsInTheTableWithItsSeverityAndBack() throws {
        let written = try rows(under: "Findings").map { "\($0[0]) \($0[1])" }
        let known = DiagnosticCode.allCases.map { "`\($0.rawValue)` \($0.severity.rawValue)" }
        #expect(written.sorted() == known.sorted())
    }

    @Test func everyKeyStandsInTheText() {
        for shape in PolicyFormat.shapes {
            for key in shape.keys { #expect(text.contains("`\(key.name)`"), "\(shape.name): \(key.name)") }
        }
        for word in PolicyFormat.actions + PolicyFormat.modes + PolicyFormat.expectations {
            #expect(text.contains("`\(word)`"), "\(word)")
        }
    }

    /// Some file or test provokes each code; those without a file have a test in `HostileTests` or `DirectoryTests`.
    @Test func everyCodeIsProvoked() {
        let files = ["Bad", "BadMeaning", "Warned"].flatMap { CorpusFile.all(in: $0) }.map(\.code)
        let byTests = [
            "unreadable", "no-policy-files", "symbolic-link", "too-large", "too-deep", "too-many-findings", "not-utf8",
        ]
        #expect(Set(files + byTests) == Set(DiagnosticCode.allCases.map(\.rawValue)))
    }

    @Test func theExampleOfTheTextLoads() throws {
        let blocks = text.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```").first }
        #expect(blocks.count >= 1)
        for block in blocks where block.hasPrefix("bulkhead: 1") {
            let result = PolicyDirectory.load([PolicySource(name: "docs", text: String(block))], now: Place.now)
            #expect(result.diagnostics.map(\.text) == [])
        }
    }

    @Test(
        arguments: [
            ("naem", "name"), ("adresses", "addresses"), ("Labels", "labels"), ("agnet", "agent"), ("host", nil),
            ("xyzzy", nil),
        ] as [(String, String?)])
    func aNearMissIsSuggested(written: String, meant: String?) throws {
        let source = PolicySource(
            name: "p", text: "bulkhead: 1\nworkloads: [{name: w, addresses: 10.0.0.1, \(written): x}]")
        let found = try #require(
            PolicyDirectory.load([source], now: Place.now).diagnostics.first { $0.code == "unknown-key" })
        #expect(found.message.contains("did you mean `\(meant ?? "")`?") == (meant != nil), "\(found.message)")
        #expect(found.message.contains("expected one of") == (meant == nil))
    }
}
