public import NetworkTypes
public import PolicyModel

/// A file that a writer made.
public struct WrittenFile: Hashable, Sendable {
    /// The path below the directory that is written to, with `/` between its parts.
    public var path: String
    /// The content, with a line feed at its end.
    public var text: String

    /// Makes a file.
    public init(path: String, text: String) {
        self.path = path
        self.text = text
    }
}

/// What a writer may do beyond writing exactly what policy says (semantics §4).
public struct WriteOptions: Sendable {
    /// The instant for which expiry is judged.
    public var now: Instant
    /// Whether policy that was read in part is written: allows shrink to what was understood, denies grow.
    public var allowsPartial: Bool
    /// Whether what the target cannot say is widened, and the difference shown.
    public var allowsWidening: Bool
    /// Who answers for rules that state nobody.
    public var owner: String
    /// What heads of files call the policy that was read.
    public var source: String

    /// Makes options; unless told otherwise only exact policy is written.
    public init(
        now: Instant, allowsPartial: Bool = false, allowsWidening: Bool = false, owner: String = "imported",
        source: String = ""
    ) {
        self.now = now
        self.allowsPartial = allowsPartial
        self.allowsWidening = allowsWidening
        self.owner = owner
        self.source = source
    }
}

/// Why policy was not written; nothing of it was.
public struct WriteRefusal: Error, Hashable, Sendable {
    /// What cannot be said, with its place; never empty.
    public var diagnostics: [Diagnostic]

    /// Makes a refusal.
    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    init(_ code: String, _ message: String, at location: Diagnostic.Location? = nil) {
        self.init([Diagnostic(.error, code: code, message, at: location)])
    }
}

/// What a writer made.
public struct WrittenPolicy: Sendable {
    /// The files, by path.
    public var files: [WrittenFile]
    /// What a reader of the result should know, and what was widened, as findings with their places.
    public var notes: [Diagnostic]
    /// Flows that the two policies decide differently, when widening was allowed; at most `maximumDifferences`.
    public var differences: [FlowDifference]

    /// How many differences are kept.
    public static let maximumDifferences = 100

    init(files: [WrittenFile], notes: [Diagnostic] = [], differences: [FlowDifference] = []) {
        self.files = files
        self.notes = notes
        self.differences = differences
    }
}

/// A flow that two policies decide differently.
public struct FlowDifference: Hashable, Sendable {
    /// The flow.
    public var flow: Flow
    /// The workload at the source, when it is one's address.
    public var source: WorkloadID?
    /// The workload at the destination, when it is one's address.
    public var destination: WorkloadID?
    /// Whether the policy that was read allows it; what is written then does not, and the other way round.
    public var wasAllowed: Bool
}

extension FlowDifference {
    /// The traffic in the words of policy files, such as `tcp/443`.
    public var service: String {
        if flow.proto.hasPorts { return "\(flow.proto)/\(flow.destinationPort)" }
        return flow.icmp.map { "\(flow.proto)/\($0.type):\($0.code)" } ?? flow.proto.description
    }

    /// The flow in words: who, to whom, by what, and what was decided.
    public var text: String {
        let from = source?.rawValue ?? flow.source.address.description
        let to = destination?.rawValue ?? flow.destination.address.description
        return "`\(from)` to `\(to)` by `\(service)`, which is \(wasAllowed ? "allowed" : "denied"),"
    }
}
