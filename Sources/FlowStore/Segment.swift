import Flows
import NetworkTypes

/// Connections that came into the store one after the other, with what each observation point said of them: one row of
/// the table `segment`.
///
/// A class, since an import changes connections in place wherever they are found.
final class Segment {
    /// What several observations say of one connection.
    struct Connection {
        let edge: Int64
        let sourcePort: UInt16
        /// Its observation that came last; -1 when the last was taken back, and the connection is no more.
        var last: Int32
    }

    /// What one observation point said of a connection in all its reports.
    struct PointSum {
        var lastEnd = Int64.min
        var lastUntil = Int64.min
        /// Whether one of them said that it is over.
        var isClosed = false
        /// Whether all are of a table of live connections.
        var isTable = true
        var uids: Set<String> = []

        fileprivate mutating func add(_ report: Observation, uid: String?) {
            lastEnd = max(lastEnd, report.end)
            lastUntil = max(lastUntil, report.until)
            switch report.stage {
            case .closed: isClosed = true
            case .complete: isTable = false
            case .opened, .alive: break
            }
            if let uid { uids.insert(uid) }
        }
    }

    /// What one observation point said.
    struct Entry {
        var report: Observation
        let connection: Int32
        /// The observation of the same connection that came before.
        var previous: Int32
        let point: Int64
        let fingerprint: Fingerprint
        let uid: String?
        let stateText: String?
        var isGone = false
    }

    private struct PointSums {
        var count: Int
        var byPoint: [Int64: PointSum]
    }

    /// The times that its connections span.
    struct Span {
        var firstStart = Int64.max
        var lastStart = Int64.min
        var lastUntil = Int64.min
        /// How long the longest of them lasts.
        var longest: Int64 = 0

        mutating func add(_ report: Observation) {
            firstStart = min(firstStart, report.start)
            lastStart = max(lastStart, report.start)
            lastUntil = max(lastUntil, report.until)
            let (length, over) = report.until.subtractingReportingOverflow(report.start)
            longest = max(longest, over ? .max : length)
        }
    }

    /// The row in the store.
    let id: Int64
    private(set) var span: Span
    private(set) var connections: [Connection] = []
    private(set) var entries: [Entry] = []
    /// What their observations say together of the connections that have more than one.
    private var sums: [Int32: Observation] = [:]
    /// The connections of edges and ports that have only one.
    private var tuples = HashIndex()
    /// The connections of an edge and port that has several, in order of their starts.
    private var severalByTuple: [UInt64: [Int32]] = [:]
    /// What the points said of the connections with many observations.
    private var pointSums: [Int32: PointSums] = [:]
    private var fingerprints = HashIndex()
    /// Whether it differs from its row.
    var isChanged = false
    /// When it was last used, in the order of uses.
    var used = 0
    /// On which shelf it stands, and the first start that belongs into it.
    var place: (shelf: Int, lower: Int64) = (0, .min)
    private var gone = 0

    /// How many observations it has.
    var count: Int { entries.count - gone }

    init(id: Int64, capacity: Int) {
        self.id = id
        span = Span()
        reserve(capacity, isIndexed: true)
    }

    private func reserve(_ count: Int, isIndexed: Bool) {
        entries.reserveCapacity(count)
        connections.reserveCapacity(count)
        guard isIndexed else { return }
        tuples.reserve(count)
        fingerprints.reserve(count)
    }

    private static func tuple(_ edge: Int64, _ port: UInt16) -> UInt64 { UInt64(bitPattern: edge) << 16 | UInt64(port) }

    /// What all observations of a connection say together; meaningless for one that is no more.
    func sum(of connection: Int) -> Observation {
        let last = Int(connections[connection].last)
        guard last >= 0, entries[last].previous >= 0 else { return entries[max(last, 0)].report }
        return sums[Int32(connection)] ?? entries[last].report
    }

    /// The connections that are there, with what is said of them.
    func forEachConnection(_ body: (Int, Connection, Observation) -> Void) {
        for (number, connection) in connections.enumerated() where connection.last >= 0 {
            body(number, connection, sum(of: number))
        }
    }

