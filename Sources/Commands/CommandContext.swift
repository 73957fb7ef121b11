public import Foundation
import Glibc
public import NetworkTypes

/// What a command may touch: its streams, the terminal's manners and the instant it runs at.
public final class CommandContext {
    /// Where bytes go; throws when nobody reads them any more.
    public typealias Sink = (ArraySlice<UInt8>) throws -> Void

    /// The instant at which the command runs.
    public let now: Instant
    /// The columns that text may take, or nil when it goes to a file or a pipe.
    public let width: Int?
    /// Whether colours are welcome: a terminal, and `NO_COLOR` (no-color.org) unset.
    public let usesColours: Bool
    /// Whether progress may be shown on standard error.
    public let showsProgress: Bool
    /// The file descriptor of standard input.
    let input: FileHandle
    /// Waits for half a second, and says whether to go on.
    let pause: () -> Bool
    private let output: Sink
    private let errors: Sink
    private var buffer: [UInt8] = []

    /// Makes a context.
    public init(
        now: Instant, width: Int? = nil, usesColours: Bool = false, showsProgress: Bool = false,
        input: FileHandle = .nullDevice, pause: @escaping () -> Bool = { usleep(500_000) == 0 || errno == EINTR },
        output: @escaping Sink, errors: @escaping Sink
    ) {
        self.pause = pause
        self.now = now
        self.width = width
        self.usesColours = usesColours
        self.showsProgress = showsProgress
        self.input = input
        self.output = output
        self.errors = errors
    }

    /// The context of this process.
    public static func ofProcess() -> CommandContext {
        signal(SIGPIPE, SIG_IGN)
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var size = winsize()
        var width: Int?
        if isTerminal {
            width = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
        }
        if let columns = environment["COLUMNS"].flatMap(Int.init), columns > 0 { width = columns }
        return CommandContext(
            now: Instant(rawValue: Int64(Date().timeIntervalSince1970 * 1_000_000_000)), width: width,
            usesColours: welcomesColours(isTerminal: isTerminal, environment),
            showsProgress: isatty(STDERR_FILENO) == 1, input: .standardInput,
            output: { try writeAll($0, to: STDOUT_FILENO) }, errors: { try writeAll($0, to: STDERR_FILENO) })
    }

    /// Whether colours are welcome: on a terminal that is not dumb, unless `NO_COLOR` is set and not empty.
    package static func welcomesColours(isTerminal: Bool, _ environment: [String: String]) -> Bool {
        isTerminal && environment["NO_COLOR"] ?? "" == "" && environment["TERM"] != "dumb"
    }

    private static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                throw BrokenOutput(code: errno)
            }
        }
    }

    /// Prints a line of the command's result.
    func print(_ line: String = "") throws { try write(Array((line + "\n").utf8)) }

    /// Writes bytes of the command's result; they may stay in a buffer until `flush`.
    func write(_ bytes: some Collection<UInt8>) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= 65_536 { try flush() }
    }

    /// Hands over what was written.
    func flush() throws {
        guard !buffer.isEmpty else { return }
        try output(buffer[...])
        buffer.removeAll(keepingCapacity: true)
    }

    /// Prints a line to standard error, after what was printed before.
    func note(_ line: String) throws {
        try flush()
        try errors(Array((line + "\n").utf8)[...])
    }

    /// Prints a table in the terminal's width, and says which columns that has no room for.
    func print(_ table: Table) throws {
        for line in table.lines(width: width) { try print(line) }
        let missing = table.leftOut(width: width)
        guard !missing.isEmpty else { return }
        try say("not shown, for want of width: \(missing.joined(separator: ", "))", .faint)
    }

    /// Shows how far a long task is, on one line that the next overwrites; nil clears it.
    ///
    /// Shows nothing unless on a terminal.
    func progress(_ text: String?) throws {
        guard showsProgress else { return }
        try errors(Array(("\r\u{1B}[K" + (text ?? "")).utf8)[...])
    }
}

/// Output could not be written: the reader is gone, or the disk is full.
package struct BrokenOutput: Error {
    let code: Int32

    package init(code: Int32) { self.code = code }
}
