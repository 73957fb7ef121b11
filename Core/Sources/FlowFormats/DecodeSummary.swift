/// What a decoder has seen: every line is counted in exactly one place.
public struct DecodeSummary: Sendable, Hashable {
    /// All lines, a last one without line feed included.
    public private(set) var lines = 0
    /// Lines that were connections.
    public private(set) var records = 0
    /// Headers, comments and empty lines.
    public private(set) var headersAndComments = 0
    /// Lines of logs that do not record connections, by the log's name.
    public private(set) var otherStreams: [String: Int] = [:]
    /// Refused lines by reason.
    public private(set) var refused: [RefusalReason: Int] = [:]
    /// The first refused line of each reason.
    public private(set) var firstPlaces: [RefusalReason: LinePlace] = [:]
    /// The last line when it had no line feed and could not be read; neither a record nor refused.
    public private(set) var partialLine: LinePlace?
    /// The format of the first line that showed one; nil when no line did.
    public private(set) var format: FlowFormat?

    init() {}

    /// The number of refused lines.
    public var refusedLines: Int { refused.values.reduce(0, +) }

    mutating func recognise(_ seen: FlowFormat) {
        if format == nil { format = seen }
    }

    mutating func count(_ outcome: LineOutcome, at place: LinePlace) {
        lines += 1
        switch outcome {
        case .record: records += 1
        case .header, .comment: headersAndComments += 1
        case .otherStream(let name):
            // A hostile log could name a new stream on every line; past 64 names the rest share one.
            let key = otherStreams[name] != nil || otherStreams.count < 64 ? name : "others"
            otherStreams[key, default: 0] += 1
        case .partial: partialLine = place
        case .refused(let reason):
            refused[reason, default: 0] += 1
            if firstPlaces[reason] == nil { firstPlaces[reason] = place }
        }
    }
}
