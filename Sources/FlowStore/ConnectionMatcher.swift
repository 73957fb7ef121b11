/// Finds the connection in the store that a record belongs to.
///
/// The edge and the initiator's port are equal already. Then:
/// - from a point that has not reported the connection: their times must overlap, clocks being allowed to differ by
///   one second;
/// - from a point that has: the same identifier of the source (`uid`), or, for a table of live connections, a time
///   inside the life of the entry.
/// Of several, the one whose start is nearest, then the one that was imported first.
enum ConnectionMatcher {
    /// How far the clocks of two observation points may differ: one second, in nanoseconds.
    ///
    /// Hosts that keep time by NTP stay well below it, and TCP waits one second before it repeats a SYN
    /// (RFC 6298 §2), so that two attempts on one tuple are not taken for one.
    static let clockTolerance: Int64 = 1_000_000_000

    /// How long the kernel may take to remove an expired entry: 60 s, in nanoseconds
    /// (`GC_SCAN_INTERVAL_MAX` in Linux `net/netfilter/nf_conntrack_core.c`).
    static let removalDelay: Int64 = 60_000_000_000

    /// With so many connections of its tuple a record is compared, or passes over them; then it is one of its own.
    ///
    /// TCP has one on a tuple at a time; hosts that ping each other have as many as there are programs that ping. More
    /// come from somebody who wants an import never to end.
    static let candidates = 1024

    /// What was found so far.
    struct Search {
        private(set) var best: Match?
        private(set) var looked = 0

        /// Whether there may be something better in another segment.
        var goesOn: Bool { looked < candidates }

        fileprivate mutating func look() { looked += 1 }

        fileprivate mutating func take(_ match: Match) {
            if let best {
                let isEarlier = (match.segment, match.connection) < (best.segment, best.connection)
                guard match.distance < best.distance || match.distance == best.distance && isEarlier else { return }
            }
            best = match
        }
    }

    /// A connection with its place in its segment.
    struct Match {
        let segment: Int64
        let connection: Int
        /// How far the starts of the connection and the record are apart, in nanoseconds.
        let distance: UInt64
    }

    /// Looks in a segment for the connection that the record belongs to.
    static func match(
        _ segment: Segment, edge: Int64, sourcePort: UInt16, point: Int32, uid: String?, _ record: Observation,
        _ search: inout Search
    ) {
        let id = segment.id
        segment.table.forEachConnection(
            edge: edge, sourcePort: sourcePort, from: earliest(record), to: latest(record)
        ) { table, number, candidate in
            search.look()
            guard let candidate else { return search.goesOn }
            let differs = candidate.icmpID.map { known in record.icmpID.map { $0 != known } ?? false } ?? false
            if !differs, accepts(&table, number, point, uid, record) {
                search.take(
                    Match(segment: id, connection: number, distance: distance(candidate.start, record.start)))
            }
            return search.goesOn
        }
    }

    /// When a connection must still have been alive to be the record's.
    static func earliest(_ record: Observation) -> Int64 { adding(record.start, -slack(record)) }

    /// Until when a connection must have begun to be the record's.
    static func latest(_ record: Observation) -> Int64 { adding(record.until, clockTolerance) }

    private static func accepts(
        _ table: inout ConnectionTable, _ connection: Int, _ point: Int32, _ uid: String?, _ record: Observation
    ) -> Bool {
        let said = table.pointSum(of: connection, point: point)
        // The sums count the observations.
        guard !table.isFull(connection) else { return false }
        guard let said else { return true }
        if let uid, said.uids.contains(uid) { return true }
        guard said.isTable, record.stage != .complete else { return false }
        // An entry that was removed is told about only from within its life; a new one is another connection, unless
        // this is late news of the first; any other report holds until the entry would have expired.
        if said.isClosed { return record.end < said.lastEnd }
        if record.stage == .opened { return record.end <= said.lastEnd }
        return record.start <= adding(said.lastUntil, slack(record))
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
