import Foundation
import GRDB

/// How much of the segments is in one place; others than these are for tests.
package struct SegmentLimits: Sendable {
    /// So many observations a segment takes: one is read, and written again after a change, in a few milliseconds.
    let capacity: Int
    /// So many segments stay in memory, some 4 MB each.
    let loaded: Int

    /// Makes limits.
    package init(capacity: Int = 16_384, loaded: Int = 128) { (self.capacity, self.loaded) = (capacity, loaded) }
}

/// Segments in memory between the files of one import, as long as nobody else has written.
final class SegmentCache {
    fileprivate var segments: [Int64: Segment] = [:]
    /// `PRAGMA data_version` of the connection, which changes when another one has written; nil when nothing is held.
    fileprivate var version: Int64?
    /// What the transaction that has not ended yet would leave.
    fileprivate var next: (segments: [Int64: Segment], version: Int64)?

    /// Keeps what the transaction left, which has ended well.
    func commit() {
        guard let next else { return }
        (segments, version) = (next.segments, next.version)
        self.next = nil
    }

    /// Forgets everything: a transaction was rolled back.
    func discard() { (segments, version, next) = ([:], nil, nil) }
}

/// The segments of a store that an import reads and changes; those that it needs are in memory, others are not.
///
/// Connections that last about as long stand on one shelf, in the segment of their start. So whatever the order in which
/// files come, those that were alive at one time are in few segments: where all stood together, one that lasted a day
/// would make its segment one of every time of that day.
struct SegmentStore {
    /// The greatest lengths of connections of the shelves but the last, in nanoseconds; each is some fifteen times the one
    /// before, so that no shelf has much more alive at one time than another.
    private static let lengths: [Int64] = [4, 60, 900, 14_400].map { $0 * 1_000_000_000 }
    /// After so many searches that did not meet it a segment leaves memory.
    private static let patience = 200_000

    /// What is known of a segment without reading it.
    private struct Slot {
        let id: Int64
        /// The first start that belongs here.
        let lower: Int64
        var span: ConnectionTable.Span
        /// Nil while it is not in memory.
        var segment: Segment?
    }

    private struct Shelf {
        /// By `lower`, then as they were made.
        var slots: [Slot] = []
        /// The greatest `lastUntil` of a slot and all before it.
        var reaches: [Int64] = []
        /// The least `firstStart` of a slot and all after it.
        var lows: [Int64] = []

        mutating func arrange() {
            reaches = slots.map(\.span.lastUntil)
            lows = slots.map(\.span.firstStart)
            for index in slots.indices.dropFirst() { reaches[index] = max(reaches[index], reaches[index - 1]) }
            for index in slots.indices.dropLast().reversed() { lows[index] = min(lows[index], lows[index + 1]) }
        }

        /// Takes a span that has grown.
        mutating func widen(_ place: Int, _ span: ConnectionTable.Span) {
            slots[place].span = span
            var index = place
            while index < slots.count, reaches[index] < span.lastUntil {
                reaches[index] = span.lastUntil
                index += 1
            }
            index = place
            while index >= 0, lows[index] > span.firstStart {
                lows[index] = span.firstStart
                index -= 1
            }
        }

        /// The last slot with connections that began at a time or before, or with such slots behind it; -1 for none.
        func last(startingBy time: Int64) -> Int { count { lows[$0] <= time } - 1 }

        /// The slot that takes what starts at a time; -1 for none.
        func taking(_ start: Int64) -> Int { count { slots[$0].lower <= start } - 1 }

        func place(of segment: Segment) -> Int? {
            var place = count { slots[$0].lower < segment.place.lower }
            while place < slots.count, slots[place].id != segment.id { place += 1 }
            return place < slots.count ? place : nil
        }

