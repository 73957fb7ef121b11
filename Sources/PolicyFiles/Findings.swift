package import PolicyModel

/// What was found while loading, bounded, so that no file makes an endless report.
package struct Findings {
    /// How many findings are kept.
    package static let maximumCount = 1_000

    package private(set) var diagnostics: [Diagnostic] = []
    package private(set) var errorCount = 0
    package var hasErrors: Bool { errorCount > 0 }
    private var isFull = false

    package init() {}

    package mutating func report(
        _ code: DiagnosticCode, _ message: String, at location: Diagnostic.Location?,
        related: [Diagnostic.Location] = []
    ) {
        if code.severity == .error { errorCount += 1 }
        guard !isFull else { return }
        guard diagnostics.count < Self.maximumCount else {
            isFull = true
            diagnostics.append(
                Diagnostic(
                    .error, code: DiagnosticCode.tooManyFindings.rawValue,
                    "more than \(Self.maximumCount) findings, the rest is left out"))
            errorCount += 1
            return
        }
        diagnostics.append(
            Diagnostic(code.severity, code: code.rawValue, Self.line(message), at: location, related: related))
    }

    /// The message as one line that no terminal takes for a command, whatever input it quotes.
    package static func line(_ message: String) -> String {
        var result = ""
        for scalar in message.unicodeScalars {
            let isSpace = scalar == "\n" || scalar == "\t" || scalar == "\r"
            result.unicodeScalars.append(isSpace ? " " : SourceText.isRefused(scalar) ? "\u{FFFD}" : scalar)
        }
        return result
    }

    mutating func report(_ fault: TextFault, in scalar: Scalar) {
        report(fault.code, fault.message, at: scalar.location(atByte: fault.offset))
    }

    /// The findings by place: files in the order given, then line, then column; what has no place comes last.
    package func sorted(files: [String]) -> [Diagnostic] {
        var order: [String: Int] = [:]
        for (index, file) in files.enumerated() where order[file] == nil { order[file] = index }
        func key(_ diagnostic: Diagnostic) -> (Int, Int, Int) {
            guard let place = diagnostic.location else { return (.max, 0, 0) }
            return (order[place.file] ?? files.count, place.line, place.column)
        }
        return diagnostics.enumerated().sorted {
            let (a, b) = (key($0.element), key($1.element))
            return a == b ? $0.offset < $1.offset : a < b
        }.map(\.element)
    }
}