    /// The observation of a fingerprint.
    func entry(_ fingerprint: Fingerprint) -> Int? {
        fingerprints.first(fingerprint.keyHash) { entries[Int($0)].fingerprint == fingerprint }.map(Int.init)
    }

    private func forget(_ fingerprint: Fingerprint) {
        if let known = entry(fingerprint) { fingerprints.remove(Int32(known), fingerprint.keyHash) }
    }

    /// The connection of an edge and port that has only one.
    private func only(_ edge: Int64, _ port: UInt16) -> Int32? {
        tuples.first(KeyHash.of(Self.tuple(edge, port))) { number in
            let connection = connections[Int(number)]
            return connection.edge == edge && connection.sourcePort == port
        }
    }

    /// The observations of a connection, the last first.
    func forEachEntry(of connection: Int, _ body: (Entry) -> Void) {
        var next = connections[connection].last
        while next >= 0 {
            let entry = entries[Int(next)]
            body(entry)
            next = entry.previous
        }
    }

    /// With so many observations a connection's are added up by their points.
    private static let many = 16
    /// No connection gets more observations than these, so that its row stays one that SQLite holds
    /// (`SQLITE_MAX_LENGTH`, 10⁹ bytes): those of a table that is read every minute for 45 days.
    static let mostObservations = 65_536

    /// What a point said of a connection; nil when nothing.
    func pointSum(of connection: Int, point: Int64) -> PointSum? {
        if let known = pointSums[Int32(connection)] { return known.byPoint[point] }
        var sum: PointSum?
        var count = 0
        forEachEntry(of: connection) { entry in
            count += 1
            if entry.point == point { sum.addReport(entry.report, uid: entry.uid) }
        }
        if count > Self.many {
            var sums: [Int64: PointSum] = [:]
            forEachEntry(of: connection) { sums[$0.point, default: PointSum()].add($0.report, uid: $0.uid) }
            pointSums[Int32(connection)] = PointSums(count: count, byPoint: sums)
        }
        return sum
    }

    /// Whether a connection has as many observations as it can have.
    func isFull(_ connection: Int) -> Bool {
        pointSums[Int32(connection)].map { $0.count >= Self.mostObservations } ?? false
    }

    /// The connections of an edge and port that began at `latest` or before and go on until `earliest` or after, the last
    /// first, while `body` says so; nil stands for one that is passed over.
    func forEachConnection(
        edge: Int64, sourcePort: UInt16, from earliest: Int64, to latest: Int64, _ body: (Int, Observation?) -> Bool
    ) {
        func visit(_ number: Int32) -> Bool {
            let sum = sum(of: Int(number))
            return body(Int(number), sum.start <= latest && sum.until >= earliest ? sum : nil)
        }
        if let only = only(edge, sourcePort) {
            _ = visit(only)
            return
        }
        guard !severalByTuple.isEmpty, let several = severalByTuple[Self.tuple(edge, sourcePort)] else { return }
        // What began before this is over.
        let (first, under) = earliest.subtractingReportingOverflow(span.longest)
        var index = Self.count(several) { sum(of: Int($0)).start <= latest } - 1
        while index >= 0, under || sum(of: Int(several[index])).start >= first, visit(several[index]) { index -= 1 }
    }

