/// A pattern over host names: `*` stands for any run of characters, also for none; case does not matter.
struct HostNamePattern {
    private let parts: [[UInt8]]

    /// Reads a pattern, or returns nil when its form is wrong.
    init?(_ text: String) {
        guard Self.isName(text.replacing("*", with: "a")) else { return nil }
        parts = text.lowercased().split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
    }

    /// Whether the text has the form of a host name: RFC 1123 §2.1, and `_` as some inventories have it.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy {
                        LabelByte.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                    }
            }
    }

    /// Whether the pattern covers the whole name; costs at most pattern × name.
    func matches(_ name: String) -> Bool {
        let bytes = Array(name.lowercased().utf8)
        guard let first = parts.first, let last = parts.last else { return false }
        guard parts.count > 1 else { return first == bytes }
        guard bytes.starts(with: first), bytes.count >= first.count + last.count, bytes.suffix(last.count) == last[...]
        else { return false }
        var position = first.count
        let end = bytes.count - last.count
        for part in parts.dropFirst().dropLast() {
            while position + part.count <= end, !bytes[position...].starts(with: part) { position += 1 }
            guard position + part.count <= end else { return false }
            position += part.count
        }
        return true
    }

    private enum LabelByte {
        static func isAlphanumeric(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
    }
}
