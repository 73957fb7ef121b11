import PolicyModel

/// Text of others as findings quote it: on one line, without what a terminal takes for a command, at most 80 characters.
func quoted(_ text: some StringProtocol) -> String {
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
        guard count < 80 else {
            result += "…"
            break
        }
        let isPlain: Bool
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
            isPlain = false
        default: isPlain = scalar != "`"
        }
        result.unicodeScalars.append(isPlain ? scalar : "\u{FFFD}")
        count += 1
    }
    return "`\(result)`"
}

/// What was found in one file, bounded, so that no file makes an endless report.
struct TailscaleFindings {
    /// How many findings one file may make.
    static let maximumCount = 1_000

    let file: String
    private(set) var found: [DialectFinding] = []
    private(set) var hasErrors = false

    init(file: String) { self.file = file }

    func location(_ place: HuJSONPlace) -> Diagnostic.Location {
        Diagnostic.Location(file: file, line: place.line, column: place.column)
    }

    /// Something that makes the file useless.
    mutating func refuse(_ code: String, _ message: String, at place: HuJSONPlace) {
        hasErrors = true
        add(Diagnostic(.error, code: code, message, at: location(place)), .leftOut, nil)
    }

    /// Something that the file does not make useless.
    mutating func note(
        _ code: String, _ message: String, at place: HuJSONPlace?, effect: DialectFinding.Effect, rule: RuleID? = nil
    ) {
        add(Diagnostic(.warning, code: code, message, at: place.map(location)), effect, rule)
    }

    private mutating func add(_ diagnostic: Diagnostic, _ effect: DialectFinding.Effect, _ rule: RuleID?) {
        if found.count < Self.maximumCount {
            found.append(DialectFinding(diagnostic, effect: effect, rule: rule))
        } else if found.count == Self.maximumCount {
            let full = Diagnostic(
                .warning, code: "too-many-findings", "more than \(Self.maximumCount) findings, the rest is left out")
            found.append(DialectFinding(full, effect: .leftOut))
        }
    }

    /// The tree of a file, or nil when it is no HuJSON.
    mutating func parse(_ bytes: [UInt8], maximumBytes: Int) -> HuJSONNode? {
        do throws(HuJSONFault) {
            let (root, duplicates) = try HuJSONParser.parse(bytes, maximumBytes: maximumBytes)
            for fault in duplicates { refuse(fault.code, fault.message, at: fault.place) }
            return root
        } catch {
            refuse(error.code, error.message, at: error.place)
            return nil
        }
    }
}
