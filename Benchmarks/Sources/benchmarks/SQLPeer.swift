import Foundation
import NetworkTypes
import PolicyEngine
import PolicyModel

/// The peer of figures (b): the same flows judged by SQL in DuckDB and ClickHouse.
struct SQLPeer {
    let world: World
    let columns: FlowColumns
    /// Nanoseconds that the engine's replay took for one flow before.
    let before: Double

    private struct Answer: Codable {
        var nanoseconds: [Double]
        var found: Int
    }

    /// Measures both, or notes why not; a wrong count is a failure.
    func run(_ report: inout Report, _ table: inout DecisionTable) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bulkhead-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let python = try Self.python()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            report.note("SQL peer: policy rows", try write(to: folder, &table))
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "sql_peer.py")
            let answers = try JSONDecoder().decode(
                [String: [String: Answer]].self, from: try Self.output(python, [script.path, folder.path]))
            // The machine may have become slower or faster meanwhile: the mean of before and after stands for both.
            var keys = [UInt32](repeating: 0, count: columns.count)
            let after = Samples(repeats: 15, prepare: {}) { columns.replay(&table, into: &keys) }
            let ours = (before + after.median / Double(columns.count)) / 2
            report.add("replay, mean of before and after its peers", Samples([ours]), "ns/flow", nanoseconds: ours)
            let expected = allowedBetweenWorkloads(&table)
            for (name, questions) in answers.sorted(by: { $0.key < $1.key }) {
                for (question, answer) in questions.sorted(by: { $0.key < $1.key }) {
                    let each = Samples(answer.nanoseconds.map { $0 / Double(columns.count) })
                    report.add("\(name), \(question) by SQL", each, "ns/flow", nanoseconds: each.median)
                    report.add(
                        "replay is faster than \(name), \(question)", each.scaled { $0 / ours }, "×",
                        .atLeast(target: 10, floor: nil))
                    if answer.found != expected[question] {
                        report.fail("\(name) finds \(answer.found) (\(question)), the table \(expected)")
                    }
                }
            }
        } catch {
            report.fail("SQL peer not measured: \(error)")
        }
    }

    private struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// The interpreter of a virtual environment beside this program, made when it is not there.
    private static func python() throws -> URL {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let home = program.deletingLastPathComponent().deletingLastPathComponent().appending(path: "sql-peer")
        let python = home.appending(path: "bin/python")
        if (try? output(python, ["-c", "import duckdb, chdb, numpy"])) != nil { return python }
        _ = try output(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-m", "venv", home.path])
        _ = try output(
            python,
            ["-m", "pip", "install", "--quiet", "--timeout", "20", "--retries", "1"]
                + ["duckdb==2.0.0", "chdb==4.4.0", "numpy"])
        return python
    }

    private static func output(_ program: URL, _ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let (out, complaints) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = complaints
        try process.run()
        let data = out.fileHandleForReading.readDataToEndOfFile()
        let text = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(description: "`\(program.lastPathComponent)` failed: \(text.suffix(200))")
        }
        return data
    }

    /// Writes flows, workloads with their group, and a row for each pair of groups and port that policy allows.
    private func write(to folder: URL, _ table: inout DecisionTable) throws -> Int {
        func save<Value>(_ values: [Value], _ name: String) throws {
            try values.withUnsafeBytes { try Data($0).write(to: folder.appending(path: name)) }
        }
        try save(columns.sources, "flows.src")
        try save(columns.destinations, "flows.dst")
        try save(columns.protocols, "flows.proto")
        try save(columns.ports, "flows.port")
        try save(world.addresses, "workloads.address")
        try save(world.groupOf.map(UInt32.init), "workloads.class")
        var (sources, destinations, protocols, ports): ([UInt32], [UInt32], [UInt8], [UInt16]) = ([], [], [], [])
        var decided: [UInt32] = []
        for service in world.services + PolicyWriter.range.map({ World.Service(proto: .tcp, port: $0) }) {
            let pairs = FlowColumns(pairsOf: world, service)
            var keys = [UInt32](repeating: 0, count: pairs.count)
            pairs.replay(&table, into: &keys)
            for index in keys.indices where DecisionTable.Key(rawValue: keys[index]).isAllowedByPolicy {
                sources.append(UInt32(pairs.groups[index].0))
                destinations.append(UInt32(pairs.groups[index].1))
                protocols.append(service.proto.rawValue)
                ports.append(service.port)
                decided.append(keys[index])
            }
        }
        try save(sources, "policy.src")
        try save(destinations, "policy.dst")
        try save(protocols, "policy.proto")
        try save(ports, "policy.port")
        try save(decided, "policy.key")
        return sources.count
    }

    /// What the peers should find of the allowed flows between workloads: how many go to another, and the sum of all their keys.
    private func allowedBetweenWorkloads(_ table: inout DecisionTable) -> [String: Int] {
        var keys = [UInt32](repeating: 0, count: columns.count)
        columns.replay(&table, into: &keys)
        let owned = Set(world.addresses)
        var (count, sum) = (0, 0)
        for index in keys.indices where DecisionTable.Key(rawValue: keys[index]).isAllowedByPolicy {
            let (source, destination) = (columns.sources[index], columns.destinations[index])
            guard owned.contains(source), owned.contains(destination), source != destination else { continue }
            count += 1
            sum += Int(keys[index])
        }
        return ["allowed flows": count, "each flow's decision": sum]
    }
}
