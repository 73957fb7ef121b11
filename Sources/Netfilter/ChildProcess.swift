internal import Glibc

/// What a program said when it was run to its end.
public struct ChildOutput: Sendable {
    /// The exit status; 128 plus the signal when one ended it.
    public let status: Int32
    /// What it wrote to standard output.
    public let output: [UInt8]
    /// What it wrote to standard error, as text.
    public let errors: String
}

/// A program that could not be run, or that said it failed.
public struct ChildError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The program and its arguments.
    public let command: [String]
    /// Why, in one line where the program gave one.
    public let reason: String

    /// The command and why it failed.
    public var description: String { "`\(command.joined(separator: " "))` failed: \(reason)" }
}

/// Runs other programs: `ip` for links and addresses, `conntrack` for tables.
public enum ChildProcess {
    /// Where system tools live; a user's search path often lacks the `sbin` directories.
    private static let toolDirectories = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]

    /// Finds a program on the search path or among the system's tools.
    public static func path(of program: String) -> String? {
        if program.contains("/") { return access(program, X_OK) == 0 ? program : nil }
        let search = getenv("PATH").map { String(cString: $0) } ?? ""
        let directories = search.split(separator: ":").map(String.init) + toolDirectories
        return directories.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    /// Runs a program to its end with `input` on its standard input.
    ///
    /// It starts in the namespaces of the calling thread. Output is held in memory.
    public static func run(_ command: [String], input: [UInt8] = []) throws -> ChildOutput {
        guard let program = command.first, let path = path(of: program) else {
            throw ChildError(command: command, reason: "program not found")
        }
        let files = try (0..<3).map { _ in try Descriptor(inMemory: "bulkhead-child") }
        try files[0].write(input)
        for file in files { lseek(file.number, 0, SEEK_SET) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file.number, Int32(number))
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let code = posix_spawn(&child, path, &actions, nil, arguments, environ)
        guard code == 0 else { throw SystemCallError("posix_spawn \(path)", code: code) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemCallError.last("waitpid") }
        }
        // The descriptors share their positions with the child's.
        for file in files { lseek(file.number, 0, SEEK_SET) }
        return ChildOutput(
            status: exitStatus(status), output: try files[1].readToEnd(),
            errors: String(decoding: try files[2].readToEnd(), as: UTF8.self))
    }

    /// Reads the status word of waitpid(2): the low seven bits hold a signal, the next eight the exit status.
    private static func exitStatus(_ word: Int32) -> Int32 {
        let signal = word & 0x7F
        return signal == 0 ? word >> 8 & 0xFF : 128 + signal
    }

    /// Runs a program and throws unless it exits with zero.
    @discardableResult
    public static func require(_ command: [String], input: [UInt8] = []) throws -> ChildOutput {
        let result = try run(command, input: input)
        guard result.status == 0 else {
            let line = result.errors.split(separator: "\n").first.map(String.init)
            throw ChildError(command: command, reason: line ?? "exit status \(result.status)")
        }
        return result
    }
}

extension NetworkNamespace {
    /// Runs lines of `ip` (iproute2) in this namespace, all in one process; the first that fails is thrown.
    public func ip(_ lines: [String]) throws {
        try run {
            let input = lines.map { $0 + "\n" }.joined()
            try ChildProcess.require(["ip", "-batch", "-"], input: Array(input.utf8))
        }
    }
}
