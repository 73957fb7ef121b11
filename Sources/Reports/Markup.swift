/// Text for XML 1.0 and HTML; whatever comes from outside goes through `escaped`.
enum Markup {
    /// The text as content or as a quoted attribute value.
    ///
    /// Characters that XML does not allow (XML 1.0, "Char") and those that change the direction of what follows (Unicode
    /// Standard Annex 9, explicit formatting) become U+FFFD.
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            default: result.unicodeScalars.append(isAllowed(scalar) ? scalar : "\u{FFFD}")
            }
        }
        return result
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0xFFFE, 0xFFFF, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: false
        default: true
        }
    }

    /// The text cut in its middle so that it is at most so many characters long.
    static func shortened(_ text: String, to length: Int) -> String {
        guard text.count > length, length > 1 else { return text }
        let kept = length - 1
        return text.prefix((kept + 1) / 2) + "…" + text.suffix(kept / 2)
    }

    /// A length with at most one decimal.
    static func length(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }
}
