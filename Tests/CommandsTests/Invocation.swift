import Commands
import Foundation
import NetworkTypes

/// A command run in process, and what it wrote.
struct Invocation {
    let status: ExitStatus
    let output: String
    let errors: String

    var errorLines: [Substring] { errors.split(separator: "\n", omittingEmptySubsequences: false).dropLast() }

    /// 2026-11-22T10:00:00Z.
    static let now = Instant(rawValue: 1_795_341_600_000_000_000)

    init(
        _ arguments: [String], input: String? = nil, width: Int? = nil, colours: Bool = false, now: Instant = Self.now
    ) throws {
        final class Collector {
            var output: [UInt8] = []
            var errors: [UInt8] = []
        }
        let collector = Collector()
        var handle = FileHandle.nullDevice
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("commands-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        if let input {
            try Data(input.utf8).write(to: file)
            handle = try FileHandle(forReadingFrom: file)
        }
        let context = CommandContext(
            now: now, width: width, usesColours: colours, input: handle,
            output: { collector.output += $0 }, errors: { collector.errors += $0 })
        status = BulkheadCommand.run(arguments, in: context)
        output = String(decoding: collector.output, as: UTF8.self)
        errors = String(decoding: collector.errors, as: UTF8.self)
    }

    /// The JSON object that was printed.
    func object() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
    }
}

/// The root of the checkout, from this file's place.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The example that the documentation shows.
let threeTier = root.appendingPathComponent("Examples/three-tier").path

/// A policy in a file of its own, for as long as the value lives.
final class PolicyFile {
    let path: String

    init(_ text: String) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("policy-\(UUID().uuidString).yaml").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Two workloads, one allow; the database is selective.
    static let small = """
        bulkhead: 1
        owner: shop team
        workloads:
          - {name: web-1, addresses: 10.0.1.1, labels: {app: shop, role: web}, agent: true}
          - {name: db-1, addresses: 10.0.2.1, labels: {app: shop, role: db}, agent: true}
          - {name: seen-1, addresses: 10.0.3.1, labels: {app: shop, role: seen}, agent: true}
          - {name: old-1, addresses: 10.0.4.1, labels: {app: shop, role: old}}
          - {name: bad-1, addresses: 10.0.5.1, labels: {app: shop, role: bad}, agent: true}
        rulesets:
          - name: shop
            scope: app = shop
            rules:
              - {name: web-to-db, action: allow, from: role = web, to: role = db, services: tcp/5432, reason: it stores}
              - {name: no-login, action: deny, from: role = web, to: role = db, services: tcp/22, reason: no need}
          - name: database
            scope: role = db
            rules:
              - {name: nothing, action: deny, from: role = db, to: role = db, services: tcp/1, reason: unused}
        guardrails:
          - {name: no-telnet, from: any, to: anyWorkload, services: tcp/23, reason: it is not encrypted}
        quarantines:
          - {name: broken-in, members: {workloads: bad-1}, reason: an incident}
        enforcement:
          - {mode: full, members: {workloads: [web-1, bad-1]}}
          - {mode: selective, members: {workloads: db-1}}
          - {mode: visibility, members: {workloads: seen-1}}
        tests:
          - {name: web stores, from: web-1, to: db-1, service: tcp/5432, expect: allowed}

        """
}
