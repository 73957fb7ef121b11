import FlowFormats
public import Flows
import Foundation
import GRDB
public import NetworkTypes

/// The flow history of one data directory: `bulkhead.sqlite`, readable by its owner only.
///
/// Several readers and one writer, also from several processes (SQLite in WAL mode); a writer waits up to five seconds
/// for another.
public struct FlowStore: Sendable {
    private let pool: DatabasePool
    private let hashKey: (UInt64, UInt64)
    private let limits: SegmentLimits

    /// The name of the database inside the data directory.
    public static let fileName = "bulkhead.sqlite"

    /// Opens the store of a directory, and makes both when they do not exist.
    ///
    /// Throws `FlowStoreError`: `badDirectory`, `newerSchema` or `database`.
    public init(directory: String) throws { try self.init(directory: directory, limits: SegmentLimits()) }

    /// The same with other limits, for tests.
    package init(directory: String, limits: SegmentLimits) throws {
        self.limits = limits
        do {
            if !FileManager.default.fileExists(atPath: directory) {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch let error as CocoaError {
            throw FlowStoreError(.badDirectory, error.reason)
        }
        let path = directory + "/" + Self.fileName
        // SQLite gives its write-ahead log the mode of the database, so the database is made first.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw FlowStoreError(.badDirectory, "cannot open `\(path)`: \(String(cString: strerror(errno)))")
        }
        fchmod(descriptor, 0o600)
        close(descriptor)
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = NORMAL")
            // In KiB when negative: with SQLite's 2 MiB an import of 400,000 lines took twice as long.
            try db.execute(sql: "PRAGMA cache_size = -65536")
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            hashKey = try pool.write { db in
                try Schema.prepare(db)
                func part(_ index: Int) throws -> UInt64 {
                    let value = try Int64.fetchOne(
                        db, sql: "SELECT value FROM setting WHERE name = ?", arguments: ["hash-key-\(index)"])
                    guard let value else { throw FlowStoreError(.database, "the database has no hash key") }
                    return UInt64(bitPattern: value)
                }
                return (try part(0), try part(1))
            }
        } catch let error as DatabaseError {
            throw FlowStoreError(.database, "cannot use `\(path)`: \(error.message ?? "\(error.resultCode)")")
        }
    }

    /// Imports files one after the other, each in one transaction: a file is in the store whole or not at all.
    ///
    /// Every line counts once, however often, under whatever name, compressed or grown, it comes again. A file that
    /// cannot be read or stored is reported in its `failure` and the next one follows; an error that `progress` throws
    /// rolls its file back and ends the import. `observationPoint` names where files were recorded whose lines do not
    /// say; without it each such file is a point of its own, named after it. Lines without a time count as seen at
    /// `observedAt`, or else when the file was last changed.
    public func importFiles(
        _ paths: [String], observationPoint: ObservationPoint? = nil, observedAt: Instant? = nil,
        progress: (ImportProgress) throws -> Void = { _ in }
    ) throws -> ImportReport {
        var result = ImportReport()
        let cache = SegmentCache()
        for path in paths {
            result.files.append(
                try importOne(path, observationPoint, observedAt, cache, progress) { try ByteSource(path: path) })
        }
        return result
    }

    /// Imports text that is in memory, as `importFiles` does; `name` stands for the path.
    public func importBytes(
        _ bytes: [UInt8], name: String, observationPoint: ObservationPoint? = nil, observedAt: Instant
    ) throws -> FileReport {
        try importOne(name, observationPoint, observedAt, SegmentCache(), { _ in }) {
            ByteSource(bytes: bytes, name: name, modified: observedAt.rawValue)
        }
    }

    /// Why no import can read this path, as far as can be told without reading it; nil where it may.
    public static func obstacle(to path: String) -> FlowStoreError? {
        do throws(FlowStoreError) {
            return try ByteSource(path: path).modified == nil ? notRegular(path) : nil
        } catch {
            return error
        }
    }

    private static func notRegular(_ path: String) -> FlowStoreError {
        FlowStoreError(.unreadable, "`\(path)` is not a regular file; an import reads a file twice")
    }

    private func importOne(
        _ path: String, _ point: ObservationPoint?, _ observedAt: Instant?, _ cache: SegmentCache,
        _ progress: (ImportProgress) throws -> Void, _ open: () throws -> ByteSource
    ) throws -> FileReport {
        var report = FileReport(path: path)
        do {
            try pool.write { db in try importSource(db, &report, point, observedAt, cache, progress, open) }
            cache.commit()
        } catch let error as FlowStoreError {
            cache.discard()
            report = FileReport(path: path)
            report.failure = error
        } catch let error as DatabaseError {
            cache.discard()
            report = FileReport(path: path)
            report.failure = FlowStoreError(
                .database, "cannot store `\(path)`: \(error.message ?? "\(error.resultCode)")")
        }
        return report
    }

    private func importSource(
        _ db: Database, _ report: inout FileReport, _ point: ObservationPoint?, _ observedAt: Instant?,
        _ cache: SegmentCache, _ progress: (ImportProgress) throws -> Void, _ open: () throws -> ByteSource
    ) throws {
        let hasher = SipHash(key: hashKey)
        let source = try open()
        guard let modified = source.modified else { throw Self.notRegular(report.path) }
        var content = hasher
        content.combine(point?.name ?? "")
        let identity = try FileIdentity(source, hasher: content, db)
        try source.rewind()
        let time = observedAt ?? Instant(rawValue: modified)
        if let known = identity.known, known.isSame {
            // Nothing is new; the lines are only counted.
            var decoder = FlowDecoder(observedAt: time)
            report.capture = try source.read { decoder.feed($0) { _ in } }
            decoder.finish { _ in }
            report.lines = decoder.summary
            report.duplicates = decoder.summary.records
            return
        }
        var importer = try FlowImporter(db, hasher: hasher, namedPoint: point?.name, observedAt: time, limits, cache)
        try importer.run(source, identity, &report, content: content, progress: progress)
    }

    /// Changes the store in one transaction.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try pool.write(body)
        } catch let error as DatabaseError {
            throw FlowStoreError(.database, "cannot write the store: \(error.message ?? "\(error.resultCode)")")
        }
    }

    /// Reads one coherent state of the store.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            return try pool.read(body)
        } catch let error as DatabaseError {
            throw FlowStoreError(.database, "cannot read the store: \(error.message ?? "\(error.resultCode)")")
        }
    }
}
