import Flows
import Foundation
import GRDB
import NetworkTypes

/// The rows of edges.
struct EdgeRows {
    private let db: Database
    private let add, find: Statement

    init(_ db: Database) throws {
        self.db = db
        add = try db.makeStatement(sql: "INSERT INTO edge (source, destination, protocol, service) VALUES (?, ?, ?, ?)")
        find = try db.makeStatement(
            sql: "SELECT id FROM edge WHERE source = ? AND destination = ? AND protocol = ? AND service = ?")
    }

    /// The row of an edge, made where there is none.
    func edge(_ key: EdgeKey) throws -> Int64 {
        let arguments: StatementArguments = [
            key.source.description, key.destination.description, Int64(key.proto.rawValue),
            StoredService.number(key.service),
        ]
        if let known = try Int64.fetchOne(find, arguments: arguments) { return known }
        try add.execute(arguments: arguments)
        return db.lastInsertedRowID
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

extension Fingerprint {
    /// The form that the store keeps.
    var data: Data { Data(bytes) }

    init?(_ data: Data) {
        guard data.count == 16 else { return nil }
        func word(_ start: Int) -> UInt64 {
            data.dropFirst(start).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(low: word(0), high: word(8))
    }
}
