public import FlowFormats

/// What an import did, file by file, in the order of the files.
public struct ImportReport: Sendable {
    /// One entry per file given.
    public internal(set) var files: [FileReport] = []

    /// Connections that were not in the store before.
    public var newConnections: Int { files.reduce(0) { $0 + $1.newConnections } }
    /// Refused lines of all files.
    public var refusedLines: Int { files.reduce(0) { $0 + $1.lines.refusedLines } }
    /// Whether a file could not be imported at all.
    public var hasFailures: Bool { files.contains { $0.failure != nil } }
}

/// What became of one file.
///
/// Every record is counted as new, merged or duplicate.
public struct FileReport: Sendable {
    /// The path as it was given.
    public let path: String
    /// Its lines by what they were, with the first place of each refusal; all of them, also those known before.
    public internal(set) var lines = FlowDecoder().summary
    /// What a packet capture held, whose flows are the lines; nil for other files.
    public internal(set) var capture: CaptureSummary?
    /// Records that began a connection.
    public internal(set) var newConnections = 0
    /// Records that told more about a connection: another observation point, or a later report of the same one.
    public internal(set) var merged = 0
    /// Records that were imported before.
    public internal(set) var duplicates = 0
    /// Why the file was not imported; the store is then as before it.
    public internal(set) var failure: FlowStoreError?

    /// What the file is; nil when nothing in it showed that.
    public var format: FlowFormat? { capture?.format ?? lines.format }
    /// Whether something that may have been a flow was left out.
    public var isPartial: Bool { lines.refusedLines > 0 || capture?.isPartial == true }
}
