import FlowFormats
import Flows
import NetworkTypes

/// Reads flow files without storing anything.
public enum FlowDecoding {
    /// Writes every record as one normalised JSON line, line feed included, to `sink`, in the order of the files.
    ///
    /// `-` is standard input; gzip is unpacked. Lines that carry no time (conntrack entries) get the file's last
    /// change, and none from standard input. A file that cannot be read is reported in its `failure`; what `sink`
    /// throws ends everything. The bytes are valid during the call only.
    public static func decode(
        _ paths: [String], _ sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> [FileReport] {
        var reports: [FileReport] = []
        var line: [UInt8] = []
        for path in paths {
            var report = FileReport(path: path)
            var decoder = FlowDecoder()
            do {
                let source = try ByteSource(path: path)
                decoder = FlowDecoder(observedAt: source.modified.map(Instant.init(rawValue:)))
                func emit(_ decoded: DecodedLine) throws {
                    guard case .record(let record) = decoded.outcome else { return }
                    line.removeAll(keepingCapacity: true)
                    record.appendJSON(to: &line)
                    line.append(0x0A)
                    try line.withUnsafeBytes { try sink($0) }
                }
                report.capture = try source.read { try decoder.feed($0, emit) }
                try decoder.finish(emit)
            } catch let error as FlowStoreError {
                report.failure = error
            }
            report.lines = decoder.summary
            reports.append(report)
        }
        return reports
    }
}
