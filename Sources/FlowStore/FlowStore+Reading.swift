public import Flows
import GRDB
public import NetworkTypes

extension FlowStore {
    /// The edges of the connections that began in `window`, in order of their key; nil means all of history.
    ///
    /// Cost: an hour of an edge is one row where the window ends on whole hours, else each connection is.
    public func edges(window: Range<Instant>? = nil) throws -> [StoredEdge] {
        if let window, window.isEmpty { return [] }
        let sums = """
            \(StoreRows.sum("packets_out")), \(StoreRows.sum("bytes_out")), \(StoreRows.sum("packets_in")),
            \(StoreRows.sum("bytes_in"))
            """
        let byHour = """
            SELECT source, destination, protocol, service, SUM(connections), SUM(failed), \(sums), MIN(first), MAX(last),
            MAX(direction) FROM edge_hour JOIN edge ON edge.id = edge WHERE hour BETWEEN ? AND ? GROUP BY edge
            """
        let byConnection = """
            SELECT source, destination, protocol, service, COUNT(*), SUM(failed), \(sums), MIN(start), MAX("end"),
            MAX(direction) FROM connection JOIN edge ON edge.id = edge WHERE start BETWEEN ? AND ? GROUP BY edge
            """
        let hours = window.flatMap(Self.hours)
        let (sql, range) =
            if let window, hours == nil {
                (byConnection, window.lowerBound.rawValue...window.upperBound.rawValue - 1)
            } else {
                (byHour, hours ?? Int64.min...Int64.max)
            }
        return try read { db in
            let rows = try Row.fetchCursor(db, sql: sql, arguments: [range.lowerBound, range.upperBound])
            var result: [StoredEdge] = []
            while let row = try rows.next() {
                result.append(
                    StoredEdge(
                        key: try Self.key(row), connections: row[4], failed: row[5],
                        initiator: Self.counters(row, 6), responder: Self.counters(row, 8),
                        firstSeen: Instant(rawValue: row[10]), lastSeen: Instant(rawValue: row[11]),
                        direction: Observation.direction(row[12])))
            }
            return result.sorted { $0.key < $1.key }
        }
    }

    /// Hands every connection to `body`, in order of start, then edge, then source port.
    public func forEachConnection(_ body: (StoredConnection) throws -> Void) throws {
        try read { db in
            let points = try Row.fetchAll(
                db, sql: "SELECT DISTINCT connection, name FROM observation JOIN point ON point.id = point")
            var names: [Int64: [ObservationPoint]] = [:]
            for row in points {
                if let point = ObservationPoint(row["name"] as String) {
                    names[row["connection"], default: []].append(point)
                }
            }
            var result: [StoredConnection] = []
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT source, destination, protocol, service, connection.id, source_port, start, "end", state
                    FROM connection JOIN edge ON edge.id = edge
                    """)
            while let row = try rows.next() {
                result.append(
                    StoredConnection(
                        edge: try Self.key(row), sourcePort: UInt16(truncatingIfNeeded: row[5] as Int64),
                        start: Instant(rawValue: row[6]), end: Instant(rawValue: row[7]),
                        state: ConnectionState(rawValue: row[8]) ?? .unknown,
                        observationPoints: (names[row[4]] ?? []).sorted()))
            }
            result.sort {
                if $0.start != $1.start { return $0.start < $1.start }
                return $0.edge == $1.edge ? $0.sourcePort < $1.sourcePort : $0.edge < $1.edge
            }
            for connection in result { try body(connection) }
        }
    }

    /// How much the store holds.
    public func counts() throws -> StoreCounts {
        try read { db in
            func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM " + sql) ?? 0 }
            return StoreCounts(
                connections: try count("connection"), observations: try count("observation"),
                edges: try count("(SELECT DISTINCT edge FROM edge_hour)"), points: try count("point"),
                seenTwice: try count("connection WHERE points > 1"))
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

    private static func counters(_ row: Row, _ index: Int) -> FlowCounters {
        FlowCounters(
            packets: (row[index] as Int64?).flatMap { UInt64(exactly: $0) },
            bytes: (row[index + 1] as Int64?).flatMap { UInt64(exactly: $0) })
    }
}
