public import NetworkTypes
import PolicyModel

/// Loads policy files; a directory is one policy, and any error loads nothing.
public enum PolicyDirectory {
    /// Loads the file, or all `.yaml` and `.yml` files at and below the directory, in the order of their paths.
    ///
    /// - Parameters:
    ///   - path: A file or a directory; a relative path starts at the working directory.
    ///   - now: The instant for which expiry and due reviews are judged, and tests that state none.
    /// - Returns: The policy unless there is an error, and the findings.
    public static func load(_ path: String, now: Instant) -> PolicyLoadResult {
        var findings = Findings()
        let sources = PolicyFileFinder.sources(at: path, findings: &findings)
        guard !findings.hasErrors else {
            return PolicyLoadResult(policy: nil, diagnostics: findings.sorted(files: []))
        }
        return load(sources, now: now)
    }

    /// Loads files that are already read, as one policy.
    public static func load(_ sources: [PolicySource], now: Instant) -> PolicyLoadResult {
        load(sources, now: now, maximumNodes: YAMLReader.maximumNodes)
    }

    /// Loads files under another limit of values, so that tests reach it soon.
    package static func load(_ sources: [PolicySource], now: Instant, maximumNodes: Int) -> PolicyLoadResult {
        var reader = PolicyReader(now: now)
        var yaml = YAMLReader(maximumNodes: maximumNodes)
        var trees: [Tree] = []
        for source in sources {
            guard let text = SourceText(source, findings: &reader.findings),
                let tree = yaml.read(text, findings: &reader.findings)
            else { continue }
            trees.append(tree)
        }
        // A file that cannot be read would make every reference to it look dangling.
        if !reader.findings.hasErrors { reader.read(trees) }
        return PolicyLoadResult(
            policy: reader.findings.hasErrors ? nil : reader.loaded(),
            diagnostics: reader.findings.sorted(files: sources.map(\.name)))
    }
}
