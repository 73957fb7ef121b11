import Foundation
import PolicyModel

/// Finds and reads the files of a policy.
package enum PolicyFileFinder {
    /// Which files of a directory are read, and how many bytes.
    package struct Selection: Sendable {
        /// How the names of files end; a file that is named itself is read whatever its name.
        package var suffixes: [String]
        /// How many bytes one file may hold.
        package var maximumFileBytes: Int
        /// How many bytes all files together may hold.
        package var maximumBytes: Int

        package init(suffixes: [String], maximumFileBytes: Int, maximumBytes: Int) {
            self.suffixes = suffixes
            self.maximumFileBytes = maximumFileBytes
            self.maximumBytes = maximumBytes
        }

        /// Bulkhead's own policy files.
        package static let policy = Selection(
            suffixes: [".yaml", ".yml"], maximumFileBytes: SourceText.maximumBytes, maximumBytes: 64 << 20)
    }

    /// How many files a directory may hold.
    static let maximumFiles = 10_000
    /// How deep directories may nest.
    static let maximumDepth = 32

    /// The files at or below the path, in the order of their paths; what cannot be read is reported.
    package static func sources(
        at path: String, _ selection: Selection = .policy, findings: inout Findings
    ) -> [PolicySource] {
        var paths: [String] = []
        switch kind(path) {
        case .file: paths = [path]
        case .directory:
            let base = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
            collect(base, selection, depth: 0, into: &paths, findings: &findings)
            if paths.isEmpty, !findings.hasErrors {
                let names = selection.suffixes.map { "`\($0)`" }.joined(separator: " or ")
                findings.report(.noPolicyFiles, "expected at least one \(names) file in `\(path)`, got none", at: nil)
            }
        case .other(let got):
            findings.report(.unreadable, "expected a file or directory at `\(path)`, got \(got)", at: nil)
        }
        guard paths.count <= maximumFiles else {
            findings.report(
                .tooLarge, "expected at most \(maximumFiles) files in `\(path)`, got \(paths.count)", at: nil)
            return []
        }
        return read(paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, selection, findings: &findings)
    }

    private enum Kind {
        case file
        case directory
        case other(String)
    }

    /// What is at the path, after symbolic links.
    private static func kind(_ path: String) -> Kind {
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: resolved)
        } catch {
            return .other(reason(error))
        }
        switch attributes[.type] as? FileAttributeType {
        case .some(.typeRegular): return .file
        case .some(.typeDirectory): return .directory
        case .some(.typeSymbolicLink): return .other("a symbolic link that leads nowhere")
        case .some, .none: return .other("something that is neither")
        }
    }

    private static func collect(
        _ directory: String, _ selection: Selection, depth: Int, into paths: inout [String], findings: inout Findings
    ) {
        guard depth < maximumDepth else {
            findings.report(
                .tooDeep, "expected at most \(maximumDepth) levels of directories at `\(directory)`", at: nil)
            return
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        } catch {
            findings.report(.unreadable, "expected a readable directory `\(directory)`, got \(reason(error))", at: nil)
            return
        }
        for name in names where !name.hasPrefix(".") {
            let path = "\(directory)/\(name)"
            let isPolicy = selection.suffixes.contains(where: name.hasSuffix)
            let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
            switch kind(path) {
            case .directory where isLink:
                // Following it could load files twice or for ever; leaving it out could open what it closes.
                findings.report(
                    .symbolicLink,
                    "expected a directory at `\(path)`, got a symbolic link to one; name its target instead",
                    at: nil)
            case .directory: collect(path, selection, depth: depth + 1, into: &paths, findings: &findings)
            case .file where isPolicy: paths.append(path)
            case .other(let got) where isPolicy:
                findings.report(.unreadable, "expected a file at `\(path)`, got \(got)", at: nil)
            case .file, .other: break
            }
            if paths.count > maximumFiles { return }
        }
    }

    private static func read(
        _ paths: [String], _ selection: Selection, findings: inout Findings
    ) -> [PolicySource] {
        var sources: [PolicySource] = []
        var total = 0
        for path in paths {
            do {
                let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
                defer { try? handle.close() }
                // One byte more than allowed tells a file that is too large without reading all of it.
                let data = try handle.read(upToCount: selection.maximumFileBytes + 1) ?? Data()
                total += data.count
                guard total <= selection.maximumBytes else {
                    findings.report(.tooLarge, "expected at most \(selection.maximumBytes) bytes in all files", at: nil)
                    return []
                }
                sources.append(PolicySource(name: path, bytes: Array(data)))
            } catch {
                findings.report(.unreadable, "expected a readable file `\(path)`, got \(reason(error))", at: nil)
            }
        }
        return sources
    }

    /// Why the system refused, in few words.
    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        let code = underlying?.domain == NSPOSIXErrorDomain ? underlying?.code : nil
        switch (code.flatMap { POSIXErrorCode(rawValue: Int32(truncatingIfNeeded: $0)) }, error) {
        case (.some(.ENOENT), _), (_, CocoaError.fileReadNoSuchFile), (_, CocoaError.fileNoSuchFile): return "nothing"
        case (.some(.EACCES), _), (.some(.EPERM), _), (_, CocoaError.fileReadNoPermission): return "no permission"
        case (.some(.ELOOP), _): return "a symbolic link that leads to itself"
        default: return "an error of the system"
        }
    }
}
