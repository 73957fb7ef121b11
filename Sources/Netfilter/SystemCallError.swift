internal import Glibc

/// A call to the kernel that failed.
public struct SystemCallError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was called, with the path or the purpose where that helps.
    public let call: String
    /// The error number (errno(3)).
    public let code: Int32

    /// Makes an error from a call and an error number.
    public init(_ call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// The error that the calling thread got last; to be made before anything else is called.
    public static func last(_ call: String) -> SystemCallError { SystemCallError(call, code: errno) }

    /// What was called and why it failed, as people read it.
    public var description: String { "`\(call)` failed: \(String(cString: strerror(code)))" }
}
