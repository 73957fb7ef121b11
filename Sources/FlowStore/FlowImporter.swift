import FlowFormats
import Flows
import Foundation
import GRDB
import NetworkTypes

/// Imports the records of one file inside the caller's transaction.
struct FlowImporter {
    private let db: Database
    private let hasher: SipHash
    private let namedPoint: String?
    private let rows: EdgeRows
    private var segments: SegmentStore
    private var hours: HourSums
    private let findUndated, addUndated: Statement
    private let observedAt: Instant
    private var edges = KeyedTable<PackedEdge, Int64>()
    private var points: [String: Int32] = [:]
    /// The point of the last line that named one, which the next line mostly names too.
    private var lastPoint: (name: String, id: Int32)?
    /// How often each line without an identifier has come in this file: the same line twice is two lines.
    private var repeats = KeyedTable<Fingerprint, Int>()
    /// The row of the file, and its own observation point once a line needs one.
    private var file: (id: Int64, name: String, point: Int32?) = (0, "", nil)
    /// What a last line without line feed left behind when the file was shorter; nil once the whole line confirms it.
    private var unconfirmedTail: FileIdentity.Tail?
    /// What last lines without line feed left behind in other files, with their times.
    private var otherTails: [Fingerprint: Int64] = [:]
    /// The observation that the line just read brought in; nil when the store had it.
    private var lastObservation: FileIdentity.Tail?

    init(
        _ db: Database, hasher: SipHash, namedPoint: String?, observedAt: Instant, _ limits: SegmentLimits,
        _ cache: SegmentCache
    ) throws {
        self.db = db
        self.hasher = hasher
        self.namedPoint = namedPoint
        self.observedAt = observedAt
        rows = try EdgeRows(db)
        segments = try SegmentStore(db, limits, cache)
        hours = HourSums(db)
        findUndated = try db.makeStatement(sql: "SELECT start FROM undated WHERE fingerprint = ?")
        addUndated = try db.makeStatement(sql: "INSERT INTO undated (fingerprint, start) VALUES (?, ?)")
    }

    /// Imports what the source holds up to the length that its identity was taken from, and throws `changed` when these
    /// are other bytes than `content` hashed for it: a log that is rotated meanwhile would be taken for known later.
    mutating func run(
        _ source: ByteSource, _ identity: FileIdentity, _ report: inout FileReport, content: SipHash,
        progress: (ImportProgress) throws -> Void
    ) throws {
        try enter(identity, path: report.path)
        var decoder = FlowDecoder(observedAt: observedAt)
        var left = identity.length
        var tail: FileIdentity.Tail?
        func take(_ line: DecodedLine) throws {
            guard case .record(let record) = line.outcome else { return }
            lastObservation = nil
            try store(record, line, &report)
            if !line.isTerminated { tail = lastObservation }
        }
        do {
            var content = content
            var lines = CaptureLines()
            try source.readUnpacked { piece in
                let part = UnsafeRawBufferPointer(rebasing: piece[..<min(left, piece.count)])
                left -= part.count
                content.combine(part)
                try lines.feed(part) { try decoder.feed($0) { line throws(any Error) in try take(line) } }
                let summary = decoder.summary
                try progress(
                    ImportProgress(
                        path: report.path, bytes: identity.length - left, totalBytes: identity.length,
                        lines: summary.lines, records: summary.records))
            }
            guard content.digest == identity.content else {
                throw FlowStoreError(
                    .changed,
                    "`\(report.path)` changed while it was read, and nothing of it was stored; import it again")
            }
            report.capture = try lines.finish { try decoder.feed($0) { line throws(any Error) in try take(line) } }
            try decoder.finish { line throws(any Error) in try take(line) }
        }
        report.lines = decoder.summary
        // The line went on, and says something else now; another file's last line may say the same as before.
        if let unconfirmedTail, otherTails[unconfirmedTail.fingerprint] == nil { try remove(unconfirmedTail) }
        try db.execute(
            sql: "UPDATE file SET head = ?, content = ?, bytes = ?, point = ?, tail = ?, tail_start = ? WHERE id = ?",
            arguments: [
                identity.head?.data, identity.content.data, identity.length, file.point, tail?.fingerprint.data,
                tail?.start, file.id,
            ])
        try hours.finish(&segments)
        try segments.finish()
    }

    private mutating func remove(_ tail: FileIdentity.Tail) throws {
        guard let (segment, place) = try find(tail.fingerprint, from: tail.start, to: tail.start) else { return }
        try change(segment, Int(segment.table.entries[place].connection)) { $0.remove(place) }
        try db.execute(sql: "DELETE FROM undated WHERE fingerprint = ?", arguments: [tail.fingerprint.data])
    }

    /// The observation of a fingerprint among the connections that were alive in a time.
    private mutating func find(_ fingerprint: Fingerprint, from earliest: Int64, to latest: Int64) throws -> (
        Segment, Int
    )? {
        var found: (Segment, Int)?
        try segments.forEach(from: earliest, to: latest) { segment in
            found = segment.table.entry(fingerprint).map { (segment, $0) }
            return found == nil
        }
        return found
    }

