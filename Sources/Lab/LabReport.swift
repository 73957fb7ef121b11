/// What a run of the lab found; its JSON is what `--format json` writes.
public struct LabReport: Codable, Sendable {
    /// A host with what it has.
    public struct Host: Codable, Sendable {
        /// Its name.
        public var name: String
        /// Its addresses.
        public var addresses: [String]
        /// What it answers to, such as `tcp/443 https`.
        public var services: [String]
        /// Whether it is a workload with an agent.
        public var isGoverned: Bool
    }

    /// The text of one host's tracked connections.
    public struct Capture: Codable, Sendable {
        /// Whose.
        public var host: String
        /// The file.
        public var path: String
        /// Its lines.
        public var lines: Int
    }

    /// A wall that was put up.
    public struct Wall: Codable, Sendable {
        /// Where.
        public var host: String
        /// Bytes of nft's language.
        public var bytes: Int
        /// How long the kernel and the library took.
        public var milliseconds: Double
    }

    /// A request that was really sent, before and after.
    public struct Path: Codable, Sendable {
        /// What was asked, as people read it.
        public var name: String
        /// `ipv4` or `ipv6`.
        public var family: String
        /// The answer with policy off; nil for none.
        public var before: String?
        /// The answer with policy on; nil for none.
        public var after: String?
        /// What the policy says of its steps: `allowed` or `denied`.
        public var verdict: String
        /// What decided: at the source, at the destination, for each step.
        public var decidedBy: [String]
        /// For a denied request: how many packets the kernel counted for the deciding rule meanwhile.
        public var kernel: String?
        /// Whether the kernel did what the policy says.
        public var agrees: Bool
    }

    /// The matrix in figures.
    public struct Matrix: Codable, Sendable {
        /// Cells that were sent, twice each.
        public var sent = 0
        /// Cells that count: the probe passed with policy off.
        public var counted = 0
        /// Of those, cells that the engine allows.
        public var allowed = 0
        /// Of those, cells that the engine denies.
        public var denied = 0
        /// Of those, cells in which the kernel did what the engine says.
        public var agreed = 0
        /// What the cells between two hosts came to.
        public var table = LabTable(columns: [], rows: [])
        /// What the cells of a family and protocol came to.
        public var protocols = LabTable(columns: [], rows: [])
        /// Cells in which kernel and engine differ.
        public var differences: [String] = []
    }

    /// The hosts.
    public var hosts: [Host] = []
    /// Where captures, flow store and policy files are, if they were kept.
    public var directory: String?
    /// What the hosts said to each other before anything was governed: requests with an answer, of those sent.
    public var answered = 0
    /// Requests sent.
    public var asked = 0
    /// The files of tracked connections.
    public var captures: [Capture] = []
    /// What the import says.
    public var importing = LabTable(columns: [], rows: [])
    /// The map.
    public var map = LabTable(columns: [], rows: [])
    /// What the draft would newly break.
    public var simulation = LabTable(columns: [], rows: [])
    /// The walls.
    public var walls: [Wall] = []
    /// The requests along and across the tiers.
    public var paths: [Path] = []
    /// The matrix.
    public var matrix = Matrix()
    /// Seconds from start to end.
    public var seconds = 0.0

    /// The fewest cells that must count.
    public static let requiredCells = 1000

    /// Whether everything came out as the policy says, on enough cells.
    public var holds: Bool {
        matrix.counted >= Self.requiredCells && matrix.agreed == matrix.counted && matrix.allowed > 0
            && matrix.denied > 0 && paths.allSatisfy(\.agrees) && paths.contains { $0.verdict == "allowed" }
            && paths.contains { $0.verdict == "denied" }
    }
}
