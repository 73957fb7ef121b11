public import Flows

/// What one line was.
public enum LineOutcome: Sendable {
    /// A connection.
    case record(FlowRecord)
    /// A line that does not record a connection, by its log's name or, in a VPC flow log, by its status; not an error.
    case otherStream(String)
    /// A header that later lines need.
    case header
    /// A line for people, or an empty one.
    case comment
    /// A line that was refused.
    case refused(RefusalReason)
    /// The beginning of a last line that has not been written to its end; it is read when the file has grown.
    case partial(RefusalReason)
}

/// A text format that flows are read from.
public enum FlowFormat: String, Sendable, Hashable, CaseIterable {
    /// Zeek logs as JSON lines.
    case zeekJSON = "zeek-json"
    /// Zeek logs as tab-separated values.
    case zeekTSV = "zeek-tsv"
    /// Entries or events of the Linux connection tracking table.
    case conntrack = "conntrack"
    /// AWS VPC flow logs as text.
    case vpcFlowLog = "aws-vpc"
    /// Packets in a file of libpcap.
    case pcap = "pcap"
    /// Packets in a file of the newer form.
    case pcapng = "pcapng"
    /// The normalised JSON lines that this package writes.
    case normalised = "bulkhead-jsonl"
}

/// Where a line stands; after decompression, if any.
public struct LinePlace: Hashable, Sendable {
    /// The number of the line; the first is 1.
    public var line: Int
    /// The offset of its first byte.
    public var offset: Int

    /// Makes a place.
    public init(line: Int, offset: Int) {
        self.line = line
        self.offset = offset
    }
}
