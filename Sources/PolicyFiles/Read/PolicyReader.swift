import NetworkTypes
import PolicyModel

/// Reads trees into the nouns of the policy model; what is wrong becomes a finding and the reading goes on.
struct PolicyReader {
    let now: Instant
    var findings = Findings()

    /// What rules may refer to.
    var workloads: [NamedWorkload] = []
    var workloadIndex: [String: Int] = [:]
    var services: [String: [ServiceTerm]] = [:]
    var addressSets: [String: AddressSet] = [:]
    var labelRules: [LabelRule] = []

    /// Where each port name is used.
    var portNameUses: [(name: PortName, location: Diagnostic.Location)] = []

    var labelProvenance: [WorkloadID: [LabelKey: LabelSource]] = [:]
    /// Where each label dimension is first used by a selector, and with which values.
    var selectorUses: [SelectorUse] = []

    var policy = Policy()
    var tests: [LoadedTest] = []
    var boundaryTests: [BoundaryTest] = []
    var locations: [RuleID: Diagnostic.Location] = [:]
    var disabledRules: [RuleID] = []
    /// Names of rulesets, guardrails and quarantines, which share one space because rule identifiers start with them.
    var groupNames: [String: Diagnostic.Location] = [:]

    init(now: Instant) { self.now = now }

    /// A workload with what only the loader needs to know of it.
    struct NamedWorkload {
        var workload: Workload
        var hostname: String?
        var hasAgent: Bool
        let location: Diagnostic.Location
        let addressLocations: [Diagnostic.Location]
    }

    /// A selector at its place, for the findings about labels that no workload has.
    struct SelectorUse {
        let selector: Selector
        let location: Diagnostic.Location
    }

    /// A part of a file under one of its top keys.
    struct Section {
        let tree: Tree
        let defaults: DocumentationDefaults
    }

    /// Reads all files as one policy.
    mutating func read(_ trees: [Tree]) {
        var sections: [String: [Section]] = [:]
        for tree in trees {
            guard let file = record(tree, as: PolicyFormat.file) else { continue }
            checkVersion(file)
            let defaults = defaults(in: file, over: DocumentationDefaults())
            for key in PolicyFormat.file.keys {
                if let tree = file[key.name] {
                    sections[key.name, default: []].append(Section(tree: tree, defaults: defaults))
                }
            }
        }
        func all(_ key: String) -> [Section] { sections[key] ?? [] }
        // What is referred to is read before what refers to it, in whatever file either stands.
        readServices(all("services"))
        readAddressSets(all("addressSets"))
        readWorkloads(all("workloads"))
        readLabelRules(all("labelRules"))
        applyLabelRules()
        readRulesets(all("rulesets"))
        readGuardrails(all("guardrails"))
        readQuarantines(all("quarantines"))
        readEssential(all("essential"))
        readEnforcement(all("enforcement"))
        readTests(all("tests"))
        checkPortNames()
        checkSharedAddresses()
        checkLabelUse()
    }

    private mutating func checkVersion(_ file: Record) {
        guard let tree = file["bulkhead"], let scalar = scalar(tree, "a version") else { return }
        guard scalar.text != PolicyFormat.version else { return }
        findings.report(
            .unknownVersion, "expected `bulkhead: \(PolicyFormat.version)`, got `\(scalar.text.prefix(60))`",
            at: scalar.location)
    }

    /// The items of a section that is a list of mappings, with the defaults of their file.
    mutating func records(
        _ sections: [Section], as shape: PolicyFormat.Shape
    ) -> [(record: Record, defaults: DocumentationDefaults)] {
        var result: [(Record, DocumentationDefaults)] = []
        for section in sections {
            for item in list(section.tree, of: "a list, each item of it \(shape.article)") ?? [] {
                if let record = record(item, as: shape) { result.append((record, section.defaults)) }
            }
        }
        return result
    }

    /// What was read, in the order of identifiers.
    func loaded() -> LoadedPolicy {
        var policy = policy
        policy.addressSets = Dictionary(uniqueKeysWithValues: addressSets.map { (AddressSetID(rawValue: $0), $1) })
        policy.rulesets.sort { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
        policy.guardrails.sort { $0.id < $1.id }
        policy.quarantines.sort { $0.id < $1.id }
        policy.essential.sort { $0.id < $1.id }
        let hostnames = workloads.compactMap { entry in entry.hostname.map { (entry.workload.id, $0) } }
        return LoadedPolicy(
            workloads: workloads.map(\.workload).sorted { $0.id < $1.id }, policy: policy,
            tests: tests.enumerated().sorted {
                let (a, b) = ($0.element.test.id, $1.element.test.id)
                return a == b ? $0.offset < $1.offset : a.utf8.lexicographicallyPrecedes(b.utf8)
            }.map(\.element),
            boundaryTests: boundaryTests.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) },
            labelProvenance: labelProvenance, hostnames: Dictionary(uniqueKeysWithValues: hostnames),
            services: Dictionary(uniqueKeysWithValues: services.map { (ServiceName(rawValue: $0), $1) }),
            locations: locations, disabledRules: disabledRules.sorted())
    }
}