    /// How many fulfil a condition that holds for the first ones alone.
    private static func count(_ numbers: [Int32], _ isMet: (Int32) -> Bool) -> Int {
        var (low, high) = (0, numbers.count)
        while low < high {
            let middle = (low + high) / 2
            if isMet(numbers[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// How many of the connections of an edge and port, of which there are several, come before one that began at `start`.
    private func place(of number: Int32, start: Int64, _ tuple: UInt64) -> Int? {
        severalByTuple[tuple].map { several in
            // Its own sum may say something else already.
            Self.count(several) { $0 != number && (sum(of: Int($0)).start, $0) < (start, number) }
        }
    }

    /// Puts a connection among those of its edge and port, in order of their starts.
    private func link(_ number: Int32, start: Int64) {
        let connection = connections[Int(number)]
        let tuple = Self.tuple(connection.edge, connection.sourcePort)
        if !severalByTuple.isEmpty, let place = place(of: number, start: start, tuple) {
            severalByTuple[tuple]?.insert(number, at: place)
            return
        }
        guard let only = only(connection.edge, connection.sourcePort) else {
            tuples.insert(number, KeyHash.of(tuple))
            return
        }
        tuples.remove(only, KeyHash.of(tuple))
        severalByTuple[tuple] = (sum(of: Int(only)).start, only) < (start, number) ? [only, number] : [number, only]
    }

    /// Takes a connection that began at `start` from those of its edge and port.
    private func unlink(_ number: Int32, start: Int64) {
        let connection = connections[Int(number)]
        let tuple = Self.tuple(connection.edge, connection.sourcePort)
        tuples.remove(number, KeyHash.of(tuple))
        guard let place = place(of: number, start: start, tuple) else { return }
        severalByTuple[tuple]?.remove(at: place)
        if severalByTuple[tuple]?.isEmpty ?? false { severalByTuple[tuple] = nil }
    }

    /// Adds a connection with its first observation.
    func add(
        edge: Int64, sourcePort: UInt16, _ report: Observation, point: Int64, fingerprint: Fingerprint, uid: String?,
        stateText: String?
    ) {
        let number = Int32(connections.count)
        connections.append(Connection(edge: edge, sourcePort: sourcePort, last: -1))
        append(report, to: number, point: point, fingerprint: fingerprint, uid: uid, stateText: stateText)
        link(number, start: report.start)
    }

    /// Adds another observation of a connection.
    func add(
        _ report: Observation, to connection: Int, point: Int64, fingerprint: Fingerprint, uid: String?,
        stateText: String?
    ) {
        let before = sum(of: connection)
        append(report, to: Int32(connection), point: point, fingerprint: fingerprint, uid: uid, stateText: stateText)
        merge(report, into: connection, before)
    }

    private func append(
        _ report: Observation, to connection: Int32, point: Int64, fingerprint: Fingerprint, uid: String?,
        stateText: String?
    ) {
        let number = Int32(entries.count)
        forget(fingerprint)
        entries.append(
            Entry(
                report: report, connection: connection, previous: connections[Int(connection)].last, point: point,
                fingerprint: fingerprint, uid: uid, stateText: stateText))
        connections[Int(connection)].last = number
        fingerprints.insert(number, fingerprint.keyHash)
        pointSums[connection]?.count += 1
        pointSums[connection]?.byPoint[point, default: PointSum()].add(report, uid: uid)
        span.add(report)
        isChanged = true
    }

    /// Adds what a later report of an observation says.
    func extend(_ entry: Int, _ report: Observation) {
        let connection = Int(entries[entry].connection)
        let before = sum(of: connection)
        entries[entry].report.merge(report)
        let known = entries[entry]
        pointSums[known.connection]?.byPoint[known.point, default: PointSum()].add(known.report, uid: known.uid)
        merge(report, into: connection, before)
    }

    private func merge(_ report: Observation, into connection: Int, _ before: Observation) {
        var sum = before
        sum.merge(report)
        sums[Int32(connection)] = sum
        span.add(sum)
        if sum.start != before.start { relink(connection, from: before.start) }
        isChanged = true
    }

    private func relink(_ connection: Int, from start: Int64) {
        unlink(Int32(connection), start: start)
        if connections[connection].last >= 0 { link(Int32(connection), start: sum(of: connection).start) }
    }

    /// Takes an observation back; its connection becomes what the others say, or goes with the last.
    func remove(_ entry: Int) {
        let gone = entries[entry]
        let before = self.sum(of: Int(gone.connection))
        entries[entry].isGone = true
        self.gone += 1
        forget(gone.fingerprint)
        let connection = Int(gone.connection)
        if connections[connection].last == Int32(entry) {
            connections[connection].last = gone.previous
        } else {
            var next = connections[connection].last
            while next >= 0, entries[Int(next)].previous != Int32(entry) { next = entries[Int(next)].previous }
            if next >= 0 { entries[Int(next)].previous = gone.previous }
        }
        var sum: Observation?
        forEachEntry(of: connection) { other in
            if sum?.merge(other.report) == nil { sum = other.report }
        }
        sums[gone.connection] = sum
        // What is left may begin later than all that the span knows.
        if let sum { span.add(sum) }
        pointSums[gone.connection] = nil
        relink(connection, from: before.start)
        isChanged = true
    }

    /// A connection on its way into another segment, with its observations in the order in which they came.
    struct Parcel {
        let edge: Int64
        let sourcePort: UInt16
        let entries: [Entry]
    }

    /// Takes a connection out.
    func take(_ connection: Int) -> Parcel {
        var taken: [Entry] = []
        var next = connections[connection].last
        while next >= 0 {
            let entry = entries[Int(next)]
            taken.append(entry)
            entries[Int(next)].isGone = true
            forget(entry.fingerprint)
            next = entry.previous
        }
        gone += taken.count
        unlink(Int32(connection), start: sum(of: connection).start)
        connections[connection].last = -1
        sums[Int32(connection)] = nil
        pointSums[Int32(connection)] = nil
        isChanged = true
        return Parcel(
            edge: connections[connection].edge, sourcePort: connections[connection].sourcePort,
            entries: taken.reversed())
    }

    /// Puts a connection in.
    func put(_ parcel: Parcel) {
        let connection = connections.count
        for (order, entry) in parcel.entries.enumerated() {
            if order == 0 {
                add(
                    edge: parcel.edge, sourcePort: parcel.sourcePort, entry.report, point: entry.point,
                    fingerprint: entry.fingerprint, uid: entry.uid, stateText: entry.stateText)
            } else {
                add(
                    entry.report, to: connection, point: entry.point, fingerprint: entry.fingerprint, uid: entry.uid,
                    stateText: entry.stateText)
            }
        }
    }

    /// How many observation points saw a connection.
    func points(of connection: Int) -> Set<Int64> {
        var result: Set<Int64> = []
        forEachEntry(of: connection) { result.insert($0.point) }
        return result
    }

    // MARK: The row

    /// The first bytes of the form below, which is columns of little-endian numbers.
    private static let magic: UInt32 = 0x3153_4842

    /// What is written into the row.
    func encoded() -> [UInt8] {
        // What a record takes without its texts, and some for those.
        var out = ByteColumns(capacity: entries.count * 160)
        let kept = entries.filter { !$0.isGone }
        var numbers = [Int32](repeating: -1, count: connections.count)
        var alive: [Connection] = []
        for (number, connection) in connections.enumerated() where connection.last >= 0 {
            numbers[number] = Int32(alive.count)
            alive.append(connection)
        }
        out.append(Self.magic)
        out.append(UInt32(alive.count))
        out.append(UInt32(kept.count))
        for connection in alive { out.append(connection.edge) }
        for connection in alive { out.append(connection.sourcePort) }
        for entry in kept { out.append(numbers[Int(entry.connection)]) }
        for entry in kept { out.append(varint: entry.point) }
        for entry in kept { out.append(entry.fingerprint.low) }
        for entry in kept { out.append(entry.fingerprint.high) }
        for entry in kept { entry.report.append(to: &out) }
        for entry in kept { out.append(entry.uid) }
        for entry in kept { out.append(entry.stateText) }
        for entry in kept { out.append(entry.report.askedAddress) }
        for entry in kept { out.append(entry.report.application) }
        return out.bytes
    }

    /// Reads what `encoded` wrote; nil when it is something else.
    ///
    /// Without `isIndexed` nothing can be found by fingerprint or tuple: readers look at all of it.
    init?(id: Int64, encoded bytes: UnsafeRawBufferPointer, isIndexed: Bool) {
        self.id = id
        span = Span()
        var columns = ByteColumnReader(bytes)
        guard columns.number(UInt32.self) == Self.magic, let connectionCount = columns.number(UInt32.self),
            let entryCount = columns.number(UInt32.self), Int(entryCount) <= bytes.count, connectionCount <= entryCount
        else { return nil }
        let count = Int(entryCount)
        guard let edges = columns.numbers(Int64.self, Int(connectionCount)),
            let ports = columns.numbers(UInt16.self, Int(connectionCount)),
            let owners = columns.numbers(Int32.self, count),
            let points = columns.varints(count), let lows = columns.numbers(UInt64.self, count),
            let highs = columns.numbers(UInt64.self, count)
        else { return nil }
        var reports: [Observation] = []
        reports.reserveCapacity(count)
        for _ in 0..<count {
            guard let report = Observation(&columns) else { return nil }
            reports.append(report)
        }
        guard let uids = columns.texts(count), let states = columns.texts(count), let asked = columns.texts(count),
            let applications = columns.texts(count)
        else { return nil }
        reserve(count, isIndexed: isIndexed)
        // Connections stand in the order of their first observations that are left.
        var seen = [Bool](repeating: false, count: Int(connectionCount))
        var numbers = [Int32](repeating: -1, count: Int(connectionCount))
        for index in 0..<count {
            guard seen.indices.contains(Int(owners[index])) else { return nil }
            let owner = Int(owners[index])
            reports[index].askedAddress = asked[index]
            reports[index].application = applications[index]
            if !seen[owner] {
                seen[owner] = true
                numbers[owner] = Int32(connections.count)
                connections.append(Connection(edge: edges[owner], sourcePort: ports[owner], last: -1))
            } else {
                var sum = sum(of: Int(numbers[owner]))
                sum.merge(reports[index])
                sums[numbers[owner]] = sum
            }
            let connection = numbers[owner]
            let fingerprint = Fingerprint(low: lows[index], high: highs[index])
            if isIndexed {
                forget(fingerprint)
                fingerprints.insert(Int32(index), fingerprint.keyHash)
            }
            entries.append(
                Entry(
                    report: reports[index], connection: connection, previous: connections[Int(connection)].last,
                    point: points[index], fingerprint: fingerprint, uid: uids[index], stateText: states[index]))
            connections[Int(connection)].last = Int32(index)
        }
        forEachConnection { number, _, sum in
            span.add(sum)
            if isIndexed { link(Int32(number), start: sum.start) }
        }
    }
}

extension Segment.PointSum? {
    fileprivate mutating func addReport(_ report: Observation, uid: String?) {
        var sum = self ?? Wrapped()
        sum.add(report, uid: uid)
        self = sum
    }
}

/// Columns of numbers and texts, one after the other.
struct ByteColumns {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Seven bits a byte, the lowest first, all but the last with the eighth bit; the sign is the lowest (as Protocol
    /// Buffers do, "Encoding", sint64).
    mutating func append(varint number: Int64) {
        var left = UInt64(bitPattern: number << 1 ^ number >> 63)
        while left >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        bytes.append(UInt8(left))
    }

    /// Its length and its bytes; 65,535 stands for none, and no text of a record is as long (`DecodeLimits`).
    mutating func append(_ text: String?) {
        guard let text else { return append(UInt16.max) }
        append(UInt16(clamping: min(text.utf8.count, 65_534)))
        bytes.append(contentsOf: text.utf8.prefix(65_534))
    }
}

/// Reads columns; nil where there is too little.
struct ByteColumnReader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.count - place >= size else { return nil }
        defer { place += size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
    }

    mutating func numbers<Number: FixedWidthInteger>(_: Number.Type, _ count: Int) -> [Number]? {
        let size = MemoryLayout<Number>.size
        guard (bytes.count - place) / size >= count else { return nil }
        defer { place += count * size }
        return (0..<count).map {
            Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place + $0 * size, as: Number.self))
        }
    }

    mutating func varint() -> Int64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while place < bytes.count, shift < 64 {
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift += 7
        }
        return nil
    }

    mutating func varints(_ count: Int) -> [Int64]? {
        var result: [Int64] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            guard let number = varint() else { return nil }
            result.append(number)
        }
        return result
    }

    mutating func texts(_ count: Int) -> [String?]? {
        var result: [String?] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            guard let length = number(UInt16.self) else { return nil }
            guard length != .max else {
                result.append(nil)
                continue
            }
            guard bytes.count - place >= Int(length) else { return nil }
            result.append(String(decoding: bytes[place..<place + Int(length)], as: UTF8.self))
            place += Int(length)
        }
        return result
    }
}
