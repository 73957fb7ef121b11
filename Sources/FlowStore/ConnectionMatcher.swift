import GRDB

/// Finds the connection in the store that a record belongs to.
///
/// The edge and the initiator's port are equal already. Then:
/// - from a point that has not reported the connection: their times must overlap, clocks being allowed to differ by
///   one second;
/// - from a point that has: the same identifier of the source (`uid`), or, for a table of live connections, a time
///   inside the life of the entry.
/// Of several, the one whose start is nearest, then the one that was imported first.
struct ConnectionMatcher {
    /// How far the clocks of two observation points may differ: one second, in nanoseconds.
    ///
    /// Hosts that keep time by NTP stay well below it, and TCP waits one second before it repeats a SYN
    /// (RFC 6298 §2), so that two attempts on one tuple are not taken for one.
    static let clockTolerance: Int64 = 1_000_000_000

    /// How long the kernel may take to remove an expired entry: 60 s, in nanoseconds
    /// (`GC_SCAN_INTERVAL_MAX` in Linux `net/netfilter/nf_conntrack_core.c`).
    static let removalDelay: Int64 = 60_000_000_000

    private let candidates: Statement
    private let reports: Statement

    init(_ db: Database) throws {
        candidates = try db.makeStatement(
            sql: """
                SELECT id, start, icmp_id FROM connection
                WHERE edge = ? AND source_port = ? AND start <= ? AND until >= ? ORDER BY id
                """)
        reports = try db.makeStatement(
            sql: """
                SELECT "end", until, stage, uid FROM observation WHERE connection = ? AND point = ?
                """)
    }

    func match(edge: Int64, sourcePort: Int64, point: Int64, uid: String?, _ record: Observation) throws -> Int64? {
        var best: (id: Int64, distance: UInt64)?
        let rows = try Row.fetchCursor(
            candidates,
            arguments: [
                edge, sourcePort, Self.adding(record.until, Self.clockTolerance),
                Self.adding(record.start, -Self.slack(record)),
            ])
        var found: [(id: Int64, start: Int64)] = []
        while let row = try rows.next() {
            if let known: Int64 = row[2], let other = record.icmpID, known != other { continue }
            found.append((row[0], row[1]))
        }
        for candidate in found {
            guard try accepts(candidate.id, point, uid, record) else { continue }
            let distance = Self.distance(candidate.start, record.start)
            if best.map({ distance < $0.distance }) ?? true { best = (candidate.id, distance) }
        }
        return best?.id
    }

    private func accepts(_ connection: Int64, _ point: Int64, _ uid: String?, _ record: Observation) throws -> Bool {
        var hasReported = false
        var sameUID = false
        var lastEnd = Int64.min
        var lastUntil = Int64.min
        var isClosed = false
        var isTable = true
        let rows = try Row.fetchCursor(reports, arguments: [connection, point])
        while let row = try rows.next() {
            hasReported = true
            if let uid, row[3] == uid { sameUID = true }
            lastEnd = max(lastEnd, row[0])
            lastUntil = max(lastUntil, row[1])
            switch Observation.Stage(rawValue: row[2]) {
            case .closed: isClosed = true
            case .complete, nil: isTable = false
            case .opened, .alive: break
            }
        }
        guard hasReported else { return true }
        if sameUID { return true }
        guard isTable, record.stage != .complete else { return false }
        // An entry that was removed is told about only from within its life; a new one is another connection, unless
        // this is late news of the first; any other report holds until the entry would have expired.
        if isClosed { return record.end < lastEnd }
        if record.stage == .opened { return record.end <= lastEnd }
        return record.start <= Self.adding(lastUntil, Self.slack(record))
    }

    /// How much later than its expiry an entry may still be reported.
    private static func slack(_ record: Observation) -> Int64 {
        record.stage == .closed ? clockTolerance + removalDelay : clockTolerance
    }

    private static func adding(_ time: Int64, _ span: Int64) -> Int64 {
        let (sum, over) = time.addingReportingOverflow(span)
        return over ? (span > 0 ? .max : .min) : sum
    }

    private static func distance(_ a: Int64, _ b: Int64) -> UInt64 {
        UInt64(bitPattern: max(a, b) &- min(a, b))
    }
}