        /// How many slots fulfil a condition that holds for the first ones alone.
        @inline(__always)
        private func count(_ isMet: (Int) -> Bool) -> Int {
            var (low, high) = (0, slots.count)
            while low < high {
                let middle = (low + high) / 2
                if isMet(middle) { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    private let db: Database
    private let limits: SegmentLimits
    private let cache: SegmentCache
    private let version: Int64
    private let find, update: Statement
    private var shelves = [Shelf](repeating: Shelf(), count: lengths.count + 1)
    private var loaded: [Int64: Segment] = [:]
    /// How many searches there were.
    private var clock = 0

    init(_ db: Database, _ limits: SegmentLimits, _ cache: SegmentCache) throws {
        self.db = db
        self.limits = limits
        self.cache = cache
        version = try Int64.fetchOne(db, sql: "PRAGMA data_version") ?? 0
        if cache.version == version { loaded = cache.segments }
        for segment in loaded.values { segment.used = 0 }
        // What this transaction changes is nobody's until it has ended.
        cache.version = nil
        find = try db.makeStatement(sql: "SELECT data, shelf, lower FROM segment WHERE id = ?")
        update = try db.makeStatement(
            sql: """
                UPDATE segment SET first_start = ?, last_start = ?, last_until = ?, observations = ?, connections = ?,
                seen_twice = ?, data = ? WHERE id = ?
                """)
        let rows = try Row.fetchCursor(
            db, sql: "SELECT id, shelf, lower, first_start, last_start, last_until FROM segment ORDER BY lower, id")
        while let row = try rows.next() {
            let shelf: Int = row[1]
            guard shelves.indices.contains(shelf) else {
                throw FlowStoreError(.database, "the store has a segment on no shelf")
            }
            shelves[shelf].slots.append(
                Slot(
                    id: row[0], lower: row[2],
                    span: ConnectionTable.Span(firstStart: row[3], lastStart: row[4], lastUntil: row[5]),
                    segment: loaded[row[0]]))
        }
        for shelf in shelves.indices { shelves[shelf].arrange() }
    }

    private static func shelf(_ report: Observation) -> Int {
        let (length, over) = report.until.subtractingReportingOverflow(report.start)
        return over ? lengths.count : lengths.firstIndex { length <= $0 } ?? lengths.count
    }

    // MARK: Finding

    /// Looks at the segments that may hold connections which began at `latest` or before and go on until `earliest` or
    /// after, while `body` says so.
    ///
    /// A segment is good until the next one is asked for: then it may have left memory.
    mutating func forEach(from earliest: Int64, to latest: Int64, _ body: (Segment) -> Bool) throws {
        clock += 1
        for shelf in shelves.indices {
            var place = shelves[shelf].last(startingBy: latest)
            while place >= 0, shelves[shelf].reaches[place] >= earliest {
                let span = shelves[shelf].slots[place].span
                if span.lastUntil >= earliest, span.firstStart <= latest {
                    guard body(try segment(shelf, place)) else { return }
                }
                place -= 1
            }
        }
    }

    /// The segments with connections that began in one of the hours.
    mutating func forEachSegment(startingIn hours: [Int64], _ body: (Segment) throws -> Void) throws {
        let sorted = hours.sorted()
        for slot in shelves.flatMap(\.slots) where slot.span.firstStart <= slot.span.lastStart {
            let (first, last) = (Observation.hour(slot.span.firstStart), Observation.hour(slot.span.lastStart))
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < first { low = middle + 1 } else { high = middle }
            }
            if low < sorted.count, sorted[low] <= last { try body(try segment(slot.id)) }
        }
    }

    private mutating func segment(_ shelf: Int, _ place: Int) throws -> Segment {
        if let known = shelves[shelf].slots[place].segment {
            known.used = clock
            return known
        }
        return try segment(shelves[shelf].slots[place].id)
    }

    mutating func segment(_ id: Int64) throws -> Segment {
        if let known = loaded[id] {
            known.used = clock
            return known
        }
        guard let row = try Row.fetchOne(find, arguments: [id]), let segment = try Self.read(id, row, isIndexed: true)
        else { throw FlowStoreError(.database, "the store has no segment \(id)") }
        segment.place = (row[1], row[2])
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

    private mutating func hold(_ segment: Segment) {
        loaded[segment.id] = segment
        if let place = place(of: segment) { shelves[segment.place.shelf].slots[place].segment = segment }
    }

    private mutating func add(_ segment: Segment) throws {
        segment.used = clock
        hold(segment)
        guard loaded.count > limits.loaded else { return }
        // A quarter at once, so that the search for the oldest is seldom.
        for old in loaded.values.filter({ $0 !== segment }).sorted(by: { $0.used < $1.used })
            .prefix(max(1, limits.loaded / 4))
        {
            try release(old)
        }
    }

    private mutating func release(_ segment: Segment) throws {
        if segment.table.isChanged { try write(segment) }
        loaded[segment.id] = nil
        if let place = place(of: segment) { shelves[segment.place.shelf].slots[place].segment = nil }
    }

    // MARK: Changing

    /// The segment that takes a new connection.
    mutating func segment(for report: Observation) throws -> Segment {
        let shelf = Self.shelf(report)
        let place = shelves[shelf].taking(report.start)
        guard place >= 0 else { return try make(shelf, at: 0, lower: .min) }
        let segment = try segment(shelf, place)
        guard segment.table.count >= limits.capacity else { return segment }
        // What comes in order fills one after the other; what comes late makes room in the middle.
        if place == shelves[shelf].slots.count - 1, report.start > segment.table.span.lastStart {
            return try make(shelf, at: place + 1, lower: report.start)
        }
        guard segment.table.count >= 2 * limits.capacity else { return segment }
        return try split(segment, at: place, for: report.start)
    }

    private mutating func make(_ shelf: Int, at place: Int, lower: Int64) throws -> Segment {
        try db.execute(
            sql: """
                INSERT INTO segment (shelf, lower, first_start, last_start, last_until, observations, connections, seen_twice,
                data) VALUES (?, ?, 0, 0, 0, 0, 0, 0, x'')
                """, arguments: [shelf, lower])
        let segment = Segment(id: db.lastInsertedRowID, ConnectionTable(capacity: limits.capacity))
        segment.place = (shelf, lower)
        segment.table.isChanged = true
        shelves[shelf].slots.insert(Slot(id: segment.id, lower: lower, span: segment.table.span), at: place)
        shelves[shelf].arrange()
        for old in loaded.values where clock - old.used > Self.patience { try release(old) }
        try add(segment)
        return segment
    }

    /// Moves the later half of a segment into a new one; the result takes what starts at `start`.
    private mutating func split(_ segment: Segment, at place: Int, for start: Int64) throws -> Segment {
        var starts: [Int64] = []
        segment.table.forEachConnection { _, _, sum in starts.append(sum.start) }
        starts.sort()
        let shelf = segment.place.shelf
        guard let first = starts.first, let pivot = starts[(starts.count / 2)...].first(where: { $0 > first }) else {
            // All begin at one instant, as a table without times has it: another segment of that instant.
            return try make(shelf, at: place + 1, lower: segment.place.lower)
        }
        var numbers: [Int] = []
        segment.table.forEachConnection { number, _, sum in if sum.start >= pivot { numbers.append(number) } }
        let parcels = numbers.map { segment.table.take($0) }
        // What is left is read again, so that nothing stays of what went.
        guard
            let earlier = segment.table.encoded().withUnsafeBytes({
                Segment(id: segment.id, encoded: $0, isIndexed: true)
            })
        else { throw FlowStoreError(.database, "a segment does not read back") }
        (earlier.place, earlier.table.isChanged, earlier.used) = (segment.place, true, clock)
        hold(earlier)
        shelves[shelf].slots[place].span = earlier.table.span
        // From here on the earlier half may leave memory.
        let later = try make(shelf, at: place + 1, lower: max(pivot, earlier.place.lower))
        for parcel in parcels { later.table.put(parcel) }
        widened(later)
        return start >= later.place.lower ? later : try self.segment(earlier.id)
    }

    private func place(of segment: Segment) -> Int? { shelves[segment.place.shelf].place(of: segment) }

    /// Says that a segment has got more.
    mutating func widened(_ segment: Segment) {
        if let place = place(of: segment) { shelves[segment.place.shelf].widen(place, segment.table.span) }
    }

    /// Says that a connection has changed; one that lasts longer than before may belong on another shelf.
    mutating func changed(_ segment: Segment, _ connection: Int) throws {
        widened(segment)
        guard segment.table.connections[connection].last >= 0 else { return }
        let sum = segment.table.sum(of: connection)
        guard Self.shelf(sum) != segment.place.shelf else { return }
        let parcel = segment.table.take(connection)
        let target = try self.segment(for: sum)
        target.table.put(parcel)
        widened(target)
    }

    // MARK: Writing

    private func write(_ segment: Segment) throws {
        let (span, counts) = (segment.table.span, segment.table.counts)
        try update.execute(arguments: [
            span.firstStart, span.lastStart, span.lastUntil, segment.table.count, counts.connections, counts.seenTwice,
            Data(segment.table.encoded()), segment.id,
        ])
        segment.table.isChanged = false
    }

    /// Writes everything that has changed.
    mutating func finish() throws {
        for segment in loaded.values.sorted(by: { $0.id < $1.id }) where segment.table.isChanged { try write(segment) }
        cache.next = (loaded, version)
    }
}
