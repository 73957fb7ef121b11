import Foundation
import NetworkTypes

/// Where test data stands, found from the place of this file.
enum Place {
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    static let repository = tests.deletingLastPathComponent().deletingLastPathComponent()
    static let schema = repository.appending(path: "schema/policy.schema.json")
    static let format = repository.appending(path: "docs/policy-files.md")
    /// 2026-11-22T00:00:00Z, an instant at which nothing in the test data has expired that is not meant to.
    static let now = Instant(rawValue: 1_795_305_600_000_000_000)
}
