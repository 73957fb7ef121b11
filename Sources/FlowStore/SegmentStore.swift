import Foundation
import GRDB

/// How much of the segments is in one place; others than these are for tests.
package struct SegmentLimits: Sendable {
    /// So many observations a segment takes: one is read, and written again after a change, in a few milliseconds.
    let capacity: Int
    /// So many segments stay in memory: some 200 MB.
    let loaded: Int
    /// So many segments are looked at one by one before they are sorted among the others.
    let recent: Int

    /// Makes limits.
    package init(capacity: Int = 16_384, loaded: Int = 32, recent: Int = 16) {
        (self.capacity, self.loaded, self.recent) = (capacity, loaded, recent)
    }
}

/// The segments of a store that an import reads and changes; those that it needs are in memory, others are not.
final class SegmentStore {
    /// What is known of a segment without reading it.
    private struct Entry {
        let id: Int64
        var span: Segment.Span
        /// The greatest `lastUntil` of this and all entries before it.
        var reach = Int64.min
    }

    /// Connections that may go on for longer than an hour, in nanoseconds, stand apart: few segments then span much time.
    private static let long: Int64 = 3_600_000_000_000

    private let db: Database
    private let limits: SegmentLimits
    private let find, update: Statement
    /// All segments but the recent ones, by their first start.
    private var entries: [Entry] = []
    private var loaded: [Int64: Segment] = [:]
    /// Those that are being filled, or whose span has grown.
    private var recent: [Segment] = []
    /// The segment that is being filled, of short and of long connections.
    private var open: (short: Segment?, long: Segment?)
    private var clock = 0

    init(_ db: Database, _ limits: SegmentLimits) throws {
        self.db = db
        self.limits = limits
        find = try db.makeStatement(sql: "SELECT data FROM segment WHERE id = ?")
        update = try db.makeStatement(
            sql: """
                UPDATE segment SET first_start = ?, last_start = ?, last_until = ?, observations = ?, connections = ?,
                seen_twice = ?, is_full = ?, data = ? WHERE id = ?
                """)
        let rows = try Row.fetchCursor(db, sql: "SELECT id, first_start, last_start, last_until FROM segment")
        while let row = try rows.next() {
            entries.append(
                Entry(id: row[0], span: Segment.Span(firstStart: row[1], lastStart: row[2], lastUntil: row[3])))
        }
        sort()
    }

    private func isFull(_ segment: Segment) -> Bool { segment.entries.count >= limits.capacity }

    private func sort() {
        entries.sort {
            $0.span.firstStart == $1.span.firstStart ? $0.id < $1.id : $0.span.firstStart < $1.span.firstStart
        }
        var reach = Int64.min
        for index in entries.indices {
            reach = max(reach, entries[index].span.lastUntil)
            entries[index].reach = reach
        }
    }

