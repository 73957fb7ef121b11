import NetworkTypes
import PolicyFiles
import PolicyModel

/// Bulkhead's own policy as files: workloads, what is above all rulesets, and a file for each ruleset.
struct PolicyFileText {
    let workloads: [Workload]
    let policy: Policy
    let options: WriteOptions

    /// The files, by path.
    func files(notes: [Diagnostic]) -> [WrittenFile] {
        var names = ServiceNames()
        let rulesets = policy.rulesets.map { (path: "rulesets/\($0.id).yaml", content: yaml($0, &names)) }
        let guardrails = policy.guardrails.compactMap { yaml($0, &names) }
        var boundaries: [YAMLText.Entry] = []
        if !names.services.isEmpty {
            boundaries.append(
                .init(
                    "services",
                    .map(names.services.map { .init($0.name, .list($0.terms.map { .text($0) })) })))
        }
        let sets = policy.addressSets.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
        if !sets.isEmpty {
            boundaries.append(.init("addressSets", .map(sets.map { .init($0.key.rawValue, Self.addresses($0.value)) })))
        }
        if !guardrails.isEmpty { boundaries.append(.init("guardrails", .list(guardrails))) }
        var files = [file("workloads.yaml", workloadEntries, notes)]
        if !boundaries.isEmpty { files.append(file("boundaries.yaml", boundaries, [])) }
        for ruleset in rulesets { files.append(file(ruleset.path, [.init("rulesets", .list([ruleset.content]))], [])) }
        return files.sorted { $0.path < $1.path }
    }

    private func file(_ path: String, _ entries: [YAMLText.Entry], _ notes: [Diagnostic]) -> WrittenFile {
        var head = "Written by `bulkhead import`"
        head += options.source.isEmpty ? "." : " from \(options.source)."
        var text = YAMLText.comment(head)
        for note in notes { text += YAMLText.comment(note.headText) }
        let body = YAMLText.map([.init("bulkhead", .plain("1")), .init("owner", .text(options.owner))] + entries)
        return WrittenFile(path: path, text: text + body.document)
    }

    // MARK: Workloads

    private var workloadEntries: [YAMLText.Entry] {
        guard !workloads.isEmpty else { return [] }
        let items = workloads.map { workload -> YAMLText in
            var entries: [YAMLText.Entry] = [
                .init("name", .text(workload.id.rawValue)),
                .init("addresses", Self.one(workload.distinct.map { .text($0.description) })),
            ]
            if !workload.labels.isEmpty {
                let labels = workload.labels.sorted { $0.key < $1.key }
                entries.append(
                    .init("labels", .map(labels.map { .init($0.key.description, .text($0.value.description)) })))
            }
            if workload.mode != nil { entries.append(.init("agent", .plain("true"))) }
            if !workload.namedPorts.isEmpty {
                let ports = workload.namedPorts.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
                entries.append(
                    .init(
                        "ports",
                        .map(
                            ports.map { name, list in
                                var seen = Set<ProtocolPort>()
                                let texts = list.filter { seen.insert($0).inserted }.map { "\($0.proto)/\($0.port)" }
                                return .init(name.rawValue, Self.one(texts.map { .text($0) }))
                            })))
            }
            return .map(entries)
        }
        var result: [YAMLText.Entry] = [.init("workloads", .list(items))]
        let modes = EnforcementMode.allCases.filter { mode in workloads.contains { $0.mode == mode } }
        if !modes.isEmpty {
            let entries = modes.map { mode -> YAMLText in
                let members: YAMLText =
                    modes.count == 1
                    ? .text("anyWorkload")
                    : .map([
                        .init("workloads", Self.one(workloads.filter { $0.mode == mode }.map { .text($0.id.rawValue) }))
                    ])
                return .map([.init("mode", .text(mode.rawValue)), .init("members", members)])
            }
            result.append(.init("enforcement", .list(entries)))
        }
        return result
    }

    // MARK: Rules

    func yaml(_ ruleset: Ruleset, _ names: inout ServiceNames) -> YAMLText {
        var rules: [YAMLText] = []
        for rule in ruleset.rules {
            guard let match = criteria(rule.match, letsThrough: rule.action == .allow, &names) else { continue }
            let action: String =
                switch rule.action {
                case .allow: "allow"
                case .deny(.drop): "deny"
                case .deny(.reject): "reject"
                }
            var entries: [YAMLText.Entry] = [
                .init("name", .text(Self.lastName(rule.id))), .init("action", .text(action)),
            ]
            entries += match
            if rule.anywhere { entries.append(.init("anywhere", .plain("true"))) }
            rules.append(.map(entries + documentation(rule.documentation)))
        }
        return .map([
            .init("name", .text(ruleset.id)),
            .init("scope", Self.one(ruleset.scopes.map { .text($0.description) })), .init("rules", .list(rules)),
        ])
    }

