import Foundation
import GRDB

/// What tells a file again under another name, compressed, or grown: its first line, its length and its content.
struct FileIdentity {
    /// The fingerprint of the first line, and of the observation point that the caller names.
    var head: Fingerprint
    /// The length after unpacking, in bytes.
    var length: Int
    /// The fingerprint of everything.
    var content: Fingerprint
    /// The row of the file in the store, when its head is known.
    var known: Known?

    /// What finds an observation.
    struct Tail: Hashable {
        /// When it began, as its line said.
        var start: Int64
        var fingerprint: Fingerprint
    }

    struct Known {
        var id: Int64
        var point: Int64?
        /// The observation from a last line without line feed.
        var tail: Tail?
        /// Whether the file begins with everything that was imported, and whether that is all.
        var isPrefix: Bool
        var isSame: Bool
    }

    /// Reads the whole source once.
    init(_ source: ByteSource, hasher: SipHash, namedPoint: String?, _ db: Database) throws {
        var headHash = hasher
        headHash.combine(namedPoint ?? "")
        var all = hasher
        var hasHead = false
        var row: Row?
        var prefix: Fingerprint?
        func lookUp() throws {
            hasHead = true
            row = try Row.fetchOne(
                db, sql: "SELECT id, content, bytes, point, tail, tail_start FROM file WHERE head = ?",
                arguments: [headHash.digest.data])
        }
        try source.read { piece in
            var rest = piece[...]
            if !hasHead {
                let end = rest.firstIndex(of: 0x0A)
                headHash.combine(UnsafeRawBufferPointer(rebasing: rest[..<(end ?? rest.endIndex)]))
                if end != nil || headHash.count > 1 << 20 { try lookUp() }
            }
            // The fingerprint of the part that an earlier import has seen.
            if prefix == nil, let bytes: Int = row?["bytes"], bytes >= all.count, bytes - all.count <= rest.count {
                let cut = rest.startIndex + (bytes - all.count)
                all.combine(UnsafeRawBufferPointer(rebasing: rest[..<cut]))
                prefix = all.digest
                rest = rest[cut...]
            }
            all.combine(UnsafeRawBufferPointer(rebasing: rest))
        }
        if !hasHead { try lookUp() }
        // A file of one unfinished line has its head at the very end.
        if prefix == nil, row?["bytes"] == all.count { prefix = all.digest }
        head = headHash.digest
        length = all.count
        content = all.digest
        if let row {
            let isPrefix = prefix?.data == row["content"]
            known = Known(
                id: row["id"], point: row["point"], tail: Self.tail(row), isPrefix: isPrefix,
                isSame: isPrefix && row["bytes"] == length)
        }
    }

    private static func tail(_ row: Row) -> Tail? {
        guard let start: Int64 = row["tail_start"], let data: Data = row["tail"],
            let fingerprint = Fingerprint(data)
        else { return nil }
        return Tail(start: start, fingerprint: fingerprint)
    }
}
