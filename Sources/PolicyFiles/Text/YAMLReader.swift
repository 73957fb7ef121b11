import PolicyModel
import Yams

/// Turns text into a tree, refusing what could make it mean something else than it shows: aliases, tags, two keys alike.
package struct YAMLReader {
    /// How deep lists and mappings may nest.
    package static let maximumDepth = 64
    /// How many scalars, lists and mappings all files together may hold.
    package static let maximumNodes = 1_000_000

    private let limit: Int
    private var nodes = 0

    package init(maximumNodes limit: Int = Self.maximumNodes) { self.limit = limit }

    /// Reads one file, or reports why it cannot be read and gives nil.
    package mutating func read(_ source: SourceText, findings: inout Findings) -> Tree? {
        let errorsBefore = findings.errorCount
        do {
            let parser = try Parser(yaml: source.text, resolver: .basic, constructor: .default, encoding: .utf8)
            guard let root = try parser.nextRoot() else {
                let place = Diagnostic.Location(file: source.file, line: 1, column: 1)
                findings.report(.emptyFile, "expected a policy, got an empty file", at: place)
                return nil
            }
            if let second = try parser.nextRoot() {
                findings.report(
                    .multipleDocuments, "expected one document, got a second one after `---`; use a file for each",
                    at: Self.place(second, source))
                return nil
            }
            let tree = convert(root, depth: 0, file: source, findings: &findings)
            return findings.errorCount == errorsBefore ? tree : nil
        } catch let error as YamlError {
            YAMLFault(error, in: source).report(to: &findings)
        } catch {
            let place = Diagnostic.Location(file: source.file, line: 1, column: 1)
            findings.report(.yamlSyntax, "expected YAML", at: place)
        }
        return nil
    }

    /// Reads what stands in one part of a file: none for nothing but comments, several where `...` separates them.
    ///
    /// - Returns: The documents before the first that cannot be read.
    package mutating func readAll(_ source: SourceText, findings: inout Findings) -> [Tree] {
        var trees: [Tree] = []
        do {
            let parser = try Parser(yaml: source.text, resolver: .basic, constructor: .default, encoding: .utf8)
            while let root = try parser.nextRoot() {
                let errorsBefore = findings.errorCount
                if let tree = convert(root, depth: 0, file: source, findings: &findings),
                    findings.errorCount == errorsBefore
                {
                    trees.append(tree)
                }
                if nodes > limit { break }
            }
        } catch let error as YamlError {
            YAMLFault(error, in: source).report(to: &findings)
        } catch {
            let place = Diagnostic.Location(file: source.file, line: source.firstLine, column: 1)
            findings.report(.yamlSyntax, "expected YAML", at: place)
        }
        return trees
    }

    private mutating func convert(_ node: Node, depth: Int, file: SourceText, findings: inout Findings) -> Tree? {
        let place = Self.place(node, file)
        nodes += 1
        guard nodes <= limit else {
            if nodes == limit + 1 {
                findings.report(.tooLarge, "expected at most \(limit) values in all files", at: place)
            }
            return nil
        }
        guard depth < Self.maximumDepth else {
            findings.report(.tooDeep, "expected at most \(Self.maximumDepth) levels of nesting", at: place)
            return nil
        }
        switch node {
        case .scalar(let scalar):
            return self.scalar(scalar, isKey: false, at: place, findings: &findings).map { .scalar($0) }
        case .sequence(let sequence):
            guard Self.isUntagged(sequence.tag) else { return refuseTag(sequence.tag, at: place, &findings) }
            let parts = sequence.compactMap { convert($0, depth: depth + 1, file: file, findings: &findings) }
            return .list(parts, place)
        case .mapping(let mapping):
            guard Self.isUntagged(mapping.tag) else { return refuseTag(mapping.tag, at: place, &findings) }
            return .mapping(entries(mapping, depth: depth, file: file, findings: &findings), place)
        case .alias:
            findings.report(.yamlAlias, YAMLFault.aliasMessage, at: place)
            return nil
        }
    }

    private mutating func entries(
        _ mapping: Node.Mapping, depth: Int, file: SourceText, findings: inout Findings
    ) -> [Tree.Entry] {
        var seen: [String: Diagnostic.Location] = [:]
        var entries: [Tree.Entry] = []
        for (keyNode, valueNode) in mapping {
            let place = Self.place(keyNode, file)
            guard case .scalar(let written) = keyNode else {
                findings.report(.wrongKind, "expected a word as key, got a list or mapping", at: place)
                continue
            }
            guard let key = scalar(written, isKey: true, at: place, findings: &findings) else { continue }
            if let first = seen[key.text] {
                findings.report(
                    .duplicateKey, "expected each key once, got `\(key.text)` again", at: place, related: [first])
                continue
            }
            seen[key.text] = place
            if let value = convert(valueNode, depth: depth + 1, file: file, findings: &findings) {
                entries.append(Tree.Entry(key: key, value: value))
            }
        }
        return entries
    }

    private func scalar(
        _ scalar: Node.Scalar, isKey: Bool, at place: Diagnostic.Location, findings: inout Findings
    ) -> Scalar? {
        // Keys were compared by the reader, which resolves their tag to that of text.
        let isText = scalar.tag.rawValue == Tag.Name.str.rawValue && (isKey || scalar.style != .plain)
        guard isText || Self.isUntagged(scalar.tag) else { return refuseTag(scalar.tag, at: place, &findings) }
        if scalar.style == .plain, scalar.string.unicodeScalars.first == SourceText.anchorMark {
            findings.report(.yamlAlias, YAMLFault.aliasMessage, at: place)
            return nil
        }
        let text = SourceText.restored(scalar.string)
        if let hidden = text.unicodeScalars.first(where: SourceText.isRefused) {
            findings.report(
                .controlCharacter,
                "expected text without hidden characters, got \(SourceText.name(hidden))", at: place)
            return nil
        }
        let lead: Int? =
            switch scalar.style {
            case .any, .plain: 0
            case .singleQuoted, .doubleQuoted: text.contains("\\") || text.contains("'") ? nil : 1
            case .literal, .folded: nil
            }
        return Scalar(text: text, location: place, lead: lead, isMissing: scalar.style == .plain && text.isEmpty)
    }

    private func refuseTag<Result>(
        _ tag: Tag, at place: Diagnostic.Location, _ findings: inout Findings
    ) -> Result? {
        findings.report(.yamlTag, "expected a value without a tag, got `\(tag.rawValue.prefix(60))`", at: place)
        return nil
    }

    private static func isUntagged(_ tag: Tag) -> Bool { tag.rawValue == Tag.Name.implicit.rawValue }

    private static func place(_ node: Node, _ source: SourceText) -> Diagnostic.Location {
        Diagnostic.Location(
            file: source.file, line: source.firstLine - 1 + (node.mark?.line ?? 1), column: node.mark?.column ?? 1)
    }
}
