/// A flow that the policy's authors say must be allowed or denied; it stands in the policy and is checked with it.
public struct PolicyTest: Hashable, Sendable {
    /// The name that a failure reports.
    public var id: String
    /// The flow, by addresses.
    public var flow: Flow
    /// What the policy verdict must be: `allowed` or `denied`.
    public var expected: Outcome
    /// Where it is written.
    public var location: Diagnostic.Location?

    /// Makes a test.
    public init(id: String, flow: Flow, expected: Outcome, location: Diagnostic.Location? = nil) {
        self.id = id
        self.flow = flow
        self.expected = expected
        self.location = location
    }
}
