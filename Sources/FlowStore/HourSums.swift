import GRDB

/// What the connections of an edge that began in one hour add up to.
struct HourSum {
    var connections: Int64 = 0
    var failed: Int64 = 0
    var packetsOut, bytesOut, packetsIn, bytesIn: Int64?
    var first = Int64.max
    var last = Int64.min
    /// That of the least certain.
    var direction: Int64 = 0

    mutating func add(_ sum: Observation) {
        connections += 1
        if sum.failed { failed += 1 }
        packetsOut = Self.added(packetsOut, sum.packetsOut)
        bytesOut = Self.added(bytesOut, sum.bytesOut)
        packetsIn = Self.added(packetsIn, sum.packetsIn)
        bytesIn = Self.added(bytesIn, sum.bytesIn)
        first = min(first, sum.start)
        last = max(last, sum.end)
        direction = max(direction, sum.direction)
    }

    /// Takes a connection that said `old` before and says `new` now, where that can be done without the others of its
    /// hour; false where they must be asked.
    mutating func change(from old: Observation, to new: Observation) -> Bool {
        func difference(_ old: Int64?, _ new: Int64?) -> Int64?? {
            // Only growth of what was added exactly can be added on.
            guard old ?? 0 <= new ?? 0, new ?? 0 <= Self.exact, new != nil || old == nil else { return nil }
            return .some(new.map { $0 - (old ?? 0) })
        }
        // The direction is the greatest of all, and the hour's end can come nearer only by the others.
        guard new.direction == old.direction, new.start <= old.start, new.end >= old.end,
            let packetsOut = difference(old.packetsOut, new.packetsOut),
            let bytesOut = difference(old.bytesOut, new.bytesOut),
            let packetsIn = difference(old.packetsIn, new.packetsIn),
            let bytesIn = difference(old.bytesIn, new.bytesIn)
        else { return false }
        failed += (new.failed ? 1 : 0) - (old.failed ? 1 : 0)
        self.packetsOut = Self.added(self.packetsOut, packetsOut)
        self.bytesOut = Self.added(self.bytesOut, bytesOut)
        self.packetsIn = Self.added(self.packetsIn, packetsIn)
        self.bytesIn = Self.added(self.bytesIn, bytesIn)
        first = min(first, new.start)
        last = max(last, new.end)
        direction = max(direction, new.direction)
        return true
    }

    /// 2³²: sums of smaller counts stay below 2⁶³ − 1, where they would no longer be exact.
    private static let exact: Int64 = 1 << 32

    mutating func add(_ other: Self) {
        connections += other.connections
        failed += other.failed
        packetsOut = Self.added(packetsOut, other.packetsOut)
        bytesOut = Self.added(bytesOut, other.bytesOut)
        packetsIn = Self.added(packetsIn, other.packetsIn)
        bytesIn = Self.added(bytesIn, other.bytesIn)
        first = min(first, other.first)
        last = max(last, other.last)
        direction = max(direction, other.direction)
    }

    /// Counters are not negative; what is more than 2⁶³ − 1 is kept as that.
    private static func added(_ a: Int64?, _ b: Int64?) -> Int64? {
        guard let a else { return b }
        guard let b else { return a }
        let (sum, over) = a.addingReportingOverflow(b)
        return over ? .max : sum
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
    mutating func finish(_ segments: SegmentStore) throws {
        added[current.hour] = current.sums
        var sums: [Bucket: HourSum] = [:]
        if !changed.isEmpty {
            try segments.forEachSegment(startingIn: Array(Set(changed.map(\.hour)))) { segment in
                segment.forEachConnection { _, connection, sum in
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
        let write = try db.makeStatement(
            sql: "INSERT OR REPLACE INTO edge_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        func put(_ edge: Int64, _ hour: Int64, _ sum: HourSum) throws {
            try write.execute(arguments: [
                edge, hour, sum.connections, sum.failed, sum.packetsOut, sum.bytesOut, sum.packetsIn, sum.bytesIn,
                sum.first, sum.last, sum.direction,
            ])
        }
        for (hour, added) in added.sorted(by: { $0.key < $1.key }) {
            let isKnown = try Int.fetchOne(knows, arguments: [hour]) != nil
            for (edge, sum) in added.entries.sorted(by: { $0.key < $1.key }) {
                if changed.contains(Bucket(edge: edge, hour: hour)) { continue }
                var sum = sum
                if isKnown, let row = try Row.fetchOne(find, arguments: [edge, hour]) {
                    sum.add(
                        HourSum(
                            connections: row[0], failed: row[1], packetsOut: row[2], bytesOut: row[3],
                            packetsIn: row[4],
                            bytesIn: row[5], first: row[6], last: row[7], direction: row[8]))
                }
                try put(edge, hour, sum)
            }
        }
        for bucket in changed {
            if let sum = sums[bucket] {
                try put(bucket.edge, bucket.hour, sum)
            } else {
                try clear.execute(arguments: [bucket.edge, bucket.hour])
            }
        }
    }
}
