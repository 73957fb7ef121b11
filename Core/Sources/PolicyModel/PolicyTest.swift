public import NetworkTypes

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

/// A question that a policy asks of itself: that nobody but some reach a service.
///
/// It fails when there is a flow that reaches all the same; a workload's traffic with itself does not count.
public struct BoundaryTest: Hashable, Sendable {
    /// Its unique name.
    public var id: String
    /// Who alone may reach.
    public var only: EndExpression
    /// Who is reached.
    public var reaches: EndExpression
    /// On what.
    public var services: [ServiceTerm]
    /// The instant that is asked about.
    public var at: Instant
    /// Where it is written.
    public var location: Diagnostic.Location?

    /// Makes a test.
    public init(
        id: String, only: EndExpression, reaches: EndExpression, services: [ServiceTerm], at: Instant,
        location: Diagnostic.Location? = nil
    ) {
        self.id = id
        self.only = only
        self.reaches = reaches
        self.services = services
        self.at = at
        self.location = location
    }
}
