/// What other parts do for the lab, so that the demonstration uses them exactly as a user would.
public struct LabSteps: Sendable {
    /// Imports files of tracked connections, each with its host's name as observation point, into a data directory.
    public var importFlows: @Sendable (_ captures: [LabReport.Capture], _ data: String) throws -> LabTable
    /// The map of a data directory, with the labels of a policy directory.
    public var map: @Sendable (_ data: String, _ policy: String) throws -> LabTable
    /// What the draft would newly break in the flows of a data directory.
    public var simulate: @Sendable (_ active: String, _ draft: String, _ data: String) throws -> LabTable

    /// Names the three steps.
    public init(
        importFlows: @escaping @Sendable (_ captures: [LabReport.Capture], _ data: String) throws -> LabTable,
        map: @escaping @Sendable (_ data: String, _ policy: String) throws -> LabTable,
        simulate: @escaping @Sendable (_ active: String, _ draft: String, _ data: String) throws -> LabTable
    ) {
        self.importFlows = importFlows
        self.map = map
        self.simulate = simulate
    }
}