    private func yaml(_ guardrail: Guardrail, _ names: inout ServiceNames) -> YAMLText? {
        guard let match = criteria(guardrail.match, letsThrough: false, &names) else { return nil }
        var entries: [YAMLText.Entry] = [.init("name", .text(guardrail.id.rawValue))]
        entries += match
        if guardrail.denial == .reject { entries.append(.init("reject", .plain("true"))) }
        return .map(entries + documentation(guardrail.documentation))
    }

    /// The criteria of a rule, or nil when it covers nothing, which files have no word for.
    private func criteria(
        _ match: TrafficMatch, letsThrough: Bool, _ names: inout ServiceNames
    ) -> [YAMLText.Entry]? {
        let services = names.texts(match.services)
        guard let from = WrittenEnd(match.from)?.yaml(letsThrough: letsThrough, sets: policy.addressSets),
            let to = WrittenEnd(match.to)?.yaml(letsThrough: letsThrough, sets: policy.addressSets), !services.isEmpty
        else { return nil }
        var entries: [YAMLText.Entry] = [
            .init("from", from), .init("to", to), .init("services", Self.one(services.map { .text($0) })),
        ]
        for relation in match.relations {
            switch relation {
            case .same(let keys): entries.append(.init("same", Self.one(keys.map { .text($0.description) })))
            case .different(let keys): entries.append(.init("different", Self.one(keys.map { .text($0.description) })))
            case .samePrincipal: entries.append(.init("samePrincipal", .plain("true")))
            }
        }
        return entries
    }

    private func documentation(_ documentation: Documentation) -> [YAMLText.Entry] {
        var entries: [YAMLText.Entry] = [.init("reason", .text(YAMLText.visible(documentation.reason)))]
        if documentation.owner != options.owner { entries.append(.init("owner", .text(documentation.owner))) }
        if let ticket = documentation.ticket { entries.append(.init("ticket", .text(ticket))) }
        return entries
    }

    private static func lastName(_ id: RuleID) -> String {
        id.rawValue.split(separator: "/").last.map(String.init) ?? id.rawValue
    }

    private static func addresses(_ set: AddressSet) -> YAMLText { .list(set.ranges.map { .text($0.description) }) }

    private static func one(_ items: [YAMLText]) -> YAMLText {
        if items.count == 1, let only = items.first { return only }
        return .list(items)
    }
}

/// Services as policy files write them, with names for long lists of protocols.
struct ServiceNames {
    private(set) var services: [(name: String, terms: [String])] = []
    /// Services that a file beside this one defines, the longest first.
    private let known: [(name: String, terms: [String])]

    /// Names for new services, beside known ones.
    init(known: [ServiceName: [ServiceTerm]] = [:]) {
        self.known = known.map { (name: $0.key.rawValue, terms: $0.value.flatMap(\.policyTexts)) }
            .filter { !$0.terms.isEmpty }
            .sorted { ($1.terms.count, $0.name) < ($0.terms.count, $1.name) }
    }

    /// The terms of a rule.
    mutating func texts(_ terms: [ServiceTerm]) -> [String] {
        var seen = Set<String>()
        var result: [String] = []
        let all = Set(terms.flatMap(\.policyTexts))
        for service in known where all.isSuperset(of: service.terms) && !seen.isSuperset(of: service.terms) {
            seen.formUnion(service.terms)
            result.append(service.name)
        }
        var numbered: [String] = []
        for text in terms.flatMap(\.policyTexts) where seen.insert(text).inserted {
            if text.hasPrefix("proto/") { numbered.append(text) } else { result.append(text) }
        }
        guard numbered.count > 8 else { return result + numbered }
        if let known = services.first(where: { $0.terms == numbered }) { return result + [known.name] }
        let name = services.isEmpty ? "other-protocols" : "other-protocols-\(services.count + 1)"
        services.append((name, numbered))
        return result + [name]
    }
}

extension ServiceTerm {
    /// The term in the words of policy files; several where ports are no one range, none where it covers nothing.
    var policyTexts: [String] {
        switch self {
        case .any: return ["any"]
        case .proto(let proto): return [proto.policyText]
        case .ports(let proto, let destination, let source):
            guard proto.hasPorts else { return [] }
            return destination.intervals.flatMap { ports -> [String] in
                source.intervals.map { from in
                    let whole = UInt16.min...UInt16.max
                    var text = proto.policyText
                    if ports != whole { text += "/" + PortSet(ports).text }
                    if from != whole { text += " from " + PortSet(from).text }
                    return text
                }
            }
        case .icmp(let proto, let type, let code):
            guard proto.isICMP else { return [] }
            return ["\(proto)/\(type)" + (code.map { ":\($0)" } ?? "")]
        case .named(let name): return ["named/\(name)"]
        }
    }
}

extension IPProtocol {
    fileprivate var policyText: String { Int(description) == nil ? description : "proto/\(rawValue)" }
}

extension Workload {
    /// The addresses, each once, in the order given.
    fileprivate var distinct: [IPAddress] {
        var seen = Set<IPAddress>()
        return addresses.filter { seen.insert($0).inserted }
    }
}

extension Diagnostic {
    /// The finding as a line at the head of a file.
    var headText: String { (location.map { "\($0.file):\($0.line): " } ?? "") + message }
}
