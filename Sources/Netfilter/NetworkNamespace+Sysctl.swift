internal import Glibc

extension NetworkNamespace {
    /// Sets a variable under `/proc/sys`, such as `net/ipv4/ip_forward`, in this namespace only.
    public func set(sysctl name: String, to value: String) throws {
        try set(sysctls: [(name, value)])
    }

    /// Sets several variables under `/proc/sys` in order; the first that fails is thrown and the rest are left.
    public func set(sysctls: [(name: String, value: String)]) throws {
        try run {
            for (name, value) in sysctls {
                let path = "/proc/sys/\(name)"
                let file = try Descriptor(opening: path, O_WRONLY)
                do throws(SystemCallError) {
                    try file.write(Array(value.utf8))
                } catch {
                    throw SystemCallError("write \(path)", code: error.code)
                }
            }
        }
    }

    /// Reads a variable under `/proc/sys`, without the line's end.
    public func sysctl(_ name: String) throws -> String {
        try run {
            let bytes = try Descriptor(opening: "/proc/sys/\(name)", O_RDONLY).readToEnd()
            let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
            return String(decoding: line, as: UTF8.self)
        }
    }

    /// Counts packets and bytes of connections that start from now on (`nf_conntrack_acct`).
    public func countConnections() throws { try set(sysctl: "net/netfilter/nf_conntrack_acct", to: "1") }
}
