import NetworkTypes
import PolicyModel

/// What rules inherit from their file, ruleset, guardrail or quarantine unless they say it themselves.
struct DocumentationDefaults {
    var owner: String?
    var ticket: String?
    var review: Instant?
}

extension PolicyReader {
    /// The inherited parts of documentation as the record states them, over those of what it stands in.
    mutating func defaults(in record: Record, over outer: DocumentationDefaults) -> DocumentationDefaults {
        var result = outer
        if let owner = text(record["owner"], "an owner") { result.owner = owner }
        if let ticket = text(record["ticket"], "a ticket") { result.ticket = ticket }
        if let tree = record["review"], let scalar = scalar(tree, "a date") {
            do throws(TextFault) {
                let review = try TimeText.date(scalar.text)
                result.review = review
                if review <= now {
                    findings.report(
                        .reviewDue, "the review of \(scalar.text) is due", at: scalar.location)
                }
            } catch {
                findings.report(error, in: scalar)
            }
        }
        return result
    }

    /// Why something exists; its owner may be inherited, its reason never.
    mutating func documentation(_ record: Record, _ outer: DocumentationDefaults) -> Documentation {
        let own = defaults(in: record, over: outer)
        if own.owner == nil, record["owner"] == nil {
            findings.report(
                .missingOwner, "expected `owner` in \(record.shape.article), or around it", at: record.location)
        }
        let reason = text(record["reason"], "a reason")
        return Documentation(
            owner: own.owner ?? "", reason: reason ?? "", ticket: own.ticket, review: own.review)
    }

    /// Text for people: not blank, at most 2,000 characters.
    mutating func text(_ tree: Tree?, _ what: String) -> String? {
        guard let tree, let scalar = scalar(tree, what) else { return nil }
        let isBlank = scalar.text.allSatisfy(\.isWhitespace)
        guard !isBlank, scalar.text.count <= 2_000 else {
            let got = isBlank ? "blanks" : "\(scalar.text.count) characters"
            findings.report(
                .invalidText, "expected \(what) of at most 2000 characters, got \(got)", at: scalar.location)
            return nil
        }
        var lines = scalar.text[...]
        while lines.last?.isNewline == true { lines = lines.dropLast() }
        return String(lines)
    }

    /// When something is in force; `validUntil` that lies behind is worth a look.
    mutating func validity(_ record: Record) -> Validity {
        var validity = Validity.always
        if let from = instant(record["validFrom"]) { validity.from = from.value }
        if let until = instant(record["validUntil"]) {
            validity.until = until.value
            if let from = validity.from, from >= until.value {
                findings.report(
                    .reversedRange, "expected `validUntil` after `validFrom`, got `\(until.scalar.text)`",
                    at: until.scalar.location)
            } else if until.value <= now {
                findings.report(
                    .expired, "\(record.shape.article) has expired at \(until.scalar.text)", at: until.scalar.location)
            }
        }
        return validity
    }

    /// A point in time with its text.
    mutating func instant(_ tree: Tree?) -> (value: Instant, scalar: Scalar)? {
        guard let tree, let scalar = scalar(tree, "a time such as `2027-01-31T18:00:00Z`") else { return nil }
        do throws(TextFault) {
            return (try TimeText.instant(scalar.text), scalar)
        } catch {
            findings.report(error, in: scalar)
            return nil
        }
    }
}
