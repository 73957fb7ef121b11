import FlowFormats
import Flows

/// Passes text on, and makes normalised lines of a packet capture, which its first four bytes tell.
struct CaptureLines {
    private enum Content {
        /// Fewer than four bytes so far.
        case unknown([UInt8])
        case text
        case capture(CaptureReader)
    }

    private var content = Content.unknown([])
    private var line: [UInt8] = []

    mutating func feed(_ piece: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch content {
        case .text: try sink(piece)
        case .capture(var reader):
            // Nothing else holds the reader while it grows.
            content = .text
            try reader.feed(piece) { record throws(any Error) in try write(record, sink) }
            content = .capture(reader)
        case .unknown(let before):
            if before.isEmpty, piece.count >= 4 {
                content = CaptureReader.recognises(piece) ? .capture(CaptureReader()) : .text
                return try feed(piece, sink)
            }
            let bytes = before + piece
            content = .unknown(bytes)
            if bytes.count >= 4 { try settle(bytes, sink) }
        }
    }

    /// Ends the input; the result is what a capture held, nil for text.
    mutating func finish(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws -> CaptureSummary? {
        if case .unknown(let bytes) = content { try settle(bytes, sink) }
        guard case .capture(var reader) = content else { return nil }
        try reader.finish { record throws(any Error) in try write(record, sink) }
        return reader.summary
    }

    private mutating func settle(_ bytes: [UInt8], _ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        content = CaptureReader.recognises(bytes) ? .capture(CaptureReader()) : .text
        try bytes.withUnsafeBytes { try feed($0, sink) }
    }

    private mutating func write(_ record: FlowRecord, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        line.removeAll(keepingCapacity: true)
        record.appendJSON(to: &line)
        line.append(0x0A)
        try line.withUnsafeBytes { try sink($0) }
    }
}
