import Foundation
import PolicyFiles

/// Data of other projects, beside the checkout or where `BULKHEAD_TESTDATA` says.
enum TestData {
    static let folder =
        ProcessInfo.processInfo.environment["BULKHEAD_TESTDATA"].map { URL(fileURLWithPath: $0) }
        ?? URL(fileURLWithPath: #filePath).appending(path: "../../../../shared/testdata").standardized

    /// The names in a folder, in order.
    static func names(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path).sorted()
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: path)), as: UTF8.self)
    }

    /// The manifests at and below a folder, named by their path in it.
    static func manifests(in path: String) throws -> [PolicySource] {
        let base = folder.appending(path: path)
        return try FileManager.default.subpathsOfDirectory(atPath: base.path).sorted()
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") || $0.hasSuffix(".json") }
            .map { PolicySource(name: $0, bytes: Array(try Data(contentsOf: base.appending(path: $0)))) }
    }
}
