import Flows

/// Reads Zeek's tab-separated logs.
///
/// A header may come again at any line; each holds until the next.
struct ZeekTSVReader {
    private enum Header {
        /// No `#fields` yet, or one that cannot be understood.
        case missing
        /// A log of another stream, by name.
        case otherStream(String)
        /// The field of each column, nil where it is not read.
        case conn([ZeekField?])
    }

    private var conn = ZeekConn()
    private var header = Header.missing
    private var separator = UInt8(ascii: "\t")
    private var unset = Array("-".utf8)
    private var empty = Array("(empty)".utf8)
    private var path: String?

    /// Whether lines that do not begin with `#` belong to this reader.
    private(set) var isActive = false

    /// Reads a line that begins with `#`.
    mutating func readHeader(_ line: ByteView) throws(RefusalReason) -> LineOutcome {
        if line.starts(with: "#separator") {
            // A new log begins, whatever came before.
            self = ZeekTSVReader()
            isActive = true
            guard let byte = Self.separator(line) else { throw .badHeader }
            separator = byte
            return .header
        }
        var parts = split(line)
        guard let first = parts.first else { return .comment }
        parts.removeFirst()
        if first.equals("#fields") {
            isActive = true
            header = .missing
            try readFields(parts)
        } else if first.equals("#path") {
            guard let name = parts.first, name.count <= DecodeLimits.textLength, let text = name.text else {
                throw .badHeader
            }
            path = text
        } else if first.equals("#unset_field") {
            unset = parts.first.map { Array($0) } ?? []
        } else if first.equals("#empty_field") {
            empty = parts.first.map { Array($0) } ?? []
        } else if first.equals("#types") || first.equals("#set_separator") || first.equals("#open")
            || first.equals("#close")
        {
            return .header
        } else {
            return .comment
        }
        return .header
    }

    private mutating func readFields(_ names: [ByteView]) throws(RefusalReason) {
        guard !names.isEmpty, names.count <= DecodeLimits.columns else { throw .badHeader }
        let columns = names.map { ZeekField(name: $0) }
        var seen: UInt32 = 0
        for field in columns.compactMap({ $0 }) {
            guard seen & 1 << UInt32(field.rawValue) == 0 else { throw .duplicateKey }
            seen |= 1 << UInt32(field.rawValue)
        }
        if let path, path != "conn" {
            header = .otherStream(path)
        } else if path == nil, !columns.contains(where: { $0?.connOnly ?? false }) {
            header = .otherStream("unnamed")
        } else {
            header = .conn(columns)
        }
    }

    mutating func readRow(_ line: ByteView) throws(RefusalReason) -> LineOutcome {
        switch header {
        case .missing: throw .noHeader
        case .otherStream(let name): return .otherStream(name)
        case .conn(let columns): return try readRow(line, columns)
        }
    }

    private mutating func readRow(_ line: ByteView, _ columns: [ZeekField?]) throws(RefusalReason) -> LineOutcome {
        var row = ZeekRow()
        var column = 0
        var start = line.startIndex
        while true {
            var end = start
            while end < line.endIndex, line[end] != separator { end &+= 1 }
            guard column < columns.count else { throw .wrongFieldCount }
            if let field = columns[column] {
                let value = line.from(start, to: end)
                if !value.equals(unset), !value.equals(empty) { row.set(field, value) }
            }
            column += 1
            if end == line.endIndex { break }
            start = end &+ 1
        }
        guard column == columns.count else { throw .wrongFieldCount }
        if let stream = try row.text(.stream), stream != "conn" { return .otherStream(stream) }
        return .record(try conn.record(row))
    }

    private func split(_ line: ByteView) -> [ByteView] {
        line.split(separator: separator, maxSplits: DecodeLimits.columns, omittingEmptySubsequences: false)
    }

    /// The byte of `#separator \x09`; a separator of several bytes is not understood.
    private static func separator(_ line: ByteView) -> UInt8? {
        let value = line.from(line.startIndex + 11, to: line.endIndex)
        if value.count == 1 { return value[value.startIndex] }
        guard value.count == 4, value.starts(with: "\\x") else { return nil }
        var byte: UInt8 = 0
        for offset in 2..<4 {
            let digit = value[value.startIndex + offset]
            switch digit {
            case 48...57: byte = byte << 4 | (digit &- 48)
            case 65...70: byte = byte << 4 | (digit &- 55)
            case 97...102: byte = byte << 4 | (digit &- 87)
            default: return nil
            }
        }
        return byte
    }
}
