import GRDB

/// What the connections of an edge that began in one hour add up to.
struct HourSum {
    var connections: Int64 = 0
    var failed: Int64 = 0
    var packetsOut = Count.uncounted
    var bytesOut = Count.uncounted
    var packetsIn = Count.uncounted
    var bytesIn = Count.uncounted
    var first = Int64.max
    var last = Int64.min
    /// That of the least certain.
    var direction: Int64 = 0

    mutating func add(_ sum: Observation) {
        connections += 1
        if sum.failed { failed += 1 }
        packetsOut = packetsOut.adding(sum.packetsOut)
        bytesOut = bytesOut.adding(sum.bytesOut)
        packetsIn = packetsIn.adding(sum.packetsIn)
        bytesIn = bytesIn.adding(sum.bytesIn)
        first = min(first, sum.start)
        last = max(last, sum.end)
        direction = max(direction, Int64(sum.direction))
    }

    /// Takes a connection that said `old` before and says `new` now, where that can be done without the others of its
    /// hour; false where they must be asked.
    mutating func change(from old: Observation, to new: Observation) -> Bool {
        func difference(_ old: Count, _ new: Count) -> Count? {
            // Only growth of what was added exactly can be added on.
            guard old <= new, new.number <= Self.exact else { return nil }
            return new == .uncounted ? new : Count(new.number - max(old.number, 0))
        }
        // The direction is the greatest of all, and the hour's end can come nearer only by the others.
        guard new.direction == old.direction, new.start <= old.start, new.end >= old.end,
            let packetsOut = difference(old.packetsOut, new.packetsOut),
            let bytesOut = difference(old.bytesOut, new.bytesOut),
            let packetsIn = difference(old.packetsIn, new.packetsIn),
            let bytesIn = difference(old.bytesIn, new.bytesIn)
        else { return false }
        failed += (new.failed ? 1 : 0) - (old.failed ? 1 : 0)
        self.packetsOut = self.packetsOut.adding(packetsOut)
        self.bytesOut = self.bytesOut.adding(bytesOut)
        self.packetsIn = self.packetsIn.adding(packetsIn)
        self.bytesIn = self.bytesIn.adding(bytesIn)
        first = min(first, new.start)
        last = max(last, new.end)
        direction = max(direction, Int64(new.direction))
        return true
    }

    /// 2³²: sums of smaller counts stay below 2⁶³ − 1, where they would no longer be exact.
    private static let exact: Int64 = 1 << 32

    mutating func add(_ other: Self) {
        connections += other.connections
        failed += other.failed
        packetsOut = packetsOut.adding(other.packetsOut)
        bytesOut = bytesOut.adding(other.bytesOut)
        packetsIn = packetsIn.adding(other.packetsIn)
        bytesIn = bytesIn.adding(other.bytesIn)
        first = min(first, other.first)
        last = max(last, other.last)
        direction = max(direction, other.direction)
    }
}

extension HourSum {
    /// Reads the columns of a row from `connections` on, in the order of the table.
    init(_ row: Row, from column: Int) {
        func count(_ offset: Int) -> Count { Count(row[column + offset] as Int64? ?? -1) }
        self.init(
            connections: row[column], failed: row[column + 1], packetsOut: count(2), bytesOut: count(3),
            packetsIn: count(4), bytesIn: count(5), first: row[column + 6], last: row[column + 7],
            direction: row[column + 8])
    }
}

/// The hours that an import changes.
struct HourSums {
    struct Bucket: Hashable {
        var edge: Int64
        var hour: Int64
    }

    private let db: Database
    /// What new connections add, by hour and edge.
    private var added: [Int64: KeyedTable<Int64, HourSum>] = [:]
    /// The hour that was added to last, which the next connection mostly began in too.
    private var current = (hour: Int64.min, sums: KeyedTable<Int64, HourSum>())
    /// Hours whose former connections have changed too: these are added up again.
    private var changed: Set<Bucket> = []

    init(_ db: Database) { self.db = db }

    mutating func add(_ sum: Observation, edge: Int64) {
        enter(sum.hour)
        current.sums.change(edge, from: HourSum()) { $0.add(sum) }
    }

