import PolicyFiles
import PolicyModel

/// What was found while reading a dialect, bounded, so that no file makes an endless report.
struct DialectFindings {
    private(set) var all: [DialectFinding] = []
    private var isFull = false

    /// Adds a finding; past the limit one more says that the rest is left out.
    mutating func report(
        _ severity: Diagnostic.Severity, _ code: String, _ message: String, at location: Diagnostic.Location?,
        effect: DialectFinding.Effect, rule: RuleID? = nil, related: [Diagnostic.Location] = []
    ) {
        guard !isFull else { return }
        guard all.count < Findings.maximumCount else {
            isFull = true
            all.append(
                DialectFinding(
                    Diagnostic(
                        .error, code: DiagnosticCode.tooManyFindings.rawValue,
                        "more than \(Findings.maximumCount) findings, the rest is left out"),
                    effect: .leftOut))
            return
        }
        let diagnostic = Diagnostic(
            severity, code: code, Findings.line(message), at: location, related: related)
        all.append(DialectFinding(diagnostic, effect: effect, rule: rule))
    }

    /// Adds a refusal: the API server or the service would not take what it concerns, so it is left out.
    mutating func report(_ refusal: Refusal, of what: String) {
        report(.error, refusal.code, "\(refusal.message); \(what) is left out", at: refusal.location, effect: .leftOut)
    }

    /// Adds what was found in text that could not be read: answers say nothing of it.
    mutating func add(_ findings: Findings) {
        for found in findings.diagnostics {
            report(
                found.severity, found.code, found.message, at: found.location,
                effect: found.severity == .error ? .leftOut : .none, related: found.related)
        }
    }

    /// The findings by place: files in the order given, then line, then column; what has no place comes last.
    func sorted(files: [String]) -> [DialectFinding] {
        var order: [String: Int] = [:]
        for (index, file) in files.enumerated() where order[file] == nil { order[file] = index }
        func key(_ finding: DialectFinding) -> (Int, Int, Int) {
            guard let place = finding.diagnostic.location else { return (.max, 0, 0) }
            return (order[place.file] ?? files.count, place.line, place.column)
        }
        return all.enumerated().sorted {
            let (a, b) = (key($0.element), key($1.element))
            return a == b ? $0.offset < $1.offset : a < b
        }.map(\.element)
    }
}

/// Why an object cannot be read as its kind.
struct Refusal: Error {
    /// A short stable name of the kind of finding.
    var code: String
    /// What was expected and what was got.
    var message: String
    /// Where.
    var location: Diagnostic.Location

    init(_ message: String, at location: Diagnostic.Location, code: String = "invalid-object") {
        self.code = code
        self.message = message
        self.location = location
    }
}
