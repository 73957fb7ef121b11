import Foundation
import Testing

/// A policy file of the tests, with the finding that its first line states: `# expect: CODE at LINE:COLUMN`.
struct CorpusFile: CustomTestStringConvertible, Sendable {
    let url: URL
    let code: String
    let line: Int
    let column: Int

    var testDescription: String { url.deletingPathExtension().lastPathComponent }

    /// The files of a folder beside this source, in the order of their names.
    static func all(in folder: String) -> [CorpusFile] {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: Place.tests.appending(path: folder).path)) ?? []
        return names.sorted().filter { $0.hasSuffix(".yaml") }.map { name in
            let url = Place.tests.appending(path: "\(folder)/\(name)")
            let bytes = (try? Data(contentsOf: url)) ?? Data()
            let words = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self).split { " :".contains($0) }
            guard words.count == 6, let line = Int(words[4]), let column = Int(words[5]) else {
                return CorpusFile(url: url, code: "no expectation", line: 0, column: 0)
            }
            return CorpusFile(url: url, code: String(words[2]), line: line, column: column)
        }
    }
}
