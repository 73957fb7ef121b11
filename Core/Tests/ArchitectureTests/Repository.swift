import Foundation

/// A text file of this repository.
struct SourceFile {
    /// The path from the top of the repository, with `/` between its parts.
    var path: String
    /// The whole content.
    var text: String

    /// The lines without their ends.
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The number of lines as `wc -l` counts them, plus a last line without an end.
    var lineCount: Int { lines.count - (text.hasSuffix("\n") ? 1 : 0) }

    /// The folder under `Sources` or `Tests` that holds the file, which SwiftPM takes for the target's name.
    var target: String? {
        let parts = path.split(separator: "/").map(String.init)
        guard let place = parts.firstIndex(where: { $0 == "Sources" || $0 == "Tests" }), place + 2 < parts.count else {
            return nil
        }
        return parts[place + 1]
    }
}

/// One place that breaks a rule of the house.
struct Violation: Hashable, CustomStringConvertible {
    /// The file, from the top of the repository.
    var path: String
    /// The line, from 1; 0 for the file as a whole.
    var line: Int
    /// What is wrong there.
    var text: String

    var description: String { "\(path):\(line): \(text)" }
}

/// The checkout that this test was compiled from.
enum Repository {
    /// The top of the checkout: four folders above this file.
    static let top = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { place, _ in place.deletingLastPathComponent() }

    /// Every text file that could be committed, by path.
    static let files: [SourceFile] = {
        let text: Set = ["swift", "c", "h", "modulemap", "md", "json", "yaml", "yml", "sh", "py", "nft", "txt", ""]
        guard
            let walk = FileManager.default.enumerator(
                at: top, includingPropertiesForKeys: [.isRegularFileKey], options: [], errorHandler: nil)
        else { return [] }
        var found: [SourceFile] = []
        for case let url as URL in walk {
            let name = url.lastPathComponent
            if name == ".git" || name.hasPrefix(".build") || name == "__pycache__" {
                walk.skipDescendants()
                continue
            }
            let isFile = (try? url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) ?? false
            guard isFile, name != "Package.resolved", text.contains(url.pathExtension),
                let content = try? String(contentsOf: url, encoding: .utf8)
            else { continue }
            let path = url.standardizedFileURL.path.dropFirst(top.standardizedFileURL.path.count + 1)
            found.append(SourceFile(path: String(path), text: content))
        }
        return found.sorted { $0.path < $1.path }
    }()

    /// Whether a file or folder is at this path.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: top.appendingPathComponent(path).path)
    }

    /// The Swift files under a folder such as `Core/Sources`.
    static func swift(under folder: String) -> [SourceFile] {
        files.filter { $0.path.hasPrefix(folder + "/") && $0.path.hasSuffix(".swift") }
    }

    /// The file at exactly this path.
    static func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }
}
