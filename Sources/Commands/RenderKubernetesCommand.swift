import ArgumentParser
import Dialects
import NetworkTypes
import PolicyFiles
import PolicyModel

/// `bulkhead render kubernetes`: policy as NetworkPolicy and ClusterNetworkPolicy objects.
struct RenderKubernetesCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubernetes", abstract: "Print policy as NetworkPolicy and ClusterNetworkPolicy objects.",
        usage: "bulkhead render kubernetes (--policy <path> | --from <dialect> <path>) [--out <directory>] [options]",
        discussion: """
            What is written is read back and decides what the agents do, or nothing is written. What Kubernetes cannot \
            say is refused with its place. Exit codes: 0 written; 1 written, but wider or of policy that was read in \
            part; 2 not written.
            """)

    @OptionGroup var policy: PolicyOption
    @Argument(help: ArgumentHelp("More files of the last language.", valueName: "path"))
    var paths: [String] = []
    @Option(
        help: ArgumentHelp(
            "Where the files go: a directory that is empty or not there; standard output unless given.",
            valueName: "directory"))
    var out: String?
    @Option(
        help: ArgumentHelp(
            "Where pods live whose workload has no label ns/kubernetes.io/metadata.name.", valueName: "name"))
    var namespace: String?
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let words = try DialectWords(policy.dialects.from + paths, policy: policy.policy)
        let asked = try context.load(words, policy.dialects, orPolicy: true)
        let source = words.groups.map { "\($0.dialect.rawValue) \($0.paths.joined(separator: " "))" }
            .joined(separator: ", ")
        let options = consent.options(at: instant, source: source)
        let written: WrittenPolicy
        do throws(WriteRefusal) {
            written = try KubernetesWriter.manifests(
                for: try own(asked.reading, options), namespace: namespace, options)
        } catch {
            throw try context.refuse(error, "Kubernetes policy", consent)
        }
        if let out { try context.write(written.files, to: out) }
        switch output.format {
        case .text:
            if let out {
                for file in written.files { try context.print(TerminalText.line("\(out)/\(file.path)")) }
            } else {
                try context.write(written.files.map(\.text).joined(separator: "---\n").utf8)
            }
            try context.tell(written)
        case .json, .jsonl: try context.printJSON(WrittenJSON(written, withText: out == nil), output.format)
        }
        let isExact = written.differences.isEmpty && !asked.reading.isPartial && !asked.reading.hasErrors
        return isExact && !written.notes.contains { $0.code == "cannot-say" } ? .fine : .found
    }

    /// The policy as Bulkhead's own; other languages are taken over first.
    private func own(_ reading: DialectPolicy, _ options: WriteOptions) throws(WriteRefusal) -> LoadedPolicy {
        if let loaded = reading.loaded, reading.dialects == [.bulkhead] { return loaded }
        let written = try PolicyWriter.files(for: reading, options)
        let sources = written.files.map { PolicySource(name: $0.path, text: $0.text) }
        let result = PolicyDirectory.load(sources, now: options.now)
        guard let loaded = result.policy else { throw WriteRefusal(result.diagnostics) }
        return loaded
    }
}
