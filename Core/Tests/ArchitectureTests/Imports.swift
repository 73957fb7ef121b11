import Foundation

/// One `import` of a source file.
struct Import: Hashable {
    /// The module, without what follows a dot.
    var module: String
    /// The line, from 1.
    var line: Int
    /// Whether it opens the module's internal declarations.
    var isTestable: Bool
}

extension SourceFile {
    /// The imports of a Swift file, wherever they stand and whatever attributes and access levels precede them.
    var imports: [Import] {
        let code = SwiftCode.only(in: text)
        let kinds = "(?:typealias|struct|class|enum|protocol|let|var|func)"
        let pattern = #"(?m)(?:^|;)[ \t]*((?:@\w+(?:\([^)]*\))?\s+|\w+\s+)*)import\s+(?:"# + kinds + #"\s+)?(\w+)"#
        return matches(of: pattern, in: code).map { match in
            Import(module: match.groups[1], line: match.line, isTestable: match.groups[0].contains("@testable"))
        }
    }
}

/// Finds a regular expression in `text`: the line, from 1, and the captured groups, empty where one took no part.
func matches(of pattern: String, in text: String) -> [(line: Int, groups: [String])] {
    guard let expression = try? NSRegularExpression(pattern: pattern) else { return [(0, ["bad pattern \(pattern)"])] }
    let whole = text as NSString
    return expression.matches(in: text, range: NSRange(location: 0, length: whole.length)).map { match in
        let groups = (0..<match.numberOfRanges).dropFirst().map { index in
            let range = match.range(at: index)
            return range.location == NSNotFound ? "" : whole.substring(with: range)
        }
        // The match may begin with the end of the line before; what counts is where its last group stands.
        let end = match.range(at: match.numberOfRanges - 1)
        let place = end.location == NSNotFound ? match.range.location : end.location
        let line = whole.substring(to: place).split(separator: "\n", omittingEmptySubsequences: false).count
        return (line, groups)
    }
}
