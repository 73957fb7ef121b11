internal import Glibc

/// The connections that a namespace tracks, as text, one a line.
///
/// The lines are those of `/proc/net/nf_conntrack` (kernel, `nf_conntrack_standalone.c`), which
/// `conntrack -L -o extended` writes too. Connections are tracked only where some rule asks for their state.
public struct ConntrackDump: Sendable {
    /// Where the text came from.
    public enum Source: String, Hashable, Sendable {
        /// The kernel's own text file; only the machine's root may read it.
        case proc
        /// The program `conntrack`, which asks by netlink.
        case tool
    }

    /// The text; each line ends with a newline.
    public let text: [UInt8]
    /// Where it came from.
    public let source: Source

    /// Reads the table of a namespace, from the kernel's file where that may be read, else by the program.
    public init(of namespace: NetworkNamespace) throws {
        let result = try namespace.run { () throws -> ([UInt8], Source) in
            // Not `/proc/net`, which leads to the namespace of the process's first thread.
            if let file = try? Descriptor(opening: "/proc/thread-self/net/nf_conntrack", O_RDONLY) {
                return (try file.readToEnd(), .proc)
            }
            var text: [UInt8] = []
            for family in ["ipv4", "ipv6"] {
                let command = ["conntrack", "-L", "-f", family, "-o", "extended"]
                text += try ChildProcess.require(command).output
            }
            return (text, .tool)
        }
        text = result.0
        source = result.1
    }

    /// The number of lines.
    public var count: Int { text.count { $0 == UInt8(ascii: "\n") } }
}
