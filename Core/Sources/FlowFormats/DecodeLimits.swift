/// What the readers refuse to go beyond; docs/formats.md states the same numbers.
public enum DecodeLimits {
    /// The longest line, in bytes without the line feed: 1 MiB.
    public static let lineLength = 1 << 20
    /// The deepest nesting of JSON arrays and objects, the record itself included.
    public static let jsonDepth = 64
    /// The longest text that is kept from a record (identifier, state, service, observation point), in bytes.
    public static let textLength = 256
    /// The most columns of a Zeek TSV log or a VPC flow log.
    public static let columns = 1024
    /// So many ends of flows are remembered, of one file, whose ports alone do not tell a server from a client.
    public static let sharedEnds = 1 << 16
}
