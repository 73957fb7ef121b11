import Commands
import Foundation
import Testing

@Suite struct FlowsDecodeTests {
    private let logs = ["NASHUA_conn.log", "NASHUA_dns.log", "SCRANTON_conn.log"].map { FlowsFixture.apt29 + "/" + $0 }

    @Test func everyRecordIsALine() throws {
        let result = try FlowsFixture().run(["flows", "decode"] + logs)
        #expect(result.status == .fine && result.lines.count == 613)
        // The first line of NASHUA_conn.log, by eye.
        let line = String(try #require(result.lines.first))
        let first = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(first.text("source") == "10.0.1.6" && first.text("destination") == "10.0.0.4")
        #expect(first.number("destinationPort") == 53 && first.text("uid") == "Cvf4XX17hSAgXDdGEd")
        #expect(result.errorLines == ["\(logs[1]): 21 lines of a `dns` log, which records no connections"])
    }

    @Test func jsonIsOneArrayOfTheSameRecords() throws {
        let fixture = try FlowsFixture()
        let array = try #require(
            try JSONSerialization.jsonObject(
                with: Data(fixture.run(["flows", "decode", "--format", "json"] + logs).output.utf8)) as? [[String: Any]]
        )
        #expect(array.count == 613)
        let none = try fixture.write("", to: "empty.log")
        let empty = fixture.run(["flows", "decode", "--format", "json", none]).output
        #expect(try JSONSerialization.jsonObject(with: Data(empty.utf8)) as? [Int] == [])
    }

    @Test func decodedLinesDecodeToThemselves() throws {
        let fixture = try FlowsFixture()
        let once = fixture.run(["flows", "decode", logs[0]]).output
        let path = try fixture.write(once, to: "once.jsonl")
        #expect(fixture.run(["flows", "decode", path]).output == once)
    }

    @Test func refusedLinesAndMissingFilesAreReported() throws {
        let fixture = try FlowsFixture()
        let path = try fixture.write("nonsense\n{\"_path\":\"conn\"}\n", to: "bad.log")
        let refused = fixture.run(["flows", "decode", path])
        #expect(refused.status == .found && refused.output.isEmpty)
        #expect(refused.errorLines.count == 2 && refused.errorLines.allSatisfy { $0.hasPrefix("\(path):") })
        #expect(refused.errors.contains("\(path):1: 1 line refused as unknown-format"))
        #expect(refused.errors.contains("\(path):2: 1 line refused as missing-field"))
        let missing = fixture.run(["flows", "decode", path + "x", logs[2]])
        #expect(missing.status == .unusable && missing.lines.count == 134)
        #expect(missing.errorLines.count == 1 && missing.errors.hasPrefix("bulkhead: error: cannot open"))
    }
}
