import FlowFormats
import Flows
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Logs of a real network; the figures were counted with `wc -l` and Python's `json` module, not with these readers.
@Suite struct RecordedLogTests {
    private static let folder: String = {
        if let path = getenv("BULKHEAD_TESTDATA") { return String(cString: path) }
        let root = #filePath.split(separator: "/").dropLast(5).joined(separator: "/")
        return "/\(root)/shared/testdata"
    }()

    private func read(_ name: String) throws -> Decoded {
        let file = try #require(
            fopen("\(Self.folder)/zeek/apt29-day1/\(name)", "r"), "test data is beside the checkout")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return Decoded(bytes) }
            bytes += buffer[..<count]
        }
    }

    @Test func everyConnLineIsAConnection() throws {
        let (nashua, scranton) = (try read("NASHUA_conn.log"), try read("SCRANTON_conn.log"))
        #expect(nashua.summary.records == 479 && nashua.summary.lines == 479)
        #expect(scranton.summary.records == 134 && scranton.summary.lines == 134)
        let all = nashua.records + scranton.records
        // conn_state, counted in Python: RSTO 420, RSTR 45, SF 84, S1 2, S0 52, REJ 10.
        #expect(all.count { $0.state == .established } == 551)
        #expect(all.count { $0.state == .attempted } == 52)
        #expect(all.count { $0.state == .rejected } == 10)
        // Of the 52 unanswered, 10 are UDP: broadcasts to port 138 and the like.
        #expect(all.count(where: \.failed) == 52)
        #expect(Set(all.compactMap(\.uid)).count == 613)
        #expect(Set(all.map(\.tuple)).count == 537)
        #expect(
            Set(all.compactMap(\.observationPoint?.name)) == ["bobs.bigwheel.local", "simplerockbuild.simplerock.lan"])
    }

    @Test func otherLogsOfTheFolderAreRecognised() throws {
        #expect(try read("NASHUA_dns.log").summary.otherStreams == ["dns": 21])
        #expect(try read("NASHUA_kerberos.log").summary.otherStreams == ["kerberos": 13])
    }
}
