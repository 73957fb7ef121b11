/// How a command ended; the number is the exit code of the process.
public enum ExitStatus: Int32, Comparable, Sendable {
    /// Done, and nothing to report.
    case fine = 0
    /// Done, and something was found: a failed check or test, a break, a difference, refused lines.
    case found = 1
    /// Not done: wrong usage or unusable input.
    case unusable = 2

    /// The graver is the greater.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Why a command could not be done; one line for people, lower case, without a final stop.
struct CommandError: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
