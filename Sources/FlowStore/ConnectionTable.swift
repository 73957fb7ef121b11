/// Connections that came into the store one after the other, with what each observation point said of them.
struct ConnectionTable: ~Copyable {
    /// What several observations say of one connection.
    struct Connection {
        let edge: Int64
        let sourcePort: UInt16
        /// Its observation that came last; -1 when the last was taken back, and the connection is no more.
        var last: Int32
        /// What its observations say together; -1 while there is one.
        fileprivate(set) var sum: Int32 = -1
    }

    /// What one observation point said in one record.
    struct Report {
        var observation: Observation
        let point: Int32
        let fingerprint: Fingerprint
        let uid: String?
        let stateText: String?
    }

    /// A report that is here.
    struct Entry {
        fileprivate(set) var report: Observation
        fileprivate(set) var isGone = false
        let connection: Int32
        /// The observation of the same connection that came before.
        fileprivate(set) var previous: Int32
        let point: Int32
        let fingerprint: Fingerprint
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

    private struct PointSums {
        var count: Int
        var byPoint: [Int32: PointSum]
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

    private(set) var span = Span()
    private(set) var connections: [Connection] = []
    private(set) var entries: [Entry] = []
    /// The entries' identifiers, and their words for states.
    private var uids = TextColumn()
    private var stateTexts = TextColumn()
    /// What their observations say together of the connections that had more than one.
    private var sums: [Observation] = []
    /// The connections of edges and ports that have only one.
    private var tuples = HashIndex()
    /// The connections of an edge and port that has several, in order of their starts.
    private var severalByTuple: [UInt64: [Int32]] = [:]
    /// What the points said of the connections with many observations.
    private var pointSums: [Int32: PointSums] = [:]
    private var fingerprints = HashIndex()
    /// Whether it differs from its row.
    var isChanged = false
    private var gone = 0

    /// How many observations it has.
    var count: Int { entries.count - gone }

    init(capacity: Int) {
        uids.reserve(capacity)
        stateTexts.reserve(capacity)
        reserve(capacity, isIndexed: true)
    }

    private mutating func reserve(_ count: Int, isIndexed: Bool) {
        entries.reserveCapacity(count)
        connections.reserveCapacity(count)
        guard isIndexed else { return }
        tuples.reserve(count)
        fingerprints.reserve(count)
    }

    // MARK: Looking