    /// Looks at the segments that may hold connections which began at `latest` or before and go on until `earliest` or
    /// after, while `body` says so.
    ///
    /// A segment is good until the next one is asked for: then it may have left memory.
    func forEach(from earliest: Int64, to latest: Int64, _ body: (Segment) -> Bool) throws {
        for segment in recent where segment.span.firstStart <= latest && segment.span.lastUntil >= earliest {
            guard body(segment) else { return }
        }
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].span.firstStart <= latest { low = middle + 1 } else { high = middle }
        }
        var index = low - 1
        while index >= 0, entries[index].reach >= earliest {
            if entries[index].span.lastUntil >= earliest {
                guard body(try segment(entries[index].id)) else { return }
            }
            index -= 1
        }
    }

    /// The segments with connections that began in one of the hours.
    func forEachSegment(startingIn hours: [Int64], _ body: (Segment) throws -> Void) throws {
        let sorted = hours.sorted()
        func isMet(_ span: Segment.Span) -> Bool {
            guard span.firstStart <= span.lastStart else { return false }
            let (first, last) = (Observation.hour(span.firstStart), Observation.hour(span.lastStart))
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < first { low = middle + 1 } else { high = middle }
            }
            return low < sorted.count && sorted[low] <= last
        }
        for segment in recent where isMet(segment.span) { try body(segment) }
        for entry in entries where isMet(entry.span) { try body(try segment(entry.id)) }
    }

    func segment(_ id: Int64) throws -> Segment {
        clock += 1
        if let known = loaded[id] {
            known.used = clock
            return known
        }
        guard let row = try Row.fetchOne(find, arguments: [id]), let segment = try Self.read(id, row, isIndexed: true)
        else {
            throw FlowStoreError(.database, "the store has no segment \(id)")
        }
        segment.used = clock
        try add(segment)
        return segment
    }

    /// Reads the first column of a row.
    static func read(_ id: Int64, _ row: Row, isIndexed: Bool) throws -> Segment? {
        try row.withUnsafeData(atIndex: 0) { data in
            guard let data else { return nil }
            guard let segment = data.withUnsafeBytes({ Segment(id: id, encoded: $0, isIndexed: isIndexed) }) else {
                throw FlowStoreError(.database, "the store holds a segment that is not one")
            }
            return segment
        }
    }

    private func add(_ segment: Segment) throws {
        loaded[segment.id] = segment
        guard loaded.count > limits.loaded else { return }
        let kept = Set(recent.map(\.id) + [segment.id])
        // A quarter at once, so that the search for the oldest is seldom.
        for old in loaded.values.filter({ !kept.contains($0.id) }).sorted(by: { $0.used < $1.used })
            .prefix(max(1, limits.loaded / 4))
        {
            if old.isChanged { try write(old) }
            loaded[old.id] = nil
        }
    }

    /// The segment that takes a new connection.
    func segment(for report: Observation) throws -> Segment {
        let isLong = report.until - report.start > Self.long || report.until < report.start
        if let known = isLong ? open.long : open.short, !isFull(known) { return known }
        let row = try Int64.fetchOne(
            db, sql: "SELECT id FROM segment WHERE is_full = 0 AND is_long = ? ORDER BY id DESC LIMIT 1",
            arguments: [isLong])
        var next = try row.map { try segment($0) }
        if next.map(isFull) ?? true {
            try db.execute(
                sql: """
                    INSERT INTO segment (first_start, last_start, last_until, observations, connections, seen_twice, is_full,
                    is_long, data) VALUES (0, 0, 0, 0, 0, 0, 0, ?, x'')
                    """, arguments: [isLong])
            let made = Segment(id: db.lastInsertedRowID, capacity: limits.capacity)
            clock += 1
            made.used = clock
            try add(made)
            next = made
        }
        guard let next else { throw FlowStoreError(.database, "the store takes no segment") }
        if isLong { open.long = next } else { open.short = next }
        entries.removeAll { $0.id == next.id }
        try makeRecent(next)
        return next
    }

    /// Says that a segment has changed, and may span more time than before.
    func changed(_ segment: Segment, from before: Segment.Span) throws {
        let after = segment.span
        if after.firstStart >= before.firstStart, after.lastStart <= before.lastStart,
            after.lastUntil <= before.lastUntil
        {
            return
        }
        if !recent.contains(where: { $0 === segment }) {
            entries.removeAll { $0.id == segment.id }
            try makeRecent(segment)
        }
    }

    private func makeRecent(_ segment: Segment) throws {
        if !recent.contains(where: { $0 === segment }) { recent.append(segment) }
        guard recent.count > limits.recent else { return }
        for old in recent where old !== open.short && old !== open.long {
            entries.append(Entry(id: old.id, span: old.span))
        }
        recent.removeAll { $0 !== open.short && $0 !== open.long }
        sort()
        // What is full will hardly change again.
        for old in loaded.values where old.isChanged && isFull(old) { try write(old) }
    }

    private func write(_ segment: Segment) throws {
        var connections = 0
        var seenTwice = 0
        segment.forEachConnection { number, connection, _ in
            connections += 1
            if segment.entries[Int(connection.last)].previous >= 0, segment.points(of: number).count > 1 {
                seenTwice += 1
            }
        }
        try update.execute(arguments: [
            segment.span.firstStart, segment.span.lastStart, segment.span.lastUntil,
            segment.entries.count { !$0.isGone },
            connections, seenTwice, isFull(segment), Data(segment.encoded()), segment.id,
        ])
        segment.isChanged = false
    }

    /// Writes everything that has changed.
    func finish() throws {
        for segment in loaded.values.sorted(by: { $0.id < $1.id }) where segment.isChanged { try write(segment) }
    }
}
