public import NetworkTypes
public import PolicyModel

/// The name of a service, a named list of protocols and ports.
public typealias ServiceName = Identifier<ServiceTerm>

/// A policy as its files say it; everything is ordered by identifier, whatever file it stands in.
public struct LoadedPolicy: Hashable, Sendable {
    /// The workloads, with the labels that label rules gave them and the mode that `enforcement` gave them.
    public var workloads: [Workload]
    /// The lattice, with the standard essential rules and the declared ones.
    public var policy: Policy
    /// The flows that must be allowed or denied.
    public var tests: [LoadedTest]
    /// The boundaries that must hold.
    public var boundaryTests: [BoundaryTest]
    /// Where each label of each workload comes from.
    public var labelProvenance: [WorkloadID: [LabelKey: LabelSource]]
    /// The host names that the inventory states.
    public var hostnames: [WorkloadID: String]
    /// The named services; rules hold their terms.
    public var services: [ServiceName: [ServiceTerm]]
    /// Where each rule, guardrail, exception, quarantine and declared essential rule is written.
    public var locations: [RuleID: Diagnostic.Location]
    /// Rules with `enabled: false`, which are no part of `policy`.
    public var disabledRules: [RuleID]
}

/// A test with the instant at which its flow is judged.
///
/// A test that names workloads with several addresses gives one of these for each pair of addresses of one family, all
/// with the same identifier.
public struct LoadedTest: Hashable, Sendable {
    /// The flow and what is expected of it.
    public var test: PolicyTest
    /// When it is judged: what the test says, else the instant of loading.
    public var at: Instant
}

/// Where a workload's label comes from.
public enum LabelSource: Hashable, Sendable {
    /// The workload states it.
    case workload(Diagnostic.Location)
    /// The label rule of this name gives it.
    case labelRule(String, Diagnostic.Location)
}

/// What loading gives: a policy unless there is an error, and the findings in the order of files and lines.
public struct PolicyLoadResult: Hashable, Sendable {
    /// The policy; nil when any finding is an error.
    public var policy: LoadedPolicy?
    /// The findings, at most 1,001.
    public var diagnostics: [Diagnostic]

    /// Whether any finding is an error.
    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

extension Diagnostic {
    /// One line for people: `file:line:column: severity: message [code]`.
    public var text: String {
        let place = location.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        let others = related.map { "\($0.file):\($0.line):\($0.column)" }.joined(separator: ", ")
        return "\(place)\(severity.rawValue): \(message)\(others.isEmpty ? "" : " (see \(others))") [\(code)]"
    }
}
