import FlowStore
import Flows
import Foundation
import NetworkTypes

/// A data directory of its own per test, removed with the fixture.
final class StoreFixture {
    let root: URL

    /// The folder of test data beside the checkout, or where `BULKHEAD_TESTDATA` says.
    static let testData: URL =
        ProcessInfo.processInfo.environment["BULKHEAD_TESTDATA"].map { URL(fileURLWithPath: $0) }
        ?? URL(fileURLWithPath: #filePath).appending(path: "../../../../shared/testdata").standardized

    static let nashua = testData.appending(path: "zeek/apt29-day1/NASHUA_conn.log").path
    static let scranton = testData.appending(path: "zeek/apt29-day1/SCRANTON_conn.log").path

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "flow-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func store(_ name: String = "data", limits: SegmentLimits = SegmentLimits()) throws -> FlowStore {
        try FlowStore(directory: root.appending(path: name).path, limits: limits)
    }

    func write(_ text: some Sequence<UInt8>, to name: String) throws -> String {
        let url = root.appending(path: name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text).write(to: url)
        // One time for every file, so that lines without a time are equal too.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_795_342_220)], ofItemAtPath: url.path)
        return url.path
    }

    /// The file as `gzip` packs it.
    func packed(_ path: String, to name: String) throws -> String {
        let output = root.appending(path: name)
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/gzip")
        process.arguments = ["-c", path]
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        return output.path
    }

    static func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
}

extension FlowStore {
    /// Everything that a user can see of the flows.
    func visible() throws -> Visible {
        var connections: [StoredConnection] = []
        try forEachConnection { connections.append($0) }
        return Visible(edges: try edges(), connections: connections)
    }

    struct Visible: Equatable {
        var edges: [StoredEdge]
        var connections: [StoredConnection]
    }
}

func edge(_ source: String, _ destination: String, _ proto: IPProtocol, _ port: UInt16) -> EdgeKey? {
    guard let source = IPAddress(source), let destination = IPAddress(destination) else { return nil }
    return EdgeKey(source: source, destination: destination, proto: proto, service: .port(port))
}
