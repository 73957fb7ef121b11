import GRDB

/// The tables of `bulkhead.sqlite`, version 5.
///
/// `segment` holds connections, some sixteen thousand in a row, with every record as one point reported it (`Segment`);
/// `edge_hour` is what the connections that began in that hour add up to, and can be made again from the segments.
/// `undated` finds observations whose line does not say when it was. `inventory` is what workloads were at some times, in
/// JSON; nothing where they were the same as at the time before. Rows for each connection, as version 1 had them, cost an import ten times as much.
enum Schema {
    /// `PRAGMA user_version`; 5 is of November 2026; those before were never released.
    static let version = 5
    /// `BULK`, so that `file` and other tools can name the database (SQLite file format §1.3.10).
    static let applicationID = 0x4255_4C4B

    static func prepare(_ db: Database) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard found <= version else {
            throw FlowStoreError(
                .newerSchema, "the database has schema version \(found), expected at most \(version)")
        }
        guard found != version else { return }
        guard found == 0 else {
            throw FlowStoreError(
                .olderSchema,
                "the database has schema version \(found), which was never released: import the flows anew")
        }
        try db.execute(sql: tables)
        var random = SystemRandomNumberGenerator()
        try db.execute(
            sql: "INSERT INTO setting (name, value) VALUES ('hash-key-0', ?), ('hash-key-1', ?)",
            arguments: [
                Int64(bitPattern: random.next() as UInt64), Int64(bitPattern: random.next() as UInt64),
            ])
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// The statements that make an empty database.
    ///
    /// Times are nanoseconds since 1970 UTC, hours whole hours since then. `service` is the destination port, type ×
    /// 256 + code for ICMP, or -1. Counters are NULL where nobody counted. `direction` orders from certain (0) on.
    private static let tables = """
        CREATE TABLE setting (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
        CREATE TABLE point (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE file (
            id INTEGER PRIMARY KEY, head BLOB, content BLOB NOT NULL, bytes INTEGER NOT NULL,
            point INTEGER REFERENCES point, tail BLOB, tail_start INTEGER, UNIQUE (bytes, content)
        );
        CREATE INDEX file_head ON file (head) WHERE head IS NOT NULL;
        CREATE TABLE edge (
            id INTEGER PRIMARY KEY, source TEXT NOT NULL, destination TEXT NOT NULL, protocol INTEGER NOT NULL,
            service INTEGER NOT NULL, UNIQUE (source, destination, protocol, service)
        );
        CREATE TABLE segment (
            id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, lower INTEGER NOT NULL, first_start INTEGER NOT NULL,
            last_start INTEGER NOT NULL, last_until INTEGER NOT NULL, observations INTEGER NOT NULL,
            connections INTEGER NOT NULL, seen_twice INTEGER NOT NULL, data BLOB NOT NULL
        );
        CREATE TABLE inventory (time INTEGER PRIMARY KEY, workloads BLOB NOT NULL);
        CREATE TABLE undated (fingerprint BLOB PRIMARY KEY, start INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE edge_hour (
            edge INTEGER NOT NULL REFERENCES edge, hour INTEGER NOT NULL, connections INTEGER NOT NULL,
            failed INTEGER NOT NULL, packets_out INTEGER, bytes_out INTEGER, packets_in INTEGER, bytes_in INTEGER,
            first INTEGER NOT NULL, last INTEGER NOT NULL, direction INTEGER NOT NULL, PRIMARY KEY (hour, edge)
        ) WITHOUT ROWID;
        """
}
