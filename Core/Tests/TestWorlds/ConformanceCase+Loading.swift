public import Foundation
import NetworkTypes
import PolicyModel

extension ConformanceCase {
    /// The folder of the cases, beside `Core`.
    public static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Conformance")

    /// Every case of every file in the folder, by file and place, each followed by its IPv6 twin if it has one.
    ///
    /// - Throws: `ConformanceError` for the first file that cannot be read.
    public static func all(in folder: URL = folder) throws -> [ConformanceCase] {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        return try files.flatMap { file in
            try ConformanceNode(file: file).items().flatMap { node in
                try node.bool("twin", default: true)
                    ? [read(node, isTwin: false), read(node, isTwin: true)] : [read(node, isTwin: false)]
            }
        }
    }

    private static func read(_ node: ConformanceNode, isTwin: Bool) throws -> ConformanceCase {
        let common = ["case", "source", "twin", "workloads", "addressSets", "flows"]
        let lattice = ["essential", "quarantines", "guardrails", "rulesets"]
        let isFlat = node["layers"] != nil
        try node.allow(common + (isFlat ? ["layers"] : lattice))
        let reader = ConformanceReader(text: ConformanceText(isTwin: isTwin))
        let workloads = try node.required("workloads").items().map(reader.workload)
        let sets = try reader.addressSets(node["addressSets"])
        let world: World =
            isFlat
            ? .flat(
                FlatWorld(
                    workloads: workloads,
                    policy: FlatPolicy(layers: try node.items("layers").map(reader.layer), addressSets: sets)))
            : .lattice(LatticeWorld(workloads: workloads, policy: try reader.policy(node, sets)))
        let flows = try node.required("flows").items().enumerated().map {
            try reader.expectation($0.element, number: $0.offset + 1, among: workloads)
        }
        guard !flows.isEmpty else { throw node.fail("at least one flow") }
        return ConformanceCase(
            description: "\(node.place) \(try node.text("case"))\(isTwin ? " (IPv6 twin)" : "")",
            source: try node.text("source"), world: world, expectations: flows)
    }
}
