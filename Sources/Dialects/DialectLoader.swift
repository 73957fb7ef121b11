import NetworkTypes
public import PolicyFiles
import PolicyModel

/// Files of one language, as the user named them.
public struct DialectFiles: Hashable, Sendable {
    /// The language.
    public var dialect: Dialect
    /// Files and directories; `-` is standard input.
    public var paths: [String]

    /// Makes a group of files.
    public init(_ dialect: Dialect, paths: [String]) {
        self.dialect = dialect
        self.paths = paths
    }
}

/// Reads policy from files, whatever its language.
public enum DialectLoader {
    /// Reads files of one language whose bytes are already in memory.
    public static func read(_ dialect: Dialect, _ sources: [PolicySource], _ options: DialectOptions) -> DialectPolicy {
        dialect.reader.read(sources, options)
    }

    /// Reads all files of each language as one policy, and puts the languages together layer by layer.
    ///
    /// - Parameters:
    ///   - groups: The files; those of one language are joined, wherever they stand.
    ///   - options: What readers need besides.
    ///   - standardInput: Gives the bytes of standard input, asked at most once.
    public static func load(
        _ groups: [DialectFiles], _ options: DialectOptions, standardInput: () throws -> [UInt8]
    ) rethrows -> DialectPolicy {
        var order: [Dialect] = []
        var paths: [Dialect: [String]] = [:]
        // Manifests beside Calico's are of the cluster that runs Calico: it enforces the policies of Kubernetes too.
        let hasCalico = groups.contains { $0.dialect == .calico }
        for group in groups {
            let dialect = hasCalico && group.dialect == .kubernetes ? .calico : group.dialect
            if paths[dialect] == nil { order.append(dialect) }
            paths[dialect, default: []] += group.paths
        }
        var parts: [DialectPolicy] = []
        for dialect in order {
            var findings = Findings()
            var sources: [PolicySource] = []
            for path in paths[dialect] ?? [] {
                if path == "-" {
                    sources.append(PolicySource(name: "standard input", bytes: try standardInput()))
                } else {
                    sources += PolicyFileFinder.sources(at: path, dialect.selection, findings: &findings)
                }
            }
            if hasCalico, dialect == .calico { sources = distinct(sources) }
            let unread = findings.sorted(files: []).map {
                DialectFinding($0, effect: $0.severity == .error ? .leftOut : .none)
            }
            if dialect == .bulkhead, findings.hasErrors {
                var part = DialectPolicy(dialects: [dialect], findings: unread)
                part.isRefused = true
                parts.append(part)
            } else {
                var part = dialect.reader.read(sources, options)
                part.findings = unread + part.findings
                parts.append(part)
            }
        }
        return DialectPolicy(combining: parts)
    }
}

extension DialectLoader {
    /// The files without those that say the same as one before, so that a directory may be named for both languages.
    private static func distinct(_ sources: [PolicySource]) -> [PolicySource] {
        var seen: Set<[UInt8]> = []
        return sources.filter { seen.insert($0.bytes).inserted }
    }
}

extension PolicyFileFinder.Selection {
    /// The same limits for files with other endings.
    fileprivate func with(suffixes: [String]) -> Self {
        var selection = self
        selection.suffixes = suffixes
        return selection
    }
}

extension Dialect {
    /// Which files of a directory are read.
    var selection: PolicyFileFinder.Selection {
        switch self {
        case .bulkhead: .policy
        case .kubernetes, .calico: ManifestReader.selection
        case .tailscale: ManifestReader.selection.with(suffixes: [".hujson", ".json"])
        }
    }

    var reader: any DialectReader.Type {
        switch self {
        case .bulkhead: BulkheadReader.self
        case .kubernetes: KubernetesReader.self
        case .calico: CalicoReader.self
        case .tailscale: TailscaleReader.self
        }
    }
}
