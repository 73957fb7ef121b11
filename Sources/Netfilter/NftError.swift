/// A transaction that libnftables or the kernel refused; nothing of it was applied.
public struct NftError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first complaint, without its place.
    public let message: String
    /// The line of the text that it is about, from 1; nil when it has no place.
    public let line: Int?
    /// The column where that part begins, from 1.
    public let column: Int?
    /// Everything that libnftables said.
    public let report: String

    init(report: String) {
        self.report = report
        let first = report.split(separator: "\n").first { $0.contains("Error: ") } ?? "unknown error"
        var message = String(first)
        var place: (line: Int, column: Int)?
        if let found = first.range(of: "Error: ") {
            message = String(first[found.upperBound...])
            place = Self.place(first[..<found.lowerBound])
        }
        self.message = message
        line = place?.line
        column = place?.column
    }

    /// Reads `file:3:10-14: `, as libnftables 1.0 writes a place; line 0 stands for none.
    private static func place(_ text: Substring) -> (line: Int, column: Int)? {
        let parts = text.split(separator: ":")
        guard parts.count >= 3, let line = Int(parts[1]), line > 0,
            let column = parts[2].split(separator: "-").first.flatMap({ Int($0) })
        else { return nil }
        return (line, column)
    }

    /// The complaint with its place.
    public var description: String {
        guard let line, let column else { return "nftables: \(message)" }
        return "nftables, line \(line), column \(column): \(message)"
    }
}

extension Substring {
    /// The first place where `text` occurs.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
