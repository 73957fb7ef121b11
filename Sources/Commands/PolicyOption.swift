import ArgumentParser
import Dialects
import Foundation
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// The policy that a command asks: Bulkhead's own files, files of other languages, or both.
struct PolicyOption: ParsableArguments {
    @Option(help: ArgumentHelp("A policy file, or a directory whose files are one policy.", valueName: "path"))
    var policy: String?
    @OptionGroup var dialects: DialectOption
}

/// Policy in a stated language.
struct DialectOption: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            A language and its files: \(Dialect.allCases.map(\.rawValue).joined(separator: ", ")). May be repeated; \
            then all must allow.
            """,
            valueName: "dialect path"))
    var from: [String] = []
    @Option(
        help: ArgumentHelp(
            "Tailscale: the answer of the API's devices call, which names the nodes.", valueName: "file"))
    var devices: String?
}

/// The words behind `--from`, which the parser hands over as one list.
///
/// A word that is a language begins a group, the words after it are its files. Words that belong to the command itself
/// may stand behind the last group, since the parser cannot tell them from files.
struct DialectWords {
    private(set) var groups: [DialectFiles]

    /// Reads the words; `policy` is what `--policy` says, a file of the only language if that has none.
    init(_ words: [String], policy: String? = nil) throws {
        var groups: [DialectFiles] = []
        for word in words {
            if let dialect = Dialect(rawValue: word) {
                groups.append(DialectFiles(dialect, paths: []))
            } else if groups.isEmpty {
                let names = Dialect.allCases.map(\.rawValue)
                throw CommandError(
                    "expected a language for --from: \(names.joined(separator: ", ")); got `\(word)`"
                        + Suggestion.hint(for: word, among: names))
            } else {
                groups[groups.count - 1].paths.append(word)
            }
        }
        if let policy {
            if groups.count == 1, groups[0].paths.isEmpty {
                groups[0].paths = [policy]
            } else {
                groups.insert(DialectFiles(.bulkhead, paths: [policy]), at: 0)
            }
        }
        self.groups = groups
    }

    /// Takes the last words back that are the command's own, so that there are `count` of them with those that it has already.
    mutating func take(_ count: Int, after own: [String]) -> [String] {
        let missing = count - own.count
        guard missing > 0, let last = groups.last, last.paths.count > missing else { return own }
        groups[groups.count - 1].paths.removeLast(missing)
        return last.paths.suffix(missing) + own
    }

    /// Takes back what stands behind the first file of the last language, where the command's own words are missing.
    mutating func takeQuestion(before own: [String]) -> [String] {
        guard own.isEmpty, let last = groups.last, last.paths.count > 1 else { return own }
        groups[groups.count - 1].paths = [last.paths[0]]
        return Array(last.paths.dropFirst())
    }

    /// Throws unless there is a language, and files for each.
    func check(orPolicy: Bool) throws {
        if groups.isEmpty {
            throw CommandError("expected \(orPolicy ? "--policy PATH or " : "")--from DIALECT PATH, got neither")
        }
        for group in groups where group.paths.isEmpty || group.paths.contains("") {
            throw CommandError("expected a path behind `--from \(group.dialect.rawValue)`, got none")
        }
    }
}

/// A policy that was read for asking.
struct AskedPolicy {
    let reading: DialectPolicy
    let index: PolicyIndex
    private let aliases: [WorkloadID: [String]]

    init(_ reading: DialectPolicy) {
        self.reading = reading
        var aliases: [WorkloadID: [String]] = [:]
        for (name, id) in reading.aliases.sorted(by: { $0.key < $1.key }) {
            aliases[id, default: []].append(name.rawValue)
        }
        self.aliases = aliases
        index = PolicyIndex(reading)
    }

    var workloads: [Workload] { reading.workloads }

    /// What somebody may call a workload: its identifier, its name, either without the kind, and what other languages call it.
    func names(of id: WorkloadID) -> [String] {
        let all = [id.rawValue, index.name(of: id)] + (aliases[id] ?? [])
        var result: [String] = []
        for name in all {
            let bare = name.lastIndex(of: "[").map { String(name[..<$0]) } ?? name
            for form in [name, bare] where !result.contains(form) { result.append(form) }
        }
        return result
    }

    var policy: FlatPolicy { reading.policy }
    /// Fine, unless a file could not be read.
    var status: ExitStatus { reading.hasErrors ? .found : .fine }

    /// The same to be compared with another policy: a workload that the other does not know has no address that was made up,
    /// since to the other that address is anybody's.
    func compared(with other: AskedPolicy) -> AskedPolicy {
        let known = Set(other.workloads.map(\.id))
        var result = reading
        for index in result.workloads.indices where !known.contains(result.workloads[index].id) {
            result.workloads[index].addresses.removeAll(where: reading.standIns.contains)
        }
        return AskedPolicy(result)
    }

    /// The engine on the whole policy, or on what is left without the essential rules that every policy has.
    ///
    /// Those open the same between all ends, and would hide in every answer what this policy says.
    func engine(withEssentials: Bool = true) -> PolicyEngine {
        var policy = reading.policy
        if !withEssentials {
            let standard = Set(EssentialRule.standard.map(\.id))
            for layer in policy.layers.indices where policy.layers[layer].id == Policy.layerID {
                for tier in policy.layers[layer].tiers.indices {
                    policy.layers[layer].tiers[tier].rules.removeAll { standard.contains($0.id) }
                }
            }
        }
        return PolicyEngine(workloads: reading.workloads, policy: policy)
    }

    /// The engine on the whole policy with other workloads.
    func engine(with workloads: [Workload]) -> PolicyEngine {
        PolicyEngine(workloads: workloads, policy: reading.policy)
    }
}

extension CommandContext {
    /// Reads the policy of the options; what is not understood is told on standard error.
    func loadPolicy(_ option: PolicyOption) throws -> AskedPolicy {
        try load(DialectWords(option.dialects.from, policy: option.policy), option.dialects, orPolicy: true)
    }

    /// The same for a command that has `count` words of its own, of which the parser took some for files.
    func loadPolicy(_ option: PolicyOption, _ own: [String], count: Int) throws -> (AskedPolicy, words: [String]) {
        var words = try DialectWords(option.dialects.from, policy: option.policy)
        let found = words.take(count, after: own)
        guard found.count == count else { return (try load(words, option.dialects, orPolicy: true), found) }
        return (try load(words, option.dialects, orPolicy: true), found)
    }

    /// The same for a command that may be given a path alone.
    func loadPolicy(_ option: PolicyOption, orAt paths: [String]) throws -> AskedPolicy {
        if option.policy == nil, option.dialects.from.isEmpty, paths.count == 1 {
            return try load([DialectFiles(.bulkhead, paths: paths)], option.dialects)
        }
        let words = try DialectWords(option.dialects.from + paths, policy: option.policy)
        return try load(words, option.dialects, orPolicy: true)
    }

    /// Reads what the words name.
    func load(
        _ words: DialectWords, _ option: DialectOption, orPolicy: Bool, standIns: [AddressFamily] = [.ipv4]
    ) throws -> AskedPolicy {
        try words.check(orPolicy: orPolicy)
        return try load(words.groups, option, standIns: standIns)
    }

    /// Reads groups of files; an error of Bulkhead's own files ends the command, others are told and passed over.
    func load(
        _ groups: [DialectFiles], _ option: DialectOption, standIns: [AddressFamily] = [.ipv4]
    ) throws -> AskedPolicy {
        var options = DialectOptions(now: now, standInFamilies: standIns)
        if let devices = option.devices {
            guard let bytes = FileManager.default.contents(atPath: devices) else {
                throw CommandError("expected a readable file of devices at `\(devices)`")
            }
            options.devices = PolicySource(name: devices, bytes: Array(bytes))
        }
        let reading = try DialectLoader.load(groups, options) { Array(try input.readToEnd() ?? Data()) }
        if reading.isRefused {
            let errors = reading.findings.map(\.diagnostic).filter { $0.severity == .error }
            let isOwn = groups.map(\.dialect) == [.bulkhead]
            let rest = isOwn ? "; `bulkhead policy check` shows all" : ""
            let more = errors.count > 1 ? " (and \(errors.count - 1) more\(rest))" : ""
            throw CommandError("cannot load the policy: \(errors.first?.text ?? "it is refused")\(more)")
        }
        if reading.saysNothing {
            // An answer from nothing would let everything pass.
            let errors = reading.findings.map(\.diagnostic).filter { $0.severity == .error }
            if let unread = errors.first(where: { $0.location == nil }) {
                throw CommandError("cannot read the policy: \(unread.message)")
            }
            if errors.isEmpty {
                let paths = groups.flatMap(\.paths).map { "`\($0)`" }.joined(separator: ", ")
                throw CommandError("expected workloads or policy in \(paths), got neither")
            }
        }
        for finding in reading.findings { try note(TerminalText.line(finding.text)) }
        return AskedPolicy(reading)
    }
}

extension DialectPolicy {
    /// Whether nobody and no rule is known, so that there is nothing to answer from.
    fileprivate var saysNothing: Bool {
        workloads.isEmpty
            && policy.layers.flatMap(\.tiers).allSatisfy { $0.rules.isEmpty && ($0.selections ?? []).isEmpty }
    }
}

extension DialectFinding {
    /// One line for people: the finding, and what it does to answers.
    var text: String {
        switch effect {
        case .none: diagnostic.text
        case .may: "\(diagnostic.text); answers that depend on it are `may`"
        case .leftOut: "\(diagnostic.text); answers leave it out"
        }
    }
}
