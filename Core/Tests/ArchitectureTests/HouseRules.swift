import Foundation

/// Rules about the text of the repository, each a function from files to what breaks it.
enum HouseRules {
    /// What the deciding code must not say, as a regular expression, and why.
    static let impure: [(pattern: String, reason: String)] = [
        (#"\b(async|await)\b"#, "Core is synchronous"),
        (#"\b(actor)\s+[A-Z]"#, "Core is synchronous"),
        (#"(?<![.\w])(Task)\s*[{.(]"#, "Core is synchronous"),
        (#"\b(fatalError)\s*\("#, "a trap on input is a denial of service"),
        (#"\b(try!|as!)"#, "a trap on input is a denial of service"),
        (#"(?<!func )(?<![.\w])(print|debugPrint|dump)\s*\("#, "Core does no input or output"),
        (#"\b(ContinuousClock|SuspendingClock)\b"#, "Core has no clock"),
        (#"\b(SystemRandomNumberGenerator)\b"#, "Core gives the same answer to the same question"),
        (#"\.(random)\(in: [^(),]*\)"#, "Core gives the same answer to the same question"),
    ]

    /// Places where the deciding code waits, prints, traps, or asks a clock.
    static func impurities(in files: [SourceFile]) -> [Violation] {
        files.flatMap { file in
            let code = SwiftCode.only(in: file.text)
            return impure.flatMap { rule in
                matches(of: rule.pattern, in: code).map {
                    Violation(path: file.path, line: $0.line, text: "`\($0.groups.last ?? "")`: \(rule.reason)")
                }
            }
        }
    }

    /// Files that are longer than `limit` lines.
    static func tooLong(_ files: [SourceFile], limit: Int) -> [Violation] {
        files.filter { $0.lineCount > limit }.map {
            Violation(path: $0.path, line: $0.lineCount, text: "expected at most \(limit) lines, got \($0.lineCount)")
        }
    }

    /// Text that only makes sense on the machine of whoever wrote it.
    static func machinePaths(in files: [SourceFile]) -> [Violation] {
        // Written in two pieces, or this file would be the first to break the rule.
        let pieces = [
            "/hom" + "e/\\w", "/Use" + "rs/\\w", "/roo" + "t/", "/wor" + "k/", "/op" + "t/swift", "/tm" + "p/\\w",
        ]
        let pattern = "(?:(?<![\\w}.])|(?<=-[A-Z]))(" + pieces.joined(separator: "|") + ")"
        return files.flatMap { file in
            matches(of: pattern, in: file.text).map {
                Violation(path: file.path, line: $0.line, text: "`\($0.groups[0])` looks like a path of one machine")
            }
        }
    }

    /// Files whose tests could see what users of the package cannot.
    static func testableImports(in files: [SourceFile]) -> [Violation] {
        files.flatMap { file in
            file.imports.filter(\.isTestable).map {
                Violation(path: file.path, line: $0.line, text: "`@testable` does not build in release")
            }
        }
    }

    /// The terms in the first column of the tables of a Markdown text, without emphasis; `a / b` and `a, b` are two.
    static func terms(inTablesOf text: String) -> Set<String> {
        var result: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix("|") {
            guard let cell = line.split(separator: "|").first else { continue }
            for term in cell.split(whereSeparator: { $0 == "/" || $0 == "," }) {
                result.insert(term.trimmingCharacters(in: CharacterSet(charactersIn: " *`")))
            }
        }
        return result
    }

    /// Links and paths in backticks of Markdown pages that lead to no file or folder of the repository.
    static func deadPaths(in pages: [SourceFile], exists: (String) -> Bool) -> [Violation] {
        let top = "Benchmarks|Conformance|Core|Examples|Sources|Tests|docs|schema|scripts"
        return pages.flatMap { page -> [Violation] in
            let folder = page.path.split(separator: "/").dropLast().joined(separator: "/")
            let links = matches(of: #"\]\(([^):#\s]+)(?:#[^)\s]*)?\)"#, in: page.text).map { found in
                let url = URL(fileURLWithPath: "/" + folder).appendingPathComponent(found.groups[0])
                return (found.line, String(url.standardized.path.dropFirst()))
            }
            let paths = matches(of: "`((?:\(top))/[\\w./+-]*)`", in: page.text).map { ($0.line, $0.groups[0]) }
            return (links + paths).filter { !exists($0.1) }.map {
                Violation(path: page.path, line: $0.0, text: "`\($0.1)` is not there")
            }
        }
    }

    /// Dependencies of a manifest that are not pinned to one version.
    static func unpinned(in manifest: SourceFile) -> [Violation] {
        manifest.lines.enumerated().filter { $0.element.contains(".package(url:") && !$0.element.contains("exact:") }
            .map { Violation(path: manifest.path, line: $0.offset + 1, text: "expected `exact:`, got `\($0.element)`") }
    }
}
