import Foundation
import Lab
import Testing

extension KernelTests {
    @Suite("The demonstration")
    struct LabRunTests {
        @Test func theStoryHoldsFromStartToEnd() throws {
            let directory = NSTemporaryDirectory() + "lab-run-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var told: [String] = []
            let report = try LabRun(directory: directory) { told += $0.lines }.run()
            #expect(report.holds)
            #expect(report.matrix.counted >= 1000)
            #expect(report.matrix.differences == [])
            #expect(report.answered == report.asked)

            // What the hosts do, counted by hand: 8 relayed requests a family make one connection a tier.
            let map = report.map.rows.map { $0.joined(separator: " ") }.sorted()
            #expect(
                map == [
                    "10.77.1.0/24 web tcp/443 (8) 8",
                    "app database tcp/5432 (16), udp/11211 (12) 28",
                    "fd77:0:0:1::/64 web tcp/443 (8) 8",
                    "web app udp/8125 (20), tcp/8080 (16) 36",
                    "web database tcp/5432 (6), udp/11211 (4) 10",
                ])
            // Each connection between two tiers was seen by both of their kernels.
            let imported = report.importing.rows.map { row in row.dropFirst(2).compactMap { Int($0) } }
            let fresh = imported.map { $0[0] }.reduce(0, +)
            let seenBefore = imported.map { $0[1] }.reduce(0, +)
            #expect(fresh == 90)
            #expect(seenBefore == 74)
            let broken = report.simulation.rows.map { $0.joined(separator: " ") }.sorted()
            #expect(
                broken == [
                    "web database IPv4 tcp/5432 3 denied by `tier-boundary`",
                    "web database IPv4 udp/11211 2 denied by `tier-boundary`",
                    "web database IPv6 tcp/5432 3 denied by `tier-boundary`",
                    "web database IPv6 udp/11211 2 denied by `tier-boundary`",
                ])

            let direct = report.paths.filter { $0.name == "web → database" }
            #expect(direct.count == 2)
            for path in direct {
                #expect(path.before == "database")
                #expect(path.after == nil)
                #expect(path.decidedBy == ["web → database tcp/5432: denied by `tier-boundary`"])
                let kernel = try #require(path.kernel)
                #expect(!kernel.hasPrefix("0 "), "the kernel counted the denied packets")
            }
            let chain = report.paths.filter { $0.name == "visitor → web → app → database" }
            #expect(chain.count == 2)
            for path in chain {
                #expect(path.before == "web → app → database")
                #expect(path.after == "web → app → database")
            }
            #expect(told.contains { $0.hasPrefix("8. ") })
            #expect(try JSONDecoder().decode(LabReport.self, from: JSONEncoder().encode(report)).holds)
        }

        @Test func whatItWritesIsGoneAtTheEndUnlessKept() throws {
            struct Enough: Error {}
            let temporary = NSTemporaryDirectory()
            func leftOver() throws -> Set<String> {
                Set(
                    try FileManager.default.contentsOfDirectory(atPath: temporary).filter {
                        $0.hasPrefix("bulkhead-lab")
                    })
            }
            let before = try leftOver()
            #expect(throws: Enough.self) {
                _ = try LabRun { event in
                    if case .step(3, _) = event { throw Enough() }
                }.run()
            }
            #expect(try leftOver().subtracting(before).isEmpty)
        }
    }
}
