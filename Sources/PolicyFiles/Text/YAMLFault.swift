import PolicyModel
import Yams

/// A fault of YAML itself, in words that name what to write instead.
struct YAMLFault {
    static let aliasMessage =
        "expected a value, got an anchor or alias, which policy files do not have; put text that starts with `&` or `*` in quotes"

    private let code: DiagnosticCode
    private let message: String
    private let location: Diagnostic.Location
    private var related: [Diagnostic.Location] = []

    init(_ error: YamlError, in source: SourceText) {
        func place(_ mark: Mark) -> Diagnostic.Location {
            Diagnostic.Location(
                file: source.file, line: source.firstLine - 1 + max(1, mark.line), column: max(1, mark.column))
        }
        let lines = source.text.split(separator: "\n", omittingEmptySubsequences: false)
        switch error {
        case .composer(_, _, let mark, _):
            // The only fault in composing that is left: an alias, and there is no anchor for it.
            (code, message, location) = (.yamlAlias, Self.aliasMessage, place(mark))
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            location = place(mark)
            let near = [mark.line, context?.mark.line ?? mark.line].compactMap { line in
                lines.indices.contains(line - 1) ? lines[line - 1] : nil
            }
            if context?.text.contains("alias") == true || near.contains(where: Self.hasAnchor) {
                (code, message) = (.yamlAlias, Self.aliasMessage)
            } else if let line = near.first, line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") {
                (code, message) = (.tab, "expected spaces for indentation, got a tab")
            } else if problem.contains("exceeded max depth") || problem.contains("nesting") {
                (code, message) = (.tooDeep, "expected at most \(YAMLReader.maximumDepth) levels of nesting")
            } else {
                let where_ = context.map { "\($0.text.trimmedForMessage) " } ?? ""
                code = .yamlSyntax
                message = "expected YAML; \(where_)\(problem)"
            }
        case .duplicatedKeysInMapping(let keys, let context):
            let key = SourceText.restored(keys.first ?? "")
            let first = place(context.mark)
            let again = Self.nextLine(with: key, after: context.mark, in: lines)
            code = .duplicateKey
            message = "expected each key once, got `\(key.prefix(60))` again"
            location =
                again.map {
                    Diagnostic.Location(file: source.file, line: source.firstLine - 1 + $0, column: first.column)
                } ?? first
            related = again == nil ? [] : [first]
        case .reader, .memory, .no, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            code = .yamlSyntax
            message = "expected YAML, got text that cannot be read"
            location = Diagnostic.Location(file: source.file, line: 1, column: 1)
        }
    }

    func report(to findings: inout Findings) {
        findings.report(code, message, at: location, related: related)
    }

    /// Whether a value on the line starts with what was an ampersand.
    private static func hasAnchor(_ line: Substring) -> Bool {
        var before: Unicode.Scalar = ":"
        for character in line.unicodeScalars {
            if character == SourceText.anchorMark, ":-,[{?".unicodeScalars.contains(before) { return true }
            if character != " " { before = character }
        }
        return false
    }

    /// The next line, from 1, where the same key starts in the same column before the mapping ends.
    private static func nextLine(with key: String, after mark: Mark, in lines: [Substring]) -> Int? {
        let indent = mark.column - 1
        var index = mark.line
        while lines.indices.contains(index) {
            let line = lines[index]
            let spaces = line.prefix { $0 == " " }.count
            let written = line.dropFirst(indent)
            if spaces == indent, ["\(key):", "\"\(key)\":", "'\(key)':"].contains(where: written.hasPrefix) {
                return index + 1
            }
            if spaces < indent, spaces < line.count, line.dropFirst(spaces).first != "#" { return nil }
            index += 1
        }
        return nil
    }
}

extension String {
    /// Parser context without the line end that it may carry.
    fileprivate var trimmedForMessage: String { String(self.prefix { $0 != "\n" }) }
}
