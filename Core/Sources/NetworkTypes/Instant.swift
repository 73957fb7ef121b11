/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// The deciding code never reads a clock; it is told the instant.
public struct Instant: RawRepresentable, Hashable, Comparable, Sendable {
    /// Nanoseconds since the epoch; negative before it.
    public let rawValue: Int64

    /// Makes an instant from nanoseconds since the epoch.
    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