    /// Takes a connection that said `old` before and says `new` now, or is no more.
    mutating func change(edge: Int64, from old: Observation, to new: Observation?) {
        let hour = old.hour
        if let new, new.hour == hour {
            enter(hour)
            if current.sums.change(edge, from: HourSum(), { $0.change(from: old, to: new) }) { return }
        }
        changed.insert(Bucket(edge: edge, hour: hour))
        if let new { changed.insert(Bucket(edge: edge, hour: new.hour)) }
    }

    private mutating func enter(_ hour: Int64) {
        guard hour != current.hour else { return }
        added[current.hour] = current.sums
        current = (hour, added.removeValue(forKey: hour) ?? KeyedTable())
    }

    /// Writes the hours.
    mutating func finish(_ segments: inout SegmentStore) throws {
        added[current.hour] = current.sums
        var sums: [Bucket: HourSum] = [:]
        if !changed.isEmpty {
            try segments.forEachSegment(startingIn: Array(Set(changed.map(\.hour)))) { segment in
                segment.table.forEachConnection { _, connection, sum in
                    let bucket = Bucket(edge: connection.edge, hour: sum.hour)
                    if changed.contains(bucket) { sums[bucket, default: HourSum()].add(sum) }
                }
            }
        }
        let knows = try db.makeStatement(sql: "SELECT 1 FROM edge_hour WHERE hour = ? LIMIT 1")
        let find = try db.makeStatement(
            sql: """
                SELECT connections, failed, packets_out, bytes_out, packets_in, bytes_in, first, last, direction
                FROM edge_hour WHERE edge = ? AND hour = ?
                """)
        let clear = try db.makeStatement(sql: "DELETE FROM edge_hour WHERE edge = ? AND hour = ?")
        var rows = try HourRows(db)
        for (hour, added) in added.sorted(by: { $0.key < $1.key }) {
            let isKnown = try Int.fetchOne(knows, arguments: [hour]) != nil
            for (edge, sum) in added.entries.sorted(by: { $0.key < $1.key }) {
                if changed.contains(Bucket(edge: edge, hour: hour)) { continue }
                var sum = sum
                if isKnown, let row = try Row.fetchOne(find, arguments: [edge, hour]) {
                    sum.add(HourSum(row, from: 0))
                }
                try rows.put(edge, hour, sum)
            }
        }
        for bucket in changed {
            if let sum = sums[bucket] {
                try rows.put(bucket.edge, bucket.hour, sum)
            } else {
                try clear.execute(arguments: [bucket.edge, bucket.hour])
            }
        }
        try rows.finish()
    }
}

/// Writes rows of `edge_hour`, several with one statement.
///
/// A row is in the store once `finish` was called.
private struct HourRows {
    /// So many rows are one statement.
    private static let together = 32

    private let one, many: Statement
    /// Not `DatabaseValue`: GRDB reads a sequence of one type by key path, which takes longer than SQLite.
    private var values: [(any DatabaseValueConvertible)?] = []
    private var count = 0

    init(_ db: Database) throws {
        func statement(_ rows: Int) throws -> Statement {
            let places = [String](repeating: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", count: rows).joined(separator: ", ")
            return try db.makeStatement(sql: "INSERT OR REPLACE INTO edge_hour VALUES " + places)
        }
        (one, many) = (try statement(1), try statement(Self.together))
        values.reserveCapacity(11 * Self.together)
    }

    mutating func put(_ edge: Int64, _ hour: Int64, _ sum: HourSum) throws {
        for number in [edge, hour, sum.connections, sum.failed] { values.append(number) }
        for count in [sum.packetsOut, sum.bytesOut, sum.packetsIn, sum.bytesIn] {
            values.append(count.value)
        }
        for number in [sum.first, sum.last, sum.direction] { values.append(number) }
        count += 1
        guard count == Self.together else { return }
        try many.execute(arguments: StatementArguments(values))
        values.removeAll(keepingCapacity: true)
        count = 0
    }

    mutating func finish() throws {
        for row in 0..<count { try one.execute(arguments: StatementArguments(values[11 * row..<11 * (row + 1)])) }
        values.removeAll()
        count = 0
    }
}
