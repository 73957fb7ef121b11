import Foundation
import GRDB
public import NetworkTypes

/// A workload as an inventory had it at one time.
public struct StoredWorkload: Hashable, Sendable, Codable {
    /// Its identifier.
    public var id: String
    /// Its labels.
    public var labels: [String: String]
    /// Its addresses, as text.
    public var addresses: [String]

    /// Makes a workload.
    public init(id: String, labels: [String: String], addresses: [String]) {
        self.id = id
        self.labels = labels
        self.addresses = addresses
    }
}

extension FlowStore {
    /// Keeps what an inventory says at an instant; false when the one before says the same.
    ///
    /// What was kept for that very instant is replaced. The order in which inventories come does not matter.
    public func record(_ workloads: [StoredWorkload], at time: Instant) throws -> Bool {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let data = try encoder.encode(workloads.sorted { $0.id < $1.id })
        return try write { db in
            func said(_ condition: String) throws -> Data? {
                try Data.fetchOne(
                    db,
                    sql:
                        "SELECT workloads FROM inventory WHERE time \(condition) ? AND workloads <> x'' ORDER BY time DESC",
                    arguments: [time.rawValue])
            }
            // A row without workloads says the same as the one before it, which is about to be another one.
            if let until = try said("<=") {
                try db.execute(
                    sql: """
                        UPDATE inventory SET workloads = ? WHERE workloads = x''
                        AND time = (SELECT MIN(time) FROM inventory WHERE time > ?)
                        """, arguments: [until, time.rawValue])
            }
            let isNew = try said("<") != data
            try db.execute(
                sql: "INSERT OR REPLACE INTO inventory (time, workloads) VALUES (?, ?)",
                arguments: [time.rawValue, isNew ? data : Data()])
            try db.execute(
                sql: """
                    UPDATE inventory SET workloads = x'' WHERE workloads = ?
                    AND time = (SELECT MIN(time) FROM inventory WHERE time > ?)
                    """, arguments: [data, time.rawValue])
            return isNew
        }
    }

    /// The inventories that were kept, in order of time, without those that say the same as the one before.
    public func inventories() throws -> [(time: Instant, workloads: [StoredWorkload])] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT time, workloads FROM inventory WHERE workloads <> x'' ORDER BY time").map
            { row in
                let data: Data = row[1]
                do {
                    return (Instant(rawValue: row[0]), try JSONDecoder().decode([StoredWorkload].self, from: data))
                } catch {
                    throw FlowStoreError(.database, "the store holds an inventory that is none")
                }
            }
        }
    }
}