    /// What all observations of a connection say together; meaningless for one that is no more.
    @inline(__always)
    func sum(of connection: Int) -> Observation {
        let sum = connections[connection].sum
        return sum >= 0 ? sums[Int(sum)] : entries[max(Int(connections[connection].last), 0)].report
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

    private mutating func forget(_ fingerprint: Fingerprint) {
        if let known = entry(fingerprint) { fingerprints.remove(Int32(known), fingerprint.keyHash) }
    }

    /// The observations of a connection, the last first.
    @inline(__always)
    private func forEachEntry(of connection: Int, _ body: (Int) -> Void) {
        var next = connections[connection].last
        while next >= 0 {
            body(Int(next))
            next = entries[Int(next)].previous
        }
    }

    /// The observation points that saw a connection.
    func points(of connection: Int) -> Set<Int32> {
        var result: Set<Int32> = []
        forEachEntry(of: connection) { result.insert(entries[$0].point) }
        return result
    }

    /// How many connections are there, and how many of them more than one point saw.
    var counts: (connections: Int, seenTwice: Int) {
        var result = (connections: 0, seenTwice: 0)
        for number in connections.indices where connections[number].last >= 0 {
            result.connections += 1
            let point = entries[Int(connections[number].last)].point
            var isSeenTwice = false
            forEachEntry(of: number) { if entries[$0].point != point { isSeenTwice = true } }
            if isSeenTwice { result.seenTwice += 1 }
        }
        return result
    }

    /// With so many observations a connection's are added up by their points.
    private static let many = 16
    /// No connection gets more observations than these, so that its row stays one that SQLite holds
    /// (`SQLITE_MAX_LENGTH`, 10⁹ bytes): those of a table that is read every minute for 45 days.
    static let mostObservations = 65_536

    /// What a point said of a connection; nil when nothing.
    mutating func pointSum(of connection: Int, point: Int32) -> PointSum? {
        if !pointSums.isEmpty, let known = pointSums[Int32(connection)] { return known.byPoint[point] }
        var sum: PointSum?
        var count = 0
        forEachEntry(of: connection) { entry in
            count += 1
            if entries[entry].point == point {
                var said = sum ?? PointSum()
                said.add(entries[entry].report, uid: uids[entry])
                sum = said
            }
        }
        if count > Self.many {
            var sums: [Int32: PointSum] = [:]
            forEachEntry(of: connection) { entry in
                sums[entries[entry].point, default: PointSum()].add(entries[entry].report, uid: uids[entry])
            }
            pointSums[Int32(connection)] = PointSums(count: count, byPoint: sums)
        }
        return sum
    }

    /// Whether a connection has as many observations as it can have.
    func isFull(_ connection: Int) -> Bool {
        guard !pointSums.isEmpty else { return false }
        return pointSums[Int32(connection)].map { $0.count >= Self.mostObservations } ?? false
    }

    // MARK: Edges and ports

    private static func tuple(_ edge: Int64, _ port: UInt16) -> UInt64 { UInt64(bitPattern: edge) << 16 | UInt64(port) }

    /// The connection of an edge and port that has only one.
    private func only(_ edge: Int64, _ port: UInt16) -> Int32? {
        tuples.first(KeyHash.of(Self.tuple(edge, port))) { number in
            connections[Int(number)].edge == edge && connections[Int(number)].sourcePort == port
        }
    }

    /// When a connection began, and the identifier of its queries.
    struct Candidate {
        let start: Int64
        let icmpID: UInt16?
    }

    /// The connections of an edge and port that began at `latest` or before and go on until `earliest` or after, the last
    /// first, while `body` says so; nil stands for one that is passed over.
    @inline(__always)
    mutating func forEachConnection(
        edge: Int64, sourcePort: UInt16, from earliest: Int64, to latest: Int64,
        _ body: (inout ConnectionTable, Int, Candidate?) -> Bool
    ) {
        if let only = only(edge, sourcePort) {
            _ = body(&self, Int(only), candidate(only, from: earliest, to: latest))
            return
        }
        guard !severalByTuple.isEmpty, let several = severalByTuple[Self.tuple(edge, sourcePort)] else { return }
        // What began before this is over.
        let (first, under) = earliest.subtractingReportingOverflow(span.longest)
        for number in several[..<Self.count(several) { start(of: $0) <= latest }].reversed() {
            guard under || start(of: number) >= first,
                body(&self, Int(number), candidate(number, from: earliest, to: latest))
            else { return }
        }
    }

    private func start(of connection: Int32) -> Int64 { sum(of: Int(connection)).start }

    private func candidate(_ connection: Int32, from earliest: Int64, to latest: Int64) -> Candidate? {
        let sum = sum(of: Int(connection))
        guard sum.start <= latest, sum.until >= earliest else { return nil }
        return Candidate(start: sum.start, icmpID: sum.icmpID)
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
        guard !severalByTuple.isEmpty, let several = severalByTuple[tuple] else { return nil }
        // Its own sum may say something else already.
        return Self.count(several) { $0 != number && (self.start(of: $0), $0) < (start, number) }
    }

    /// Puts a connection among those of its edge and port, in order of their starts.
    private mutating func link(_ number: Int32, start: Int64) {
        let (edge, port) = (connections[Int(number)].edge, connections[Int(number)].sourcePort)
        let tuple = Self.tuple(edge, port)
        if let place = place(of: number, start: start, tuple) {
            severalByTuple[tuple]?.insert(number, at: place)
            return
        }
        guard let only = only(edge, port) else {
            tuples.insert(number, KeyHash.of(tuple))
            return
        }
        tuples.remove(only, KeyHash.of(tuple))
        severalByTuple[tuple] = (self.start(of: only), only) < (start, number) ? [only, number] : [number, only]
    }

    /// Takes a connection that began at `start` from those of its edge and port.
    private mutating func unlink(_ number: Int32, start: Int64) {
        let tuple = Self.tuple(connections[Int(number)].edge, connections[Int(number)].sourcePort)
        tuples.remove(number, KeyHash.of(tuple))
        guard let place = place(of: number, start: start, tuple) else { return }
        severalByTuple[tuple]?.remove(at: place)
        if severalByTuple[tuple]?.isEmpty ?? false { severalByTuple[tuple] = nil }
    }

    // MARK: Changing

    /// Adds a connection with its first observation.
    mutating func add(edge: Int64, sourcePort: UInt16, _ report: Report) {
        let number = Int32(connections.count)
        connections.append(Connection(edge: edge, sourcePort: sourcePort, last: -1))
        append(report, to: number)
        link(number, start: report.observation.start)
    }

    /// Adds another observation of a connection.
    mutating func add(_ report: Report, to connection: Int) {
        let before = sum(of: connection)
        append(report, to: Int32(connection))
        merge(report.observation, into: connection, before)
    }

    private mutating func append(_ report: Report, to connection: Int32) {
        let number = Int32(entries.count)
        forget(report.fingerprint)
        fingerprints.insert(number, report.fingerprint.keyHash)
        entries.append(
            Entry(
                report: report.observation, connection: connection, previous: connections[Int(connection)].last,
                point: report.point, fingerprint: report.fingerprint))
        uids.append(report.uid)
        stateTexts.append(report.stateText)
        connections[Int(connection)].last = number
        if !pointSums.isEmpty {
            pointSums[connection]?.count += 1
            pointSums[connection]?.byPoint[report.point, default: PointSum()].add(report.observation, uid: report.uid)
        }
        span.add(report.observation)
        isChanged = true
    }

    /// Adds what a later report of an observation says.
    mutating func extend(_ entry: Int, _ report: Observation) {
        let connection = entries[entry].connection
        let before = sum(of: Int(connection))
        entries[entry].report.merge(report)
        if !pointSums.isEmpty {
            let known = entries[entry]
            pointSums[connection]?.byPoint[known.point, default: PointSum()].add(known.report, uid: uids[entry])
        }
        merge(report, into: Int(connection), before)
    }

    private mutating func merge(_ report: Observation, into connection: Int, _ before: Observation) {
        var sum = before
        sum.merge(report)
        span.add(sum)
        setSum(of: connection, sum)
        if sum.start != before.start { relink(connection, from: before.start) }
        isChanged = true
    }

    private mutating func setSum(of connection: Int, _ sum: Observation?) {
        let place = Int(connections[connection].sum)
        guard let sum else {
            connections[connection].sum = -1
            return
        }
        if place >= 0 {
            sums[place] = sum
        } else {
            connections[connection].sum = Int32(sums.count)
            sums.append(sum)
        }
    }

    private mutating func relink(_ connection: Int, from start: Int64) {
        unlink(Int32(connection), start: start)
        if connections[connection].last >= 0 { link(Int32(connection), start: sum(of: connection).start) }
    }

    /// Takes an observation back; its connection becomes what the others say, or goes with the last.
    mutating func remove(_ entry: Int) {
        let gone = entries[entry]
        let connection = Int(gone.connection)
        let before = self.sum(of: connection)
        entries[entry].isGone = true
        self.gone += 1
        forget(gone.fingerprint)
        if connections[connection].last == Int32(entry) {
            connections[connection].last = gone.previous
        } else {
            var next = connections[connection].last
            while next >= 0, entries[Int(next)].previous != Int32(entry) { next = entries[Int(next)].previous }
            if next >= 0 { entries[Int(next)].previous = gone.previous }
        }
        var sum: Observation?
        forEachEntry(of: connection) { other in
            if sum?.merge(entries[other].report) == nil { sum = entries[other].report }
        }
        setSum(of: connection, sum)
        // What is left may begin later than all that the span knows.
        if let sum { span.add(sum) }
        if !pointSums.isEmpty { pointSums[gone.connection] = nil }
        relink(connection, from: before.start)
        isChanged = true
    }

    /// A connection on its way into another table, with its observations in the order in which they came.
    struct Parcel {
        let edge: Int64
        let sourcePort: UInt16
        let reports: [Report]
    }

    /// Takes a connection out.
    mutating func take(_ connection: Int) -> Parcel {
        var taken: [Report] = []
        var next = connections[connection].last
        while next >= 0 {
            let (place, entry) = (Int(next), entries[Int(next)])
            taken.append(
                Report(
                    observation: entry.report, point: entry.point, fingerprint: entry.fingerprint, uid: uids[place],
                    stateText: stateTexts[place]))
            entries[place].isGone = true
            forget(entry.fingerprint)
            next = entry.previous
        }
        gone += taken.count
        unlink(Int32(connection), start: sum(of: connection).start)
        connections[connection].last = -1
        setSum(of: connection, nil)
        if !pointSums.isEmpty { pointSums[Int32(connection)] = nil }
        isChanged = true
        return Parcel(
            edge: connections[connection].edge, sourcePort: connections[connection].sourcePort,
            reports: taken.reversed())
    }

    /// Puts a connection in.
    mutating func put(_ parcel: Parcel) {
        let connection = connections.count
        for (order, report) in parcel.reports.enumerated() {
            if order == 0 {
                add(edge: parcel.edge, sourcePort: parcel.sourcePort, report)
            } else {
                add(report, to: connection)
            }
        }
    }

    // MARK: The row

    /// The first bytes of the form below, which is columns of little-endian numbers.
    private static let magic: UInt32 = 0x3153_4842

    /// What is written into the row.
    func encoded() -> [UInt8] {
        var numbers = [Int32](repeating: -1, count: connections.count)
        var alive: Int32 = 0
        for number in connections.indices where connections[number].last >= 0 {
            numbers[number] = alive
            alive += 1
        }
        let (asked, applications) = (texts { $0.askedAddress }, texts { $0.application })
        let texts = [uids, stateTexts, asked, applications]
        let entryLength = 4 + ByteWriter.varintLength + 16 + Observation.encodedLength
        let room = 12 + 10 * Int(alive) + count * entryLength + texts.reduce(0) { $0 + $1.bytes.count }
        return [UInt8](unsafeUninitializedCapacity: room) { buffer, written in
            var out = ByteWriter(UnsafeMutableRawBufferPointer(buffer))
            out.append(Self.magic)
            out.append(UInt32(alive))
            out.append(UInt32(count))
            var edges = out.column(8 * Int(alive))
            for connection in connections where connection.last >= 0 {
                edges.append(connection.edge)
                out.append(connection.sourcePort)
            }
            var owners = out.column(4 * count)
            for place in entries.indices where !entries[place].isGone {
                owners.append(numbers[Int(entries[place].connection)])
                out.append(varint: Int64(entries[place].point))
            }
            var lows = out.column(8 * count)
            var highs = out.column(8 * count)
            for place in entries.indices where !entries[place].isGone {
                lows.append(entries[place].fingerprint.low)
                highs.append(entries[place].fingerprint.high)
                entries[place].report.append(to: &out)
            }
            for column in texts {
                if gone == 0 {
                    out.append(column.bytes[...])
                } else {
                    for place in entries.indices where !entries[place].isGone { out.append(column.encoded(place)) }
                }
            }
            written = out.place
        }
    }

    @inline(__always)
    private func texts(_ text: (Observation) -> String?) -> TextColumn {
        var column = TextColumn()
        column.reserve(entries.count)
        for place in entries.indices { column.append(text(entries[place].report)) }
        return column
    }

    /// Reads what `encoded` wrote; nil when it is something else.
    ///
    /// Without `isIndexed` nothing can be found by fingerprint or tuple: readers look at all of it.
    init?(encoded bytes: UnsafeRawBufferPointer, isIndexed: Bool) {
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
        guard let uids = TextColumn(&columns, count), let stateTexts = TextColumn(&columns, count),
            let asked = TextColumn(&columns, count), let applications = TextColumn(&columns, count)
        else { return nil }
        (self.uids, self.stateTexts) = (uids, stateTexts)
        reserve(count, isIndexed: isIndexed)
        // Connections stand in the order of their first observations that are left.
        var numbers = [Int32](repeating: -1, count: Int(connectionCount))
        for index in 0..<count {
            guard numbers.indices.contains(Int(owners[index])), let point = Int32(exactly: points[index]) else {
                return nil
            }
            let owner = Int(owners[index])
            reports[index].askedAddress = asked[index]
            reports[index].application = applications[index]
            if numbers[owner] < 0 {
                numbers[owner] = Int32(connections.count)
                connections.append(Connection(edge: edges[owner], sourcePort: ports[owner], last: -1))
            } else {
                var sum = sum(of: Int(numbers[owner]))
                sum.merge(reports[index])
                setSum(of: Int(numbers[owner]), sum)
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
                    point: point, fingerprint: fingerprint))
            connections[Int(connection)].last = Int32(index)
        }
        for number in connections.indices {
            let sum = sum(of: number)
            span.add(sum)
            if isIndexed { link(Int32(number), start: sum.start) }
        }
    }
}
