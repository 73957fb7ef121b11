/// Why the store could not do something; `message` is meant for people.
public struct FlowStoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public enum Code: String, Sendable {
        /// A file cannot be opened or read.
        case unreadable
        /// A file was written to while it was read.
        case changed
        /// A compressed file is damaged or ends early.
        case badCompression
        /// A compressed file unpacks to more than the limits allow.
        case compressionLimit
        /// The data directory cannot be used.
        case badDirectory
        /// The database was made by a newer version.
        case newerSchema
        /// The database was made by a version before the first release.
        case olderSchema
        /// The database cannot be read or written.
        case database
    }

    /// The kind of the failure.
    public let code: Code
    /// What happened, in a sentence without a full stop.
    public let message: String

    public var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
