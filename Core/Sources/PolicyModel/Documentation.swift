public import NetworkTypes

/// Why a boundary is as it is; nothing enters policy without it.
public struct Documentation: Hashable, Sendable {
    /// Who answers for it; never empty.
    public var owner: String
    /// Why it exists; never empty.
    public var reason: String
    /// Where it was asked for or approved.
    public var ticket: String?
    /// When somebody must look at it again: the first instant of that day in UTC.
    public var review: Instant?

    /// Makes documentation.
    public init(owner: String, reason: String, ticket: String? = nil, review: Instant? = nil) {
        self.owner = owner
        self.reason = reason
        self.ticket = ticket
        self.review = review
    }
}

/// A finding about user input; findings are collected, not thrown.
public struct Diagnostic: Hashable, Sendable {
    /// How bad it is.
    public enum Severity: String, Hashable, Sendable {
        /// Nothing is loaded.
        case error
        /// Loaded, but somebody should look.
        case warning
    }

    /// A place in a file; line and column count from 1, the column in characters.
    public struct Location: Hashable, Sendable {
        /// The file's path as the user gave it.
        public var file: String
        /// The line, from 1.
        public var line: Int
        /// The column, from 1.
        public var column: Int

        /// Makes a place.
        public init(file: String, line: Int, column: Int) {
            self.file = file
            self.line = line
            self.column = column
        }
    }

    /// How bad it is.
    public var severity: Severity
    /// A short stable name of the kind of finding, such as `unknown-key`.
    public var code: String
    /// What was expected and what was got.
    public var message: String
    /// Where it is, when it has a place.
    public var location: Location?
    /// Other places that belong to it.
    public var related: [Location]

    /// Makes a finding.
    public init(
        _ severity: Severity, code: String, _ message: String, at location: Location? = nil, related: [Location] = []
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.location = location
        self.related = related
    }
}
