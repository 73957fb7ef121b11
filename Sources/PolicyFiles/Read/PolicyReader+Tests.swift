import NetworkTypes
import PolicyModel

extension PolicyReader {
    /// How many flows one test may stand for.
    static let maximumFlows = 1_024

    /// Reads flows with their verdicts, and boundaries, which the key `only` tells apart.
    mutating func readTests(_ sections: [Section]) {
        var names: [String: Diagnostic.Location] = [:]
        for section in sections {
            for item in list(section.tree, of: "a list, each item of it \(PolicyFormat.test.article)") ?? [] {
                if case .mapping(let entries, _) = item, entries.contains(where: { $0.key.text == "only" }) {
                    readBoundaryTest(item, &names)
                } else {
                    readTest(item, &names)
                }
            }
        }
    }

    private mutating func readBoundaryTest(_ tree: Tree, _ names: inout [String: Diagnostic.Location]) {
        guard let record = record(tree, as: PolicyFormat.boundaryTest) else { return }
        let named = name(record["name"], .title)
        let (only, reaches) = (end(record["only"]), end(record["reaches"]))
        let services = serviceTerms(record["services"])
        let at = instant(record["at"])?.value ?? now
        guard let named, claim(named, "test", in: &names) else { return }
        boundaryTests.append(
            BoundaryTest(
                id: named.text, only: only, reaches: reaches, services: services, at: at, location: named.location))
    }

    private mutating func readTest(_ tree: Tree, _ names: inout [String: Diagnostic.Location]) {
        guard let record = record(tree, as: PolicyFormat.test) else { return }
        let named = name(record["name"], .title)
        let sources = testEnd(record["from"])
        let destinations = testEnd(record["to"])
        let service = testService(record["service"])
        let expected = word(record["expect"], among: PolicyFormat.expectations, for: "an expectation")
        let fromProcess = testProcess(record["fromProcess"])
        let toProcess = testProcess(record["toProcess"])
        let fromPrincipal = testPrincipal(record["fromPrincipal"])
        let toPrincipal = testPrincipal(record["toPrincipal"])
        let conditions = testConditions(record["conditions"])
        let at = instant(record["at"])?.value ?? now
        guard let named, claim(named, "test", in: &names), let service, let expected else { return }

        var flows: [Flow] = []
        for source in sources {
            for destination in destinations where destination.family == source.family {
                // ICMP is the message protocol of IPv4, ICMPv6 that of IPv6.
                if service.proto == .icmp, source.family != .ipv4 { continue }
                if service.proto == .icmpv6, source.family != .ipv6 { continue }
                flows.append(
                    Flow(
                        source: FlowEnd(source, process: fromProcess, principal: fromPrincipal),
                        destination: FlowEnd(destination, process: toProcess, principal: toPrincipal),
                        proto: service.proto, sourcePort: service.source, destinationPort: service.destination,
                        icmp: service.icmp, conditions: conditions))
            }
        }
        guard !flows.isEmpty else {
            if !sources.isEmpty, !destinations.isEmpty {
                findings.report(
                    .noCommonFamily,
                    "expected ends with addresses of one family that carries the protocol, got none",
                    at: named.location)
            }
            return
        }
        guard flows.count <= Self.maximumFlows else {
            findings.report(
                .tooLarge, "expected at most \(Self.maximumFlows) pairs of addresses in a test, got \(flows.count)",
                at: named.location)
            return
        }
        let outcome: Outcome = expected == "allowed" ? .allowed : .denied
        for flow in flows {
            let test = PolicyTest(id: named.text, flow: flow, expected: outcome, location: named.location)
            tests.append(LoadedTest(test: test, at: at))
        }
    }

    /// The addresses of a workload, or the one that is written.
    private mutating func testEnd(_ tree: Tree?) -> [IPAddress] {
        guard let tree, let scalar = scalar(tree, "an address or the name of a workload") else { return [] }
        if let index = workloadIndex[scalar.text] { return workloads[index].workload.addresses }
        if let address = IPAddress(scalar.text) { return [address] }
        let hint = Suggestion.hint(for: scalar.text, among: workloadIndex.keys.sorted())
        findings.report(
            .unknownWorkload,
            "expected an address or a workload that `workloads` lists, got `\(scalar.text.prefix(60))`\(hint)",
            at: scalar.location)
        return []
    }

    private mutating func testService(
        _ tree: Tree?
    ) -> (proto: IPProtocol, source: UInt16?, destination: UInt16, icmp: ICMPMessage?)? {
        guard let tree, let scalar = scalar(tree, "one protocol and port such as `tcp/443`") else { return nil }
        do throws(TextFault) {
            return try ServiceText.flow(scalar.text)
        } catch {
            findings.report(error, in: scalar)
            return nil
        }
    }

    /// A path, `none` for an end where no process is, or nothing where it is not known.
    private mutating func testProcess(_ tree: Tree?) -> Attribute<ProcessName> {
        guard let tree, let scalar = scalar(tree, "the path of a program, or `none`") else { return .unknown }
        if scalar.text == "none" { return .absent }
        return process(scalar).map { .known($0) } ?? .unknown
    }

    /// A name, a mapping with `name` and `groups`, `none`, or nothing where it is not known.
    private mutating func testPrincipal(_ tree: Tree?) -> Attribute<Principal> {
        guard let tree else { return .unknown }
        if case .mapping = tree {
            guard let record = record(tree, as: PolicyFormat.principal), let nameTree = record["name"],
                let scalar = scalar(nameTree, "the name of a principal"), let name = principalName(scalar)
            else { return .unknown }
            let groups = scalars(record["groups"], of: "the name of a group").compactMap { principalName($0) }
            return .known(Principal(name: name, groups: Set(groups)))
        }
        guard let scalar = scalar(tree, "the name of a principal, a mapping, or `none`") else { return .unknown }
        if scalar.text == "none" { return .absent }
        return principalName(scalar).map { .known(Principal(name: $0)) } ?? .unknown
    }

    private mutating func testConditions(_ tree: Tree?) -> [ConditionName: Bool] {
        var conditions: [ConditionName: Bool] = [:]
        for entry in freeMapping(tree, "conditions") {
            guard name(entry.key, .condition) else { continue }
            conditions[ConditionName(rawValue: entry.key.text)] = boolean(entry.value)
        }
        return conditions
    }
}
