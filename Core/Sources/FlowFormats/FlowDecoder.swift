import Flows
public import NetworkTypes

/// One line of the input and what it was.
public struct DecodedLine {
    /// Where the line stands.
    public let place: LinePlace
    /// The line without its line feed; valid during the call only, empty when the line was too long.
    public let bytes: UnsafeRawBufferPointer
    /// Whether a line feed ended it; a last line without one may not be complete.
    public let isTerminated: Bool
    /// What the line was.
    public let outcome: LineOutcome
}

/// Splits bytes into lines, recognises each line's format by its content, and reads it.
///
/// Fed in pieces of any size. Lines end with LF or CR LF; a UTF-8 byte order mark at the very beginning is skipped.
/// No input traps. A line costs O(its length); the memory is bounded by one line of 1 MiB.
public struct FlowDecoder {
    /// What was read so far.
    public private(set) var summary = DecodeSummary()

    private var json = ZeekJSONReader()
    private var tsv = ZeekTSVReader()
    private var vpc = VPCReader()
    private var normalised = NormalisedReader()
    /// Whether the last JSON line was of the normalised form, which is then tried first.
    private var isNormalised = false
    private var conntrack: ConntrackReader
    /// The beginning of a line whose end has not come; empty while lines come whole.
    private var pending: [UInt8] = []
    /// The length of the line being discarded because it is too long; nil when none is.
    private var discarded: Int?
    private var offset = 0

    /// Makes a decoder; `observedAt` is the time of lines that carry none (conntrack entries).
    public init(observedAt: Instant? = nil) { conntrack = ConntrackReader(observedAt: observedAt) }

    /// Reads the next piece; `sink` sees every line that ends in it, in order.
    public mutating func feed<Failure: Error>(
        _ chunk: UnsafeRawBufferPointer, _ sink: (DecodedLine) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        while start < chunk.count {
            guard let end = Self.lineFeed(chunk, from: start) else { break }
            let piece = UnsafeRawBufferPointer(rebasing: chunk[start..<end])
            start = end + 1
            if pending.isEmpty, discarded == nil {
                try line(piece, length: piece.count, isTerminated: true, sink)
            } else {
                keep(piece)
                try flush(isTerminated: true, sink)
            }
        }
        if start < chunk.count { keep(UnsafeRawBufferPointer(rebasing: chunk[start...])) }
    }

    /// Reads what is left when the input has ended without a line feed.
    public mutating func finish<Failure: Error>(
        _ sink: (DecodedLine) throws(Failure) -> Void
    ) throws(Failure) {
        guard !pending.isEmpty || discarded != nil else { return }
        try flush(isTerminated: false, sink)
    }

    private static func lineFeed(_ chunk: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        // Eight bytes at a time: a byte of `x` is zero where the input has a line feed.
        let ones: UInt64 = 0x0101_0101_0101_0101
        while index &+ 8 <= chunk.count {
            let x = chunk.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ (ones &* 0x0A)
            if (x &- ones) & ~x & (ones &* 0x80) != 0 { break }
            index &+= 8
        }
        while index < chunk.count {
            if chunk[index] == 0x0A { return index }
            index &+= 1
        }
        return nil
    }

    private mutating func keep(_ piece: UnsafeRawBufferPointer) {
        if let length = discarded {
            discarded = length + piece.count
        } else if pending.count + piece.count > DecodeLimits.lineLength + 1 {
            // One more than the limit is kept, for the CR of CR LF.
            discarded = pending.count + piece.count
            pending.removeAll(keepingCapacity: true)
        } else {
            pending.append(contentsOf: piece)
        }
    }

