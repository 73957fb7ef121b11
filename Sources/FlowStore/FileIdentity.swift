import Foundation
import GRDB

/// What tells a file again under another name, compressed, or grown: its content after unpacking, and how it began when
/// it was shorter.
struct FileIdentity {
    /// The fingerprint of the first `headLength` bytes; nil for a shorter file.
    private(set) var head: Fingerprint?
    /// The length after unpacking, in bytes.
    private(set) var length: Int
    /// The fingerprint of everything.
    private(set) var content: Fingerprint
    /// The longest file of the store that this one begins with, which is what it was before it grew.
    private(set) var known: Known?

    /// What finds an observation.
    struct Tail: Hashable {
        /// When it began, as its line said.
        var start: Int64
        var fingerprint: Fingerprint
    }

    struct Known {
        var id: Int64
        var point: Int32?
        /// The observation from a last line without line feed.
        var tail: Tail?
        /// Whether it is the whole of this one.
        var isSame: Bool
    }

    /// So many bytes find the files that may have been this one.
    ///
    /// Logs of one kind share their header lines, some hundred bytes; 4 KiB reach well into the records.
    static let headLength = 4096

    /// Reads the whole source once.
    ///
    /// Everything is hashed by `hasher`, which holds the observation point that the caller names: the same bytes from
    /// another point are another file.
    init(_ source: ByteSource, hasher: SipHash, _ db: Database) throws {
        var prefixes = Prefixes(hasher)
        // Files that were shorter than a head are told by their content at each length that one of them had.
        prefixes.expect(
            try Int.fetchSet(db, sql: "SELECT DISTINCT bytes FROM file WHERE bytes < ?", arguments: [Self.headLength]))
        prefixes.expect([Self.headLength])
        try source.readUnpacked { piece in
            let isHeadNew = prefixes.digests[Self.headLength] == nil
            let cut = min(piece.count, max(0, Self.headLength - prefixes.count))
            prefixes.combine(UnsafeRawBufferPointer(rebasing: piece[..<cut]))
            if isHeadNew, let head = prefixes.digests[Self.headLength] {
                prefixes.expect(
                    try Int.fetchSet(db, sql: "SELECT bytes FROM file WHERE head = ?", arguments: [head.data]))
            }
            prefixes.combine(UnsafeRawBufferPointer(rebasing: piece[cut...]))
        }
        head = prefixes.digests[Self.headLength]
        length = prefixes.count
        content = prefixes.digest
        for (length, digest) in prefixes.digests.sorted(by: { $0.key > $1.key }) where known == nil {
            // Every file begins with an empty one.
            guard length > 0 || self.length == 0 else { continue }
            let row = try Row.fetchOne(
                db, sql: "SELECT id, point, tail, tail_start FROM file WHERE bytes = ? AND content = ?",
                arguments: [length, digest.data])
            guard let row else { continue }
            known = Known(
                id: row["id"], point: (row["point"] as Int64?).flatMap { Int32(exactly: $0) }, tail: Self.tail(row),
                isSame: length == self.length)
        }
    }

    private static func tail(_ row: Row) -> Tail? {
        guard let start: Int64 = row["tail_start"], let data: Data = row["tail"],
            let fingerprint = Fingerprint(data)
        else { return nil }
        return Tail(start: start, fingerprint: fingerprint)
    }

    /// Hashes bytes, and remembers the fingerprints at some lengths.
    private struct Prefixes {
        private(set) var digests: [Int: Fingerprint] = [:]
        private var hash: SipHash
        /// What the hash had taken before the first byte.
        private let base: Int
        /// Lengths that are still to come, the nearest last.
        private var awaited: [Int] = []

        init(_ hasher: SipHash) { (hash, base) = (hasher, hasher.count) }

        var count: Int { hash.count - base }
        var digest: Fingerprint { hash.digest }

        mutating func expect(_ lengths: Set<Int>) {
            awaited = lengths.union(awaited).filter { $0 >= count }.sorted(by: >)
            note()
        }

        mutating func combine(_ bytes: UnsafeRawBufferPointer) {
            var rest = bytes[...]
            while let next = awaited.last, next - count <= rest.count {
                let cut = rest.startIndex + (next - count)
                hash.combine(UnsafeRawBufferPointer(rebasing: rest[..<cut]))
                rest = rest[cut...]
                note()
            }
            hash.combine(UnsafeRawBufferPointer(rebasing: rest))
        }

        private mutating func note() {
            guard awaited.last == count else { return }
            awaited.removeLast()
            digests[count] = hash.digest
        }
    }
}
