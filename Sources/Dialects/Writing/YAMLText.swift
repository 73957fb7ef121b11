/// YAML as it is written: block style, in the order given, quoted wherever a reader could take text for something else.
///
/// What is quoted follows both YAML 1.1 and 1.2 core schemas, since readers of Kubernetes manifests use the one and those
/// of policy files neither.
indirect enum YAMLText: Hashable, Sendable {
    /// Text, whatever it looks like.
    case text(String)
    /// A number or a boolean.
    case plain(String)
    /// A list.
    case list([YAMLText])
    /// A mapping; keys are text.
    case map([Entry])

    /// A key with its value.
    struct Entry: Hashable, Sendable {
        let key: String
        let value: YAMLText

        init(_ key: String, _ value: YAMLText) {
            self.key = key
            self.value = value
        }
    }

    /// A document, with a line feed at its end.
    var document: String { block(0, continued: false).map { $0 + "\n" }.joined() }

    /// Lines of a comment; characters that a reader does not see are shown as U+FFFD.
    static func comment(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in "#" + (line.isEmpty ? "" : " ") + visible(String(line)) + "\n" }.joined()
    }

    /// Text whose hidden characters are shown as U+FFFD, with line feeds kept.
    static func visible(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(isHidden(scalar) && scalar != "\n" ? "\u{FFFD}" : scalar)
        }
        return result
    }

    private var isLeaf: Bool {
        switch self {
        case .text, .plain: true
        case .list(let items): items.isEmpty || inline != nil
        case .map(let entries): entries.isEmpty
        }
    }

    /// The value on one line, where it is short enough to be read there.
    private var inline: String? {
        switch self {
        case .text(let text): return Self.scalar(text, inFlow: false)
        case .plain(let text): return text
        case .map(let entries): return entries.isEmpty ? "{}" : nil
        case .list(let items):
            var texts: [String] = []
            for item in items {
                switch item {
                case .text(let text): texts.append(Self.scalar(text, inFlow: true))
                case .plain(let text): texts.append(text)
                case .list, .map: return nil
                }
            }
            let line = "[\(texts.joined(separator: ", "))]"
            return line.utf8.count <= 80 ? line : nil
        }
    }

    private func block(_ indent: Int, continued: Bool) -> [String] {
        let space = String(repeating: " ", count: indent)
        switch self {
        case .text, .plain: return [space + (inline ?? "")]
        case .list(let items):
            if items.isEmpty { return [space + "[]"] }
            return items.flatMap { item -> [String] in
                if let line = item.inline { return ["\(space)- \(line)"] }
                var lines = item.block(indent + 2, continued: true)
                if let first = lines.first { lines[0] = "\(space)- \(first.dropFirst(indent + 2))" }
                return lines
            }
        case .map(let entries):
            if entries.isEmpty { return [space + "{}"] }
            return entries.flatMap { entry -> [String] in
                let key = space + Self.scalar(entry.key, inFlow: true) + ":"
                if let line = entry.value.inline { return ["\(key) \(line)"] }
                return [key] + entry.value.block(indent + 2, continued: false)
            }
        }
    }

    /// Text as a scalar: plain where no reader takes it for anything else.
    static func scalar(_ text: String, inFlow: Bool) -> String {
        isPlain(text, inFlow: inFlow) ? text : quoted(text)
    }

    private static func isPlain(_ text: String, inFlow: Bool) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, last != 0x20, bytes.count <= 4_096 else { return false }
        if isAddressLike(bytes) { return true }
        guard isLetter(first) || first == UInt8(ascii: "_") || first == UInt8(ascii: "/") else { return false }
        if words.contains(text.lowercased()) { return false }
        for byte in bytes {
            let isSafe = isLetter(byte) || isDigit(byte) || "_-./".utf8.contains(byte)
            if isSafe { continue }
            // In block context these mean nothing inside a scalar; `: ` and ` #` do, and are left out.
            guard !inFlow, " =!(),+".utf8.contains(byte) else { return false }
        }
        return true
    }

    /// What YAML 1.1 (yaml.org/type) or the core schema of 1.2 (§10.3.2) reads as a boolean or nothing.
    private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

    /// An IPv4 address, prefix or range: three dots at least, so no number, and no date.
    private static func isAddressLike(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, isDigit(first), bytes.count <= 40 else { return false }
        return bytes.filter { $0 == UInt8(ascii: ".") }.count >= 3
            && bytes.allSatisfy { isDigit($0) || "./-".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default:
                if isHidden(scalar) {
                    let digits = String(scalar.value, radix: 16, uppercase: true)
                    let width = scalar.value > 0xFFFF ? 8 : 4
                    let zeros = String(repeating: "0", count: max(0, width - digits.count))
                    result += (width == 8 ? "\\U" : "\\u") + zeros + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// Controls, line breaks of YAML 1.1, direction overrides and marks without a shape, private use.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xE000...0xF8FF,
            0xFEFF, 0xFFF0...0xFFFC, 0xFFFE, 0xFFFF, 0xE0000...0x10FFFF:
            true
        default: false
        }
    }
}
