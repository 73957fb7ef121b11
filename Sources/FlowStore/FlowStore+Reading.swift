public import Flows
import GRDB
public import NetworkTypes

extension FlowStore {
    /// The edges of the connections that began in `window`, in order of their key; nil means all of history.
    ///
    /// Cost: an hour of an edge is one row where the window ends on whole hours, else each connection is looked at.
    public func edges(window: Range<Instant>? = nil) throws -> [StoredEdge] {
        if let window, window.isEmpty { return [] }
        if let window, Self.hours(window) == nil { return try edges(inside: window) }
        let hours = window.flatMap(Self.hours) ?? Int64.min...Int64.max
        let sql = """
            SELECT source, destination, protocol, service, SUM(connections), SUM(failed), \(EdgeRows.sum("packets_out")),
            \(EdgeRows.sum("bytes_out")), \(EdgeRows.sum("packets_in")), \(EdgeRows.sum("bytes_in")), MIN(first), MAX(last),
            MAX(direction) FROM edge_hour JOIN edge ON edge.id = edge WHERE hour BETWEEN ? AND ? GROUP BY edge
            """
        return try read { db in
            let rows = try Row.fetchCursor(db, sql: sql, arguments: [hours.lowerBound, hours.upperBound])
            var result: [StoredEdge] = []
            while let row = try rows.next() {
                result.append(StoredEdge(try Self.key(row), HourSum(row, from: 4)))
            }
            return result.sorted { $0.key < $1.key }
        }
    }

    private func edges(inside window: Range<Instant>) throws -> [StoredEdge] {
        try read { db in
            var sums: [Int64: HourSum] = [:]
            let range = window.lowerBound.rawValue..<window.upperBound.rawValue
            try Self.forEachSegment(db, startingIn: range) { segment in
                segment.table.forEachConnection { _, connection, sum in
                    if range.contains(sum.start) { sums[connection.edge, default: HourSum()].add(sum) }
                }
            }
            let keys = try Self.keys(db)
            return sums.compactMap { edge, sum in keys[edge].map { StoredEdge($0, sum) } }.sorted { $0.key < $1.key }
        }
    }

    /// Hands every connection that began in `window` to `body`, in order of start, then edge, then source port; nil means
    /// all of history.
    public func forEachConnection(
        startingIn window: Range<Instant>? = nil, _ body: (StoredConnection) throws -> Void
    ) throws {
        let range = window.map { $0.lowerBound.rawValue..<$0.upperBound.rawValue }
        try read { db in
            var points: [Int32: ObservationPoint] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT id, name FROM point") {
                if let id = Int32(exactly: row[0] as Int64) { points[id] = ObservationPoint(row[1] as String) }
            }
            let keys = try Self.keys(db)
            var result: [StoredConnection] = []
            try Self.forEachSegment(db, startingIn: range ?? Int64.min..<Int64.max) { segment in
                segment.table.forEachConnection { number, connection, sum in
                    guard range?.contains(sum.start) ?? true, let edge = keys[connection.edge] else { return }
                    result.append(
                        StoredConnection(
                            edge: edge, sourcePort: connection.sourcePort,
                            start: Instant(rawValue: sum.start),
                            end: Instant(rawValue: sum.end), state: sum.state,
                            observationPoints: segment.table.points(of: number).compactMap { points[$0] }.sorted()))
                }
            }
            result.sort {
                if $0.start != $1.start { return $0.start < $1.start }
                return $0.edge == $1.edge ? $0.sourcePort < $1.sourcePort : $0.edge < $1.edge
            }
            for connection in result { try body(connection) }
        }
    }

    private static func forEachSegment(
        _ db: Database, startingIn range: Range<Int64>, _ body: (Segment) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT data, id FROM segment WHERE first_start < ? AND last_start >= ? ORDER BY id",
            arguments: [range.upperBound, range.lowerBound])
        while let row = try rows.next() {
            if let segment = try SegmentStore.read(row[1], row, isIndexed: false) { try body(segment) }
        }
    }

    private static func keys(_ db: Database) throws -> [Int64: EdgeKey] {
        var result: [Int64: EdgeKey] = [:]
        let rows = try Row.fetchCursor(db, sql: "SELECT source, destination, protocol, service, id FROM edge")
        while let row = try rows.next() { result[row[4]] = try key(row) }
        return result
    }

    /// How much the store holds.
    public func counts() throws -> StoreCounts {
        try read { db in
            func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: "SELECT " + sql) ?? 0 }
            return StoreCounts(
                connections: try count("SUM(connections) FROM segment"),
                observations: try count("SUM(observations) FROM segment"),
                edges: try count("COUNT(*) FROM (SELECT DISTINCT edge FROM edge_hour)"),
                points: try count("COUNT(*) FROM point"), seenTwice: try count("SUM(seen_twice) FROM segment"))
        }
    }

    /// Every observation point, in order of name.
    public func observationPoints() throws -> [ObservationPoint] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT name FROM point").compactMap { ObservationPoint($0) }.sorted()
        }
    }

    /// The hours that a window consists of; nil where it begins or ends inside one.
    private static func hours(_ window: Range<Instant>) -> ClosedRange<Int64>? {
        let hour: Int64 = 3_600_000_000_000
        let (lower, upper) = (window.lowerBound.rawValue, window.upperBound.rawValue)
        // The ends of time stand for no bound.
        guard lower == .min || lower % hour == 0, upper == .max || upper % hour == 0 else { return nil }
        return (lower == .min ? .min : lower / hour)...(upper == .max ? .max : upper / hour - 1)
    }

    private static func key(_ row: Row) throws -> EdgeKey {
        guard let source = IPAddress(row[0] as String), let destination = IPAddress(row[1] as String),
            let number = UInt8(exactly: row[2] as Int64)
        else { throw FlowStoreError(.database, "the store holds an edge that is not one") }
        let proto = IPProtocol(rawValue: number)
        return EdgeKey(
            source: source, destination: destination, proto: proto,
            service: StoredService.service(row[3], isICMP: proto.isICMP))
    }
}

extension StoredEdge {
    fileprivate init(_ key: EdgeKey, _ sum: HourSum) {
        func counters(_ packets: Count, _ bytes: Count) -> FlowCounters {
            FlowCounters(
                packets: packets.value.map { UInt64($0) }, bytes: bytes.value.map { UInt64($0) })
        }
        self.init(
            key: key, connections: Int(sum.connections), failed: Int(sum.failed),
            initiator: counters(sum.packetsOut, sum.bytesOut), responder: counters(sum.packetsIn, sum.bytesIn),
            firstSeen: Instant(rawValue: sum.first), lastSeen: Instant(rawValue: sum.last),
            direction: Observation.direction(sum.direction))
    }
}
