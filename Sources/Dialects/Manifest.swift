import PolicyFiles
import PolicyModel

/// A Kubernetes object as it was written.
struct Manifest {
    /// The API group, empty for the core group, and the version.
    let group: String
    let version: String
    /// The kind, such as `Pod`.
    let kind: String
    /// The name; generated names are empty.
    let name: String
    /// The namespace that was written.
    let namespace: String?
    /// The whole object.
    let tree: Tree

    /// Where the object starts.
    var location: Diagnostic.Location { tree.location }

    /// The group and version as written.
    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// The namespace, `default` when none is written.
    var namespaceOrDefault: String { namespace ?? "default" }
}

/// Reads manifests: YAML or JSON, several documents in a file, objects or lists of objects.
struct ManifestReader {
    /// Which files of a directory are read: manifests may be dumps of whole clusters.
    static let selection = PolicyFileFinder.Selection(
        suffixes: [".yaml", ".yml", ".json"], maximumFileBytes: 64 << 20, maximumBytes: 256 << 20)
    /// How many scalars, lists and mappings all files together may hold.
    static let maximumNodes = 8_000_000
    /// How deep lists of objects may nest.
    static let maximumListDepth = 4

    private(set) var objects: [Manifest] = []
    private var yaml: YAMLReader

    init(maximumNodes: Int = Self.maximumNodes) { yaml = YAMLReader(maximumNodes: maximumNodes) }

    /// Reads one file; what cannot be read is reported, and the rest of the file is read all the same.
    mutating func read(_ source: PolicySource, findings: inout DialectFindings) {
        var found = Findings()
        defer { findings.add(found) }
        guard let text = SourceText(source, maximumBytes: Self.selection.maximumFileBytes, findings: &found) else {
            return
        }
        for document in text.documents {
            for tree in yaml.readAll(document, findings: &found) where !tree.isNull {
                do throws(Refusal) {
                    try add(tree, of: nil, depth: 0)
                } catch {
                    findings.report(error, of: "the document")
                }
            }
        }
    }

    private mutating func add(_ tree: Tree, of list: (apiVersion: String, kind: String)?, depth: Int) throws(Refusal) {
        guard case .mapping = tree else {
            throw Refusal("expected a Kubernetes object, got \(tree.kind)", at: tree.location, code: "wrong-kind")
        }
        guard let apiVersion = try tree.text("apiVersion") ?? list?.apiVersion,
            let kind = try tree.text("kind") ?? list?.kind
        else {
            throw Refusal(
                "expected a Kubernetes object with `apiVersion` and `kind`", at: tree.location, code: "missing-key")
        }
        if kind.hasSuffix("List"), tree["items"] != nil || kind == "List" {
            guard depth < Self.maximumListDepth else {
                throw Refusal("expected lists to nest less deep", at: tree.location, code: "too-deep")
            }
            let item = String(kind.dropLast(4))
            for part in try tree.list("items") {
                try add(part, of: item.isEmpty ? nil : (apiVersion, item), depth: depth + 1)
            }
            return
        }
        let parts = apiVersion.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let metadata = tree["metadata"]
        objects.append(
            Manifest(
                group: parts.count == 2 ? String(parts[0]) : "", version: String(parts.last ?? ""), kind: kind,
                name: try metadata?.text("name") ?? "", namespace: try metadata?.text("namespace"), tree: tree))
    }
}