    private mutating func flush<Failure: Error>(
        isTerminated: Bool, _ sink: (DecodedLine) throws(Failure) -> Void
    ) throws(Failure) {
        if let length = discarded {
            discarded = nil
            try line(UnsafeRawBufferPointer(start: nil, count: 0), length: length, isTerminated: isTerminated, sink)
            return
        }
        let whole = pending
        pending.removeAll(keepingCapacity: true)
        let length = whole.count
        let result: Result<Void, Failure> = whole.withUnsafeBytes { bytes in
            do throws(Failure) {
                try line(bytes, length: length, isTerminated: isTerminated, sink)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private mutating func line<Failure: Error>(
        _ bytes: UnsafeRawBufferPointer, length: Int, isTerminated: Bool,
        _ sink: (DecodedLine) throws(Failure) -> Void
    ) throws(Failure) {
        let place = LinePlace(line: summary.lines + 1, offset: offset)
        offset += length + (isTerminated ? 1 : 0)
        var view = ByteView(bytes)
        if place.offset == 0, view.starts(with: "\u{FEFF}") { view = view.from(view.startIndex + 3, to: view.endIndex) }
        if !view.isEmpty, view[view.endIndex - 1] == 0x0D { view = view.from(view.startIndex, to: view.endIndex - 1) }
        var outcome: LineOutcome
        if length > bytes.count || view.count > DecodeLimits.lineLength {
            outcome = .refused(.lineTooLong)
        } else {
            outcome = read(view)
        }
        // In a file of a known format, a bad end is most likely a line that is still being written.
        if !isTerminated, summary.format != nil, case .refused(let reason) = outcome { outcome = .partial(reason) }
        summary.count(outcome, at: place)
        try sink(DecodedLine(place: place, bytes: bytes, isTerminated: isTerminated, outcome: outcome))
    }

    @inline(__always) private mutating func read(_ line: ByteView) -> LineOutcome {
        var first = line.startIndex
        while line[first] == 0x20 || line[first] == 0x09 { first += 1 }
        guard first < line.endIndex else { return .comment }
        do throws(RefusalReason) {
            switch line[first] {
            case UInt8(ascii: "{"):
                return try readJSON(line)
            case UInt8(ascii: "#"):
                if line.starts(with: "#separator") || line.starts(with: "#fields") { vpc.reset() }
                let outcome = try tsv.readHeader(line)
                if tsv.isActive { summary.recognise(.zeekTSV) }
                return outcome
            default:
                if try vpc.readHeader(line) {
                    summary.recognise(.vpcFlowLog)
                    return .header
                }
                // Of the headers of both, the last one counts: one of Zeek resets the other.
                if tsv.isActive, !vpc.isActive { return try tsv.readRow(line) }
                return try readWords(line)
            }
        } catch {
            return .refused(error)
        }
    }

    /// A VPC flow log's record or a conntrack entry, which holds no matter what header came before.
    @inline(__always) private mutating func readWords(_ line: ByteView) throws(RefusalReason) -> LineOutcome {
        var refusal: RefusalReason?
        do throws(RefusalReason) {
            if let outcome = try vpc.isActive ? vpc.readRow(line) : vpc.readDefault(line) {
                summary.recognise(.vpcFlowLog)
                return outcome
            }
        } catch {
            refusal = error
        }
        do throws(RefusalReason) {
            let outcome = try conntrack.read(line)
            if case .record = outcome { summary.recognise(.conntrack) }
            return outcome
        } catch {
            throw refusal ?? (VPCReader.looksLikeRecord(line) ? .noHeader : error)
        }
    }

    /// Zeek's JSON or the normalised form; which one, the line's keys tell.
    @inline(__always) private mutating func readJSON(_ line: ByteView) throws(RefusalReason) -> LineOutcome {
        for attempt in 0..<2 {
            let asNormalised = isNormalised != (attempt == 1)
            do throws(RefusalReason) {
                if asNormalised {
                    let record = try normalised.read(line)
                    isNormalised = true
                    summary.recognise(.normalised)
                    return .record(record)
                }
                let outcome = try json.read(line)
                isNormalised = false
                summary.recognise(.zeekJSON)
                return outcome
            } catch {
                if attempt == 0, error == .unknownFormat { continue }
                // A line that is cut belongs to the format of the file; the first of all may be either.
                if error != .unknownFormat { summary.recognise(asNormalised ? .normalised : .zeekJSON) }
                throw error
            }
        }
        throw .unknownFormat
    }
}
