import PolicyModel

/// The bytes of one policy file, checked to be text that means what it shows.
package struct SourceText {
    /// How large one file may be.
    package static let maximumBytes = 4 << 20

    /// Stands for the ampersand while YAML is read, so that no anchor exists and an alias bomb cannot be built.
    ///
    /// A private use character, which the text itself may not hold.
    static let anchorMark: Unicode.Scalar = "\u{E000}"

    package let file: String
    /// The text with `anchorMark` for every `&`.
    let text: String
    /// The line of the file on which the text starts.
    let firstLine: Int

    /// Reads the bytes, or reports why they are no text and gives nil.
    package init?(_ source: PolicySource, maximumBytes: Int = Self.maximumBytes, findings: inout Findings) {
        file = source.name
        let start = Diagnostic.Location(file: source.name, line: 1, column: 1)
        guard source.bytes.count <= maximumBytes else {
            findings.report(.tooLarge, "expected at most \(maximumBytes) bytes in a file", at: start)
            return nil
        }
        var bytes = source.bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            let good = Self.validLength(bytes)
            let place = Self.place(after: String(decoding: bytes.prefix(good), as: UTF8.self), file: source.name)
            findings.report(.notUTF8, "expected UTF-8, got other bytes", at: place)
            return nil
        }
        var marked = ""
        marked.reserveCapacity(decoded.utf8.count)
        var place = start
        var isWell = true
        var previous: Unicode.Scalar?
        for scalar in decoded.unicodeScalars {
            if scalar != "\r", previous == "\r", scalar != "\n" {
                findings.report(.controlCharacter, "expected a line feed after a carriage return", at: place)
                isWell = false
            } else if Self.isRefused(scalar) {
                findings.report(
                    .controlCharacter, "expected text without hidden characters, got \(Self.name(scalar))", at: place)
                isWell = false
            }
            marked.unicodeScalars.append(scalar == "&" ? Self.anchorMark : scalar)
            if scalar == "\n" {
                place.line += 1
                place.column = 1
            } else {
                place.column += 1
            }
            previous = scalar
        }
        guard isWell else { return nil }
        text = marked
        firstLine = 1
    }

    private init(file: String, text: String, firstLine: Int) {
        self.file = file
        self.text = text
        self.firstLine = firstLine
    }

    /// The documents of a file one by one, so that a broken one does not hide the others.
    ///
    /// A line that starts with `---` and a space or nothing separates documents wherever it stands (YAML 1.2.2 §9.1.2).
    package var documents: [SourceText] {
        var parts: [SourceText] = []
        var start = text.startIndex
        var startLine = 1
        var line = 1
        var index = text.utf8.startIndex
        while index < text.utf8.endIndex {
            let rest = text.utf8[index...]
            let after = rest.dropFirst(3).first
            let isBlank = after == nil || after == 0x20 || after == 0x09 || after == 0x0A || after == 0x0D
            if rest.starts(with: [0x2D, 0x2D, 0x2D]), isBlank, index > start {
                parts.append(SourceText(file: file, text: String(text[start..<index]), firstLine: startLine))
                start = index
                startLine = line
            }
            guard let end = rest.firstIndex(of: 0x0A) else { break }
            index = text.utf8.index(after: end)
            line += 1
        }
        parts.append(SourceText(file: file, text: String(text[start...]), firstLine: startLine))
        return parts
    }

    /// The text as it was written, with ampersands again.
    static func restored(_ text: String) -> String {
        // The first byte of `anchorMark` in UTF-8; most text has none.
        guard text.utf8.contains(0xEE) else { return text }
        var result = ""
        for scalar in text.unicodeScalars { result.unicodeScalars.append(scalar == anchorMark ? "&" : scalar) }
        return result
    }

    /// Characters that a reader does not see, or sees elsewhere than they stand: controls, line breaks that only YAML
    /// 1.1 knows, direction overrides (Unicode TR #36 §2.2), byte order marks inside, private use.
    package static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: false
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xE000...0xF8FF,
            0xFEFF, 0xFFF0...0xFFFF, 0xE0000...0x10FFFF:
            true
        default: false
        }
    }

    static func name(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func validLength(_ bytes: ArraySlice<UInt8>) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var length = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { length += UTF8.width(scalar) }
        return length
    }

    private static func place(after text: String, file: String) -> Diagnostic.Location {
        var place = Diagnostic.Location(file: file, line: 1, column: 1)
        for scalar in text.unicodeScalars {
            place.column = scalar == "\n" ? 1 : place.column + 1
            if scalar == "\n" { place.line += 1 }
        }
        return place
    }
}
