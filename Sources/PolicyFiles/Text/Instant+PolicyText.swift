package import NetworkTypes

extension Instant {
    /// Reads a time as policy files write it, such as `2027-01-31T18:00:00Z` (RFC 3339 §5.6); nil when it is none.
    package init?(policyText text: String) {
        guard let instant = try? TimeText.instant(text) else { return nil }
        self = instant
    }
}
