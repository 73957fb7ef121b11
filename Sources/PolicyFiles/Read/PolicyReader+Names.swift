import NetworkTypes
import PolicyModel

extension PolicyReader {
    /// What a name is for; it decides the form.
    enum NameKind {
        /// Of a workload: also `/`, at most 253 bytes, so that `namespace/pod` and host names will do.
        case workload
        /// Of a ruleset, rule, guardrail, exception, quarantine, label rule, essential rule.
        case rule(String)
        /// Of a service, an address set or a port: starts with a letter, so that it reads as no number or address.
        case word(String)
        /// Of a test: any line of text.
        case title
        /// Of a fact, such as `posture.disk-encrypted`.
        case condition

        var what: String {
            switch self {
            case .workload: "the name of a workload"
            case .rule(let what), .word(let what): "the name of \(what)"
            case .title: "the name of a test"
            case .condition: "the name of a fact"
            }
        }

        var form: String {
            switch self {
            case .workload: "letters, digits and `_ . - /`, starting with a letter or digit, at most 253"
            case .rule, .condition: "letters, digits and `_ . -`, starting with a letter or digit, at most 128"
            case .word: "letters, digits and `_ . -`, starting with a letter, at most 128"
            case .title: "one line of at most 200 characters without space at its ends"
            }
        }

        func accepts(_ text: String) -> Bool {
            switch self {
            case .title:
                return !text.isEmpty && text.count <= 200 && text.first != " " && text.last != " "
                    && !text.contains { $0.isNewline || $0 == "\t" }
            case .workload, .rule, .word, .condition: break
            }
            let bytes = text.utf8
            guard let first = bytes.first else { return false }
            let isLetter = (65...90).contains(first) || (97...122).contains(first)
            let isDigit = (48...57).contains(first)
            var limit = 128
            var marks: [UInt8] = [0x5F, 0x2E, 0x2D]
            var mayStartWithDigit = true
            switch self {
            case .workload:
                limit = 253
                marks.append(0x2F)
            case .word: mayStartWithDigit = false
            case .rule, .condition, .title: break
            }
            return bytes.count <= limit && (isLetter || (isDigit && mayStartWithDigit))
                && bytes.allSatisfy {
                    (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || marks.contains($0)
                }
        }
    }

    /// A name of the right form, or nil after reporting.
    mutating func name(_ tree: Tree?, _ kind: NameKind) -> Scalar? {
        guard let tree, let scalar = scalar(tree, kind.what) else { return nil }
        return name(scalar, kind) ? scalar : nil
    }

    /// Whether the text is a name of that kind; if not, it is reported.
    mutating func name(_ scalar: Scalar, _ kind: NameKind) -> Bool {
        if case .title = kind {} else if !checkASCII(scalar, what: kind.what) { return false }
        guard kind.accepts(scalar.text) else {
            findings.report(
                .invalidName, "expected \(kind.what): \(kind.form); got `\(scalar.text.prefix(60))`",
                at: scalar.location)
            return false
        }
        if case .workload = kind, IPAddress(scalar.text) != nil || AddressRange(scalar.text) != nil {
            findings.report(
                .reservedName, "expected \(kind.what), got `\(scalar.text)`, which reads as an address",
                at: scalar.location)
            return false
        }
        return true
    }

    /// Whether the text is ASCII; a letter that only looks like one is reported by its number.
    mutating func checkASCII(_ scalar: Scalar, what: String) -> Bool {
        var offset = 0
        for character in scalar.text.unicodeScalars {
            if !character.isASCII {
                findings.report(
                    .lookAlike,
                    "expected \(what) in ASCII, got \(SourceText.name(character)) in `\(scalar.text.prefix(60))`",
                    at: scalar.location(atByte: offset))
                return false
            }
            offset += UTF8.width(character)
        }
        return true
    }

    /// Takes the name if nobody has it yet.
    mutating func claim(_ scalar: Scalar, _ what: String, in names: inout [String: Diagnostic.Location]) -> Bool {
        if let first = names[scalar.text] {
            findings.report(
                .duplicateName, "expected each name once, got \(what) `\(scalar.text.prefix(60))` again",
                at: scalar.location, related: [first])
            return false
        }
        names[scalar.text] = scalar.location
        return true
    }

    /// Takes the name of a ruleset, guardrail or quarantine, which share one space and leave the policy's own words.
    mutating func claimGroup(_ scalar: Scalar, _ what: String) -> Bool {
        guard !PolicyFormat.reservedRulesets.contains(scalar.text) else {
            findings.report(
                .reservedName, "expected another name for this \(what), got `\(scalar.text)`, which policy itself uses",
                at: scalar.location)
            return false
        }
        var names = groupNames
        defer { groupNames = names }
        return claim(scalar, what, in: &names)
    }
}
