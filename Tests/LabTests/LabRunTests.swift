import Foundation
import Lab
import Netfilter
import Synchronization
import Testing

extension KernelTests {
    @Suite("The demonstration")
    struct LabRunTests {
        /// Stands in for import, map and simulation, which have tests of their own.
        static let steps = LabSteps(
            importFlows: { captures, _ in
                LabTable(columns: ["host", "lines"], rows: captures.map { [$0.host, String($0.lines)] })
            }, map: { _, _ in LabTable(columns: ["from"], rows: []) },
            simulate: { _, _, _ in LabTable(columns: ["breaks"], rows: []) })

        @Test func theStoryHoldsFromStartToEnd() throws {
            let directory = NSTemporaryDirectory() + "lab-run-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let told = Told()
            let report = try LabRun(steps: Self.steps, directory: directory) { told.add($0.lines) }.run()
            #expect(report.holds)
            #expect(report.matrix.counted >= 1000)
            #expect(report.matrix.differences == [])
            #expect(report.answered == report.asked)
            let direct = report.paths.filter { $0.name == "web → database" }
            #expect(direct.count == 2)
            #expect(direct.allSatisfy { $0.before == "database" && $0.after == nil })
            #expect(direct.allSatisfy { $0.decidedBy.contains { $0.contains("tier-boundary") } })
            let chain = report.paths.filter { $0.name == "visitor → web → app → database" }
            #expect(chain.count == 2)
            #expect(chain.allSatisfy { $0.before == $0.after && $0.after == "web → app → database" })
            for capture in report.captures {
                #expect(try String(contentsOfFile: capture.path, encoding: .utf8).contains("src="))
            }
            #expect(told.all.contains { $0.hasPrefix("8. ") })
            #expect(try JSONDecoder().decode(LabReport.self, from: JSONEncoder().encode(report)).matrix.agreed > 0)
        }

        private final class Told: Sendable {
            private let lines = Mutex<[String]>([])
            func add(_ more: [String]) { lines.withLock { $0 += more } }
            var all: [String] { lines.withLock { $0 } }
        }
    }
}
