import Flows
import Foundation
import GRDB
import NetworkTypes

/// The statements that write edges, connections, observations and hours.
struct StoreRows {
    /// What is aggregated into one row of `edge_hour`.
    struct Bucket: Hashable {
        var edge: Int64
        var hour: Int64
    }

    /// An observation that the store has.
    struct Known {
        var id: Int64
        var connection: Int64
        var report: Observation
    }

    private let db: Database
    private let findObservation, addObservation, addConnection, findConnection, updateConnection: Statement
    private let addEdge, findEdge: Statement

    init(_ db: Database) throws {
        self.db = db
        addEdge = try db.makeStatement(
            sql: """
                INSERT INTO edge (source, destination, protocol, service) VALUES (?, ?, ?, ?)
                """)
        findEdge = try db.makeStatement(
            sql: "SELECT id FROM edge WHERE source = ? AND destination = ? AND protocol = ? AND service = ?")
        findObservation = try db.makeStatement(
            sql: "SELECT id, connection, \(Observation.columns) FROM observation WHERE fingerprint = ?")
        addObservation = try db.makeStatement(
            sql: """
                INSERT INTO observation (connection, point, fingerprint, uid, icmp_id, start, "end", until, packets_out,
                bytes_out, packets_in, bytes_in, state, state_text, failed, asked_address, asked_port, direction,
                application, stage) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        addConnection = try db.makeStatement(
            sql: """
                INSERT INTO connection (edge, source_port, icmp_id, start, "end", until, hour, packets_out, bytes_out,
                packets_in, bytes_in, state, failed, asked_address, asked_port, direction, application, points)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
                """)
        findConnection = try db.makeStatement(
            sql: "SELECT edge, hour, \(Observation.columns) FROM connection WHERE id = ?")
        updateConnection = try db.makeStatement(
            sql: """
                UPDATE connection SET icmp_id = ?, start = ?, "end" = ?, until = ?, hour = ?, packets_out = ?,
                bytes_out = ?, packets_in = ?, bytes_in = ?, state = ?, failed = ?, asked_address = ?, asked_port = ?,
                direction = ?, application = ?,
                points = (SELECT COUNT(DISTINCT point) FROM observation WHERE connection = connection.id)
                WHERE id = ?
                """)
    }

    func edge(_ key: EdgeKey) throws -> Int64 {
        let arguments: StatementArguments = [
            key.source.description, key.destination.description, Int64(key.proto.rawValue),
            StoredService.number(key.service),
        ]
        if let known = try Int64.fetchOne(findEdge, arguments: arguments) { return known }
        try addEdge.execute(arguments: arguments)
        return db.lastInsertedRowID
    }

    func observation(_ fingerprint: Fingerprint) throws -> Known? {
        guard let row = try Row.fetchOne(findObservation, arguments: [fingerprint.data]) else { return nil }
        return Known(id: row[0], connection: row[1], report: Observation(row: row, from: 2))
    }

    func insert(
        _ report: Observation, _ record: FlowRecord, _ connection: Int64, _ point: Int64, _ fingerprint: Fingerprint
    ) throws -> Int64 {
        try addObservation.execute(arguments: [
            connection, point, fingerprint.data, record.uid, report.icmpID, report.start, report.end, report.until,
            report.packetsOut, report.bytesOut, report.packetsIn, report.bytesIn, report.state.rawValue,
            record.stateText, report.failed, report.askedAddress, report.askedPort, report.direction,
            report.application, report.stage.rawValue,
        ])
        return db.lastInsertedRowID
    }

    func insert(connection report: Observation, edge: Int64, sourcePort: Int64) throws -> Int64 {
        try addConnection.execute(arguments: [
            edge, sourcePort, report.icmpID, report.start, report.end, report.until, report.hour, report.packetsOut,
            report.bytesOut, report.packetsIn, report.bytesIn, report.state.rawValue, report.failed,
            report.askedAddress, report.askedPort, report.direction, report.application,
        ])
        return db.lastInsertedRowID
    }

    /// Adds a report to a connection; the answer names the hours that changed.
    func merge(_ report: Observation, into connection: Int64) throws -> [Bucket] {
        guard let row = try Row.fetchOne(findConnection, arguments: [connection]) else { return [] }
        var sum = Observation(row: row, from: 2)
        let edge: Int64 = row[0]
        let former = Bucket(edge: edge, hour: sum.hour)
        sum.merge(report)
        try update(connection, sum)
        return [former, Bucket(edge: edge, hour: sum.hour)]
    }

    /// Replaces an observation by what it and a later report of the same record say together.
    func extend(_ known: Known, _ report: Observation) throws -> [Bucket] {
        var sum = known.report
        sum.merge(report)
        try db.execute(
            sql: """
                UPDATE observation SET start = ?, "end" = ?, until = ?, packets_out = ?, bytes_out = ?, packets_in = ?,
                bytes_in = ?, state = ?, failed = ? WHERE id = ?
                """,
            arguments: [
                sum.start, sum.end, sum.until, sum.packetsOut, sum.bytesOut, sum.packetsIn, sum.bytesIn,
                sum.state.rawValue, sum.failed, known.id,
            ])
        return try merge(report, into: known.connection)
    }

    /// Takes an observation back; the connection becomes what its others say, or goes with the last.
    func remove(observation: Int64) throws -> [Bucket] {
        guard
            let connection = try Int64.fetchOne(
                db, sql: "SELECT connection FROM observation WHERE id = ?", arguments: [observation]),
            let row = try Row.fetchOne(findConnection, arguments: [connection])
        else { return [] }
        let edge: Int64 = row[0]
        var buckets = [Bucket(edge: edge, hour: row[1])]
        try db.execute(sql: "DELETE FROM observation WHERE id = ?", arguments: [observation])
        let others = try Row.fetchAll(
            db, sql: "SELECT \(Observation.columns) FROM observation WHERE connection = ? ORDER BY id",
            arguments: [connection]
        ).map { Observation(row: $0, from: 0) }
        if var sum = others.first {
            for other in others.dropFirst() { sum.merge(other) }
            try update(connection, sum)
            buckets.append(Bucket(edge: edge, hour: sum.hour))
        } else {
            try db.execute(sql: "DELETE FROM connection WHERE id = ?", arguments: [connection])
        }
        return buckets
    }

    private func update(_ connection: Int64, _ sum: Observation) throws {
        try updateConnection.execute(arguments: [
            sum.icmpID, sum.start, sum.end, sum.until, sum.hour, sum.packetsOut, sum.bytesOut, sum.packetsIn,
            sum.bytesIn, sum.state.rawValue, sum.failed, sum.askedAddress, sum.askedPort, sum.direction,
            sum.application, connection,
        ])
    }

    /// Adds the connections of these hours up again.
    func aggregate(_ buckets: Set<Bucket>) throws {
        let clear = try db.makeStatement(sql: "DELETE FROM edge_hour WHERE edge = ? AND hour = ?")
        let add = try db.makeStatement(
            sql: """
                INSERT INTO edge_hour SELECT edge, hour, COUNT(*), SUM(failed), \(Self.sum("packets_out")),
                \(Self.sum("bytes_out")), \(Self.sum("packets_in")), \(Self.sum("bytes_in")), MIN(start), MAX("end"),
                MAX(direction) FROM connection WHERE edge = ? AND hour = ? GROUP BY edge, hour
                """)
        for bucket in buckets.sorted(by: { ($0.edge, $0.hour) < ($1.edge, $1.hour) }) {
            try clear.execute(arguments: [bucket.edge, bucket.hour])
            try add.execute(arguments: [bucket.edge, bucket.hour])
        }
    }

    /// The sum of a column of counters, which are not negative: exact, NULL when nobody counted, and 2⁶³ − 1 where it
    /// would be more.
    ///
    /// SQLite's `SUM` fails beyond 2⁶³ − 1 (sqlite.org/lang_aggfunc.html), also in the branch of a `CASE` that is not
    /// taken. So the halves of 32 bits are added up, which cannot reach that far below 2³¹ rows.
    static func sum(_ column: String) -> String {
        let (high, low) = ("SUM(\(column) >> 32)", "SUM(\(column) & 4294967295)")
        return """
            CASE WHEN \(high) + (\(low) >> 32) > 2147483647 THEN 9223372036854775807
            ELSE ((\(high) + (\(low) >> 32)) << 32) | (\(low) & 4294967295) END
            """
    }
}

/// An edge's service as one number, in the column `service`.
enum StoredService {
    static func number(_ service: EdgeService) -> Int64 {
        switch service {
        case .unspecified: -1
        case .port(let port): Int64(port)
        case .icmp(let message): Int64(message.type) << 8 | Int64(message.code)
        }
    }

    static func service(_ number: Int64, isICMP: Bool) -> EdgeService {
        guard let value = UInt16(exactly: number) else { return .unspecified }
        guard isICMP else { return .port(value) }
        return .icmp(ICMPMessage(type: UInt8(value >> 8), code: UInt8(truncatingIfNeeded: value)))
    }
}