    /// Changes a connection, and remembers the hours that are no longer right.
    private mutating func change(
        _ segment: Segment, _ connection: Int, _ body: (inout ConnectionTable) -> Void
    ) throws {
        let edge = segment.table.connections[connection].edge
        let before = segment.table.sum(of: connection)
        body(&segment.table)
        let isThere = segment.table.connections[connection].last >= 0
        hours.change(edge: edge, from: before, to: isThere ? segment.table.sum(of: connection) : nil)
        try segments.changed(segment, connection)
    }

    /// Finds or makes the file's row.
    private mutating func enter(_ identity: FileIdentity, path: String) throws {
        file.name = "file:" + (path.split(separator: "/").last.map(String.init) ?? path)
        if let known = identity.known {
            file.id = known.id
            file.point = known.point
            unconfirmedTail = known.tail
            try readOtherTails()
            return
        }
        try db.execute(
            sql: "INSERT INTO file (content, bytes) VALUES (?, ?)",
            arguments: [identity.content.data, identity.length])
        file.id = db.lastInsertedRowID
        try readOtherTails()
    }

    private mutating func readOtherTails() throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT tail, tail_start FROM file WHERE tail IS NOT NULL AND id <> ?", arguments: [file.id])
        while let row = try rows.next() {
            if let tail = Fingerprint(row[0] as Data) { otherTails[tail] = row[1] }
        }
    }

    private mutating func store(_ record: FlowRecord, _ line: DecodedLine, _ report: inout FileReport) throws {
        let named = record.observationPoint?.name ?? namedPoint
        let fingerprint = fingerprint(record, line.bytes, named)
        let observation = Observation(record, observedAt: observedAt)
        // Its time may be that of the import, under which it is not found again.
        let isUndated = record.uid == nil && (record.start == nil || record.direction == .conntrack)
        var found = try find(
            fingerprint, from: ConnectionMatcher.earliest(observation), to: ConnectionMatcher.latest(observation))
        if found == nil, isUndated, let start = try Int64.fetchOne(findUndated, arguments: [fingerprint.data]) {
            found = try find(fingerprint, from: start, to: start)
        }
        guard let (segment, place) = found else {
            return try add(record, fingerprint, observation, isUndated: isUndated, &report)
        }
        try confirm(fingerprint, isWhole: line.isTerminated)
        // The decoder gives the time of the import to a conntrack entry that has none.
        let hasTime =
            record.direction == .conntrack ? record.end != observedAt : record.start != nil || record.end != nil
        let known = segment.table.entries[place]
        if Self.isOfPackets(record), try edge(record.edge) != segment.table.connections[Int(known.connection)].edge {
            // A capture that went on may know better than the store who began a flow.
            guard observation.knowsBeginnerBetter(than: known.report) else {
                return try meet(observation.turned, segment, place, hasTime: hasTime, &report)
            }
            return try turn(segment, place, record, fingerprint, observation, &report)
        }
        try meet(observation, segment, place, hasTime: hasTime, &report)
    }

    /// Moves what the store has of a flow to the edge the other way round, with what a record adds.
    private mutating func turn(
        _ segment: Segment, _ place: Int, _ record: FlowRecord, _ fingerprint: Fingerprint, _ observation: Observation,
        _ report: inout FileReport
    ) throws {
        let known = segment.table.entries[place]
        var whole = known.report.turned
        whole.direction = observation.direction
        whole.merge(observation)
        try change(segment, Int(known.connection)) { $0.remove(place) }
        // The line did not bring in what it moves.
        let brought = lastObservation
        try add(record, fingerprint, whole, isUndated: false, &report)
        lastObservation = brought
    }

    private static func isOfPackets(_ record: FlowRecord) -> Bool {
        record.uid?.hasPrefix(FlowRecord.packetUID) ?? false
    }

    /// Takes a record that the store does not have.
    private mutating func add(
        _ record: FlowRecord, _ fingerprint: Fingerprint, _ observation: Observation, isUndated: Bool,
        _ report: inout FileReport
    ) throws {
        let named = record.observationPoint?.name ?? namedPoint
        let point = try named.map { try self.point(named: $0) } ?? filePoint()
        let edge = try edge(record.edge)
        let sourcePort = record.tuple.sourcePort
        let said = ConnectionTable.Report(
            observation: observation, point: point, fingerprint: fingerprint, uid: record.uid,
            stateText: record.stateText)
        var search = ConnectionMatcher.Search()
        try segments.forEach(
            from: ConnectionMatcher.earliest(observation), to: ConnectionMatcher.latest(observation)
        ) { segment in
            ConnectionMatcher.match(
                segment, edge: edge, sourcePort: sourcePort, point: point, uid: record.uid, observation, &search)
            return search.goesOn
        }
        if let best = search.best {
            try change(try segments.segment(best.segment), best.connection) { $0.add(said, to: best.connection) }
            report.merged += 1
        } else {
            let target = try segments.segment(for: observation)
            target.table.add(edge: edge, sourcePort: sourcePort, said)
            segments.widened(target)
            hours.add(observation, edge: edge)
            report.newConnections += 1
        }
        if isUndated { try addUndated.execute(arguments: [fingerprint.data, observation.start]) }
        lastObservation = FileIdentity.Tail(start: observation.start, fingerprint: fingerprint)
    }

    /// Remembers that a line says what an earlier last line without line feed said.
    private mutating func confirm(_ known: Fingerprint, isWhole: Bool) throws {
        if let start = otherTails[known] {
            if isWhole {
                otherTails[known] = nil
                try db.execute(
                    sql: "UPDATE file SET tail = NULL, tail_start = NULL WHERE tail = ?", arguments: [known.data])
            } else {
                lastObservation = FileIdentity.Tail(start: start, fingerprint: known)
            }
        }
        if known == unconfirmedTail?.fingerprint {
            lastObservation = unconfirmedTail
            unconfirmedTail = nil
        }
    }

    /// Takes a record that the store has already, perhaps with less.
    ///
    /// Without a time it cannot say more.
    private mutating func meet(
        _ observation: Observation, _ segment: Segment, _ place: Int, hasTime: Bool, _ report: inout FileReport
    ) throws {
        let known = segment.table.entries[place]
        if !hasTime || known.report.covers(observation) {
            report.duplicates += 1
        } else {
            // The same connection with more to say: Zeek logs a long one several times.
            try change(segment, Int(known.connection)) { $0.extend(place, observation) }
            report.merged += 1
        }
    }

    /// What makes a record the same in another file: the source's identifier, both ends and start (to the microsecond,
    /// which every form of the log keeps); of flows gathered from packets the identifier and the ends, whichever began
    /// it; without an identifier, the line's bytes and its how-manieth time.
    private mutating func fingerprint(
        _ record: FlowRecord, _ bytes: UnsafeRawBufferPointer, _ named: String?
    ) -> Fingerprint {
        var hash = hasher
        hash.combine(named ?? "")
        if let uid = record.uid, let start = record.start {
            hash.combine(uid)
            hash.combine(record.tuple.proto.rawValue)
            hash.combine(record.icmp.map { UInt16($0.type) << 8 | UInt16($0.code) } ?? .max)
            let tuple = record.tuple
            let isOfPackets = Self.isOfPackets(record)
            // Messages that stand alone are one way only.
            let isTurned =
                isOfPackets && (record.icmp == nil || record.icmpIdentifier != nil)
                && (tuple.destination, tuple.destinationPort) < (tuple.source, tuple.sourcePort)
            func combine(_ address: IPAddress, _ port: UInt16) {
                hash.combine(address.family.rawValue)
                hash.combine(address.bits)
                hash.combine(port)
            }
            if isTurned { combine(tuple.destination, tuple.destinationPort) }
            combine(tuple.source, tuple.sourcePort)
            if !isTurned { combine(tuple.destination, tuple.destinationPort) }
            // What of a capture comes later can turn a flow round and lie before its start.
            if !isOfPackets {
                let (rounded, over) = start.rawValue.addingReportingOverflow(500)
                hash.combine(UInt64(bitPattern: (over ? start.rawValue : rounded) / 1000))
            }
            return hash.digest
        }
        var line = bytes
        if line.last == 0x0D { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
        hash.combine(line)
        let base = hash.digest
        let count = repeats.change(base, from: 0) { count in
            count += 1
            return count
        }
        hash.combine(UInt64(count - 1))
        return hash.digest
    }

    private mutating func edge(_ key: EdgeKey) throws -> Int64 {
        let packed = PackedEdge(key)
        if let known = edges[packed] { return known }
        let id = try rows.edge(key)
        edges.insert(packed, id)
        return id
    }

    private mutating func point(named name: String) throws -> Int32 {
        if let lastPoint, lastPoint.name == name { return lastPoint.id }
        let id = try points[name] ?? row(ofPoint: name)
        points[name] = id
        lastPoint = (name, id)
        return id
    }

    private func row(ofPoint name: String) throws -> Int32 {
        try db.execute(sql: "INSERT INTO point (name) VALUES (?) ON CONFLICT DO NOTHING", arguments: [name])
        let id = try Int64.fetchOne(db, sql: "SELECT id FROM point WHERE name = ?", arguments: [name]) ?? 0
        guard let id = Int32(exactly: id) else {
            throw FlowStoreError(.database, "the store has an observation point \(id), expected a number below 2³¹")
        }
        return id
    }

    /// The point of a file that names none: the file's name, numbered when another file has it already.
    private mutating func filePoint() throws -> Int32 {
        if let known = file.point { return known }
        var candidate = file.name
        var number = 1
        while try Bool.fetchOne(db, sql: "SELECT 1 FROM point WHERE name = ?", arguments: [candidate]) != nil {
            number += 1
            candidate = "\(file.name)#\(number)"
        }
        let id = try point(named: candidate)
        file.point = id
        return id
    }
}
