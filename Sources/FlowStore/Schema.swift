import GRDB

/// The tables of `bulkhead.sqlite`, version 1.
///
/// `observation` holds every record as one point reported it; `connection` is what its observations say together;
/// `edge_hour` is what the connections that began in that hour add up to. Each can be made again from the one before.
enum Schema {
    /// `PRAGMA user_version`; 1 is of November 2026.
    static let version = 1
    /// `BULK`, so that `file` and other tools can name the database (SQLite file format §1.3.10).
    static let applicationID = 0x4255_4C4B

    static func prepare(_ db: Database) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard found <= version else {
            throw FlowStoreError(
                .newerSchema, "the database has schema version \(found), expected at most \(version)")
        }
        guard found == 0 else { return }
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
            id INTEGER PRIMARY KEY, head BLOB NOT NULL UNIQUE, content BLOB NOT NULL, bytes INTEGER NOT NULL,
            point INTEGER REFERENCES point, tail INTEGER
        );
        CREATE TABLE edge (
            id INTEGER PRIMARY KEY, source TEXT NOT NULL, destination TEXT NOT NULL, protocol INTEGER NOT NULL,
            service INTEGER NOT NULL, UNIQUE (source, destination, protocol, service)
        );
        CREATE TABLE connection (
            id INTEGER PRIMARY KEY, edge INTEGER NOT NULL REFERENCES edge, source_port INTEGER NOT NULL,
            icmp_id INTEGER, start INTEGER NOT NULL, "end" INTEGER NOT NULL, until INTEGER NOT NULL,
            hour INTEGER NOT NULL, packets_out INTEGER, bytes_out INTEGER, packets_in INTEGER, bytes_in INTEGER,
            state TEXT NOT NULL, failed INTEGER NOT NULL, asked_address TEXT, asked_port INTEGER,
            direction INTEGER NOT NULL, application TEXT, points INTEGER NOT NULL
        );
        CREATE INDEX connection_tuple ON connection (edge, source_port, start);
        CREATE INDEX connection_hour ON connection (edge, hour);
        CREATE TABLE observation (
            id INTEGER PRIMARY KEY, connection INTEGER NOT NULL REFERENCES connection,
            point INTEGER NOT NULL REFERENCES point, fingerprint BLOB NOT NULL UNIQUE, uid TEXT, icmp_id INTEGER,
            start INTEGER NOT NULL, "end" INTEGER NOT NULL, until INTEGER NOT NULL, packets_out INTEGER,
            bytes_out INTEGER, packets_in INTEGER, bytes_in INTEGER, state TEXT NOT NULL, state_text TEXT,
            failed INTEGER NOT NULL, asked_address TEXT, asked_port INTEGER, direction INTEGER NOT NULL,
            application TEXT, stage INTEGER NOT NULL
        );
        CREATE INDEX observation_connection ON observation (connection, point);
        CREATE TABLE edge_hour (
            edge INTEGER NOT NULL REFERENCES edge, hour INTEGER NOT NULL, connections INTEGER NOT NULL,
            failed INTEGER NOT NULL, packets_out INTEGER, bytes_out INTEGER, packets_in INTEGER, bytes_in INTEGER,
            first INTEGER NOT NULL, last INTEGER NOT NULL, direction INTEGER NOT NULL, PRIMARY KEY (edge, hour)
        ) WITHOUT ROWID;
        CREATE INDEX edge_hour_hour ON edge_hour (hour);
        """
}
