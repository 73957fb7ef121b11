import FlowFormats
import Flows
import NetworkTypes

/// Any bytes are decoded without a trap, every line counts once, and what was read reads to itself.
func decodeFlows(_ bytes: UnsafeRawBufferPointer) {
    var lines = 0
    var records: [FlowRecord] = []
    func see(_ line: DecodedLine) {
        lines += 1
        if case .record(let record) = line.outcome { records.append(record) }
    }
    var decoder = FlowDecoder(observedAt: Instant(rawValue: 0))
    decoder.feed(bytes, see)
    decoder.finish(see)
    let summary = decoder.summary
    let counted =
        summary.records + summary.headersAndComments + summary.refusedLines + summary.otherStreams.values.reduce(0, +)
        + (summary.partialLine == nil ? 0 : 1)
    precondition(lines == summary.lines && counted == lines, "each line counts once")
    for record in records {
        let text = record.json
        var again = FlowDecoder()
        var read: [FlowRecord] = []
        Array((text + "\n").utf8).withUnsafeBytes { bytes in
            again.feed(bytes) { line in if case .record(let second) = line.outcome { read.append(second) } }
        }
        precondition(read.map(\.json) == [text], "a record reads to itself")
    }
}
