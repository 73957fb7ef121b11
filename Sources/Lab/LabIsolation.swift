internal import Glibc
internal import Netfilter

/// Why the lab cannot run here.
public struct LabRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is missing and what would help.
    public let description: String
}

/// Takes the process into namespaces of its own, so that nothing of the lab touches the machine and all of it ends with
/// the process.
public enum LabIsolation {
    private static let marker = "BULKHEAD_LAB_ISOLATED"

    /// Whether this process runs inside.
    public static var isInside: Bool { getenv(marker) != nil }

    /// Starts the same command again under `unshare` (util-linux), unless it runs there already.
    ///
    /// Returns only inside; outside the process is replaced, or a `LabRefusal` says why it cannot be. Root takes
    /// network and mount namespaces; others, or a root that may not, a user namespace too.
    public static func enter() throws {
        if isInside {
            try requireTools()
            return
        }
        try requireTools()
        let arguments = try ownArguments()
        guard let unshare = ChildProcess.path(of: "unshare") else {
            throw LabRefusal(description: "the lab needs `unshare` (package util-linux), which was not found")
        }
        let options = try workingOptions(unshare)
        setenv(marker, "1", 1)
        // The link is resolved here: inside, it would lead to `unshare`.
        let program = try ownProgram()
        let command = [unshare] + options + ["--", program] + arguments.dropFirst()
        var pointers: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        pointers.append(nil)
        execv(unshare, pointers)
        let error = SystemCallError.last("execv \(unshare)")
        for pointer in pointers { free(pointer) }
        unsetenv(marker)
        throw error
    }

    /// The options under which an empty namespace can be entered, of those that may work here.
    private static func workingOptions(_ unshare: String) throws -> [String] {
        let asRoot = ["--net", "--mount", "--propagation", "private"]
        let asUser = ["--user", "--map-root-user", "--net", "--mount"]
        let candidates = geteuid() == 0 ? [asRoot, asUser] : [asUser]
        var reason = ""
        for options in candidates {
            let result = try ChildProcess.run([unshare] + options + ["--", "true"])
            if result.status == 0 { return options }
            reason = result.errors.split(separator: "\n").first.map(String.init) ?? "exit status \(result.status)"
        }
        throw LabRefusal(
            description:
                "the lab needs network namespaces of its own, and the kernel refuses them (\(reason)); run it as"
                + " root, or allow unprivileged user namespaces (`kernel.unprivileged_userns_clone`)")
    }

    private static func requireTools() throws {
        for (tool, package) in [("ip", "iproute2"), ("conntrack", "conntrack")] where ChildProcess.path(of: tool) == nil
        {
            throw LabRefusal(description: "the lab needs `\(tool)` (package \(package)), which was not found")
        }
    }

    private static func ownArguments() throws -> [String] {
        let bytes = try Descriptor(opening: "/proc/self/cmdline", O_RDONLY).readToEnd()
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private static func ownProgram() throws -> String {
        // PATH_MAX, linux/limits.h.
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw SystemCallError.last("readlink /proc/self/exe") }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
