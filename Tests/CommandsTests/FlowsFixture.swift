import Commands
import Foundation
import NetworkTypes
import Testing

/// A folder of its own per test, and command lines run in process; both streams are kept.
final class FlowsFixture {
    let root: URL

    /// The checkout, from the place of this file.
    static let repository = URL(fileURLWithPath: #filePath).appending(path: "../../..").standardized
    static let example = repository.appending(path: "Examples/apt29").path

    /// Two Zeek sensors in one network, with other logs beside: the data of the tests below.
    ///
    /// Expectations were counted by `python3 Examples/apt29/count.py apt29-day1/*_conn.log`, which shares nothing with
    /// this package.
    static let apt29 = testData.appending(path: "zeek/apt29-day1").path

    /// Data of other projects, beside the checkout or where `BULKHEAD_TESTDATA` says.
    static let testData =
        ProcessInfo.processInfo.environment["BULKHEAD_TESTDATA"].map { URL(fileURLWithPath: $0) }
        ?? repository.appending(path: "../shared/testdata").standardized

    /// A day in November 2026, before any review date of the examples.
    static let now = Instant(rawValue: 1_795_342_220_000_000_000)

    struct Result {
        let status: Commands.ExitStatus
        let output: String
        let errors: String

        var lines: [Substring] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }
        var errorLines: [Substring] { errors.split(separator: "\n") }

        func json() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }
    }

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "commands-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    var data: String { path("data") }

    /// A place in the folder of the test.
    func path(_ name: String) -> String { root.appending(path: name).path }

    /// Runs a command line; `pause` stands for each wait, and says whether to go on.
    func run(_ arguments: [String], width: Int? = nil, pause: @escaping () -> Bool = { false }) -> Result {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        let context = CommandContext(
            now: Self.now, width: width, pause: pause, output: { output += $0 }, errors: { errors += $0 })
        let status = BulkheadCommand.run(arguments, in: context)
        return Result(
            status: status, output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self))
    }

    func write(_ text: String, to name: String) throws -> String {
        let url = root.appending(path: name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    /// A data directory with the 569 connections of apt29-day1.
    func importAPT29() throws {
        let result = run(["flows", "import", Self.apt29, "--data", data])
        try #require(result.status == .fine, "\(result.errors)")
    }
}

extension [String: Any] {
    /// The number at a path of keys, or nil.
    func number(_ path: String...) -> Int? {
        var value: Any? = self
        for key in path { value = (value as? [String: Any])?[key] }
        return value as? Int
    }

    /// The objects in the list of this name.
    func objects(_ key: String) -> [[String: Any]] { self[key] as? [[String: Any]] ?? [] }

    /// The text at a path of keys, or nil.
    func text(_ path: String...) -> String? {
        var value: Any? = self
        for key in path { value = (value as? [String: Any])?[key] }
        return value as? String
    }
}
