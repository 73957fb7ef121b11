import Commands
import Foundation
import Testing

@Suite struct FlowsImportTests {
    /// `wc -l *` gives 479, 21, 13 and 134 lines; `count.py` 613 records, 569 connections, 44 of them seen by both.
    @Test func aDirectoryIsImportedOnce() throws {
        let fixture = try FlowsFixture()
        let arguments = ["flows", "import", FlowsFixture.apt29, "--data", fixture.data, "--format", "json"]
        let first = fixture.run(arguments)
        #expect(first.status == .fine && first.errors.isEmpty)
        let report = try first.json()
        let files = report.objects("files")
        #expect(
            files.compactMap { ($0["path"] as? String)?.split(separator: "/").last } == [
                "NASHUA_conn.log", "NASHUA_dns.log", "NASHUA_kerberos.log", "SCRANTON_conn.log",
            ])
        #expect(files.map { $0.number("lines") } == [479, 21, 13, 134])
        #expect(files.map { $0.number("records") } == [479, 0, 0, 134])
        #expect(files.map { $0.number("new") } == [479, 0, 0, 90])
        #expect(files.map { $0.number("merged") } == [0, 0, 0, 44])
        #expect(files.map { $0["otherStreams"] as? [String: Int] } == [[:], ["dns": 21], ["kerberos": 13], [:]])
        #expect(files.map { $0.text("format") } == ["zeek-json", "zeek-json", "zeek-json", "zeek-json"])
        #expect(report.number("newConnections") == 569 && report.number("refusedLines") == 0)
        #expect(report.number("store", "connections") == 569 && report.number("store", "records") == 613)
        #expect(report.number("store", "observationPoints") == 2 && report.number("store", "seenBySeveral") == 44)
        #expect(report.number("store", "edges") == 31)

        let again = try fixture.run(arguments).json()
        #expect(again.objects("files").map { $0.number("known") } == [479, 0, 0, 134])
        #expect(again.number("newConnections") == 0 && again.number("store", "connections") == 569)
    }

    @Test func theTableSaysWhatBecameOfEachFile() throws {
        let fixture = try FlowsFixture()
        let result = fixture.run(["flows", "import", FlowsFixture.apt29, "--data", fixture.data], width: 80)
        let words = result.lines.map { $0.split(separator: " ").joined(separator: " ") }
        #expect(words.contains("NASHUA_conn.log zeek-json 479 479 479 0 0 0"))
        #expect(words.contains("SCRANTON_conn.log zeek-json 134 134 90 44 0 0"))
        #expect(words.contains("NASHUA_dns.log: 21 lines of a `dns` log, which records no connections"))
        #expect(words.contains("NASHUA_kerberos.log: 13 lines of a `kerberos` log, which records no connections"))
    }

    private static let good =
        #"{"_path":"conn","ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":40000,"#
        + #""id.resp_h":"10.0.0.2","id.resp_p":443,"proto":"tcp"}"#

    @Test func refusedLinesAreNamedAndTheRestIsKept() throws {
        let fixture = try FlowsFixture()
        let bad = Self.good.replacingOccurrences(of: "10.0.0.2", with: "10.0.0.256")
        let path = try fixture.write([Self.good, bad, "{", bad, ""].joined(separator: "\n"), to: "logs/a.log")
        let text = fixture.run(["flows", "import", path, "--data", fixture.data])
        #expect(text.status == .found && text.errors.isEmpty)
        #expect(text.lines.contains("a.log:2: 2 lines refused as bad-address, this is the first"))
        #expect(text.lines.contains("a.log:3: 1 line refused as bad-json"))
        let json = try fixture.run(["flows", "import", path, "--data", fixture.data, "--format", "json"]).json()
        let refusals = json.objects("files").first?.objects("refusals") ?? []
        #expect(refusals.map { $0.text("reason") } == ["bad-address", "bad-json"])
        #expect(refusals.map { $0.number("lines") } == [2, 1])
        #expect(refusals.map { $0.number("firstLine") } == [2, 3])
        // The good line and its line feed come before.
        #expect(refusals.first?.number("firstOffset") == Self.good.utf8.count + 1)
        #expect(json.number("store", "connections") == 1)
    }

    /// Lines after the *VPC User Guide*, "Flow log record examples", "TCP flag sequence": request and answer of one
    /// connection, seen by one interface.
    @Test func theTwoRecordsOfOneVPCFlowAreOneConnection() throws {
        let fixture = try FlowsFixture()
        let path = try fixture.write(
            """
            version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags \
            log-status
            3 eni-1 198.51.100.42 10.0.0.62 43416 5001 6 8 568 1788000075 1788000133 ACCEPT 2 OK
            3 eni-1 10.0.0.62 198.51.100.42 5001 43416 6 7 376 1788000075 1788000133 ACCEPT 18 OK
            3 eni-1 - - - - - - - 1788000133 1788000193 - - SKIPDATA

            """, to: "vpc.log")
        let result = fixture.run(["flows", "import", path, "--data", fixture.data])
        #expect(result.status == .fine)
        #expect(result.lines.contains("vpc.log: 1 line of status SKIPDATA: AWS lost flows, any number of them"))
        let json = try fixture.run(["flows", "import", path, "--data", fixture.data, "--format", "json"]).json()
        #expect(json.objects("files").map { $0.text("format") } == ["aws-vpc"])
        #expect(json.objects("files").map { $0.number("known") } == [2])
        #expect(json.number("store", "connections") == 1 && json.number("store", "edges") == 1)
    }

    @Test func anUnreadableFileEndsInTwoAndTheOthersAreImported() throws {
        let fixture = try FlowsFixture()
        let good = try fixture.write(Self.good + "\n", to: "a.log")
        let missing = fixture.root.appending(path: "missing.log").path
        let result = fixture.run(["flows", "import", missing, good, "--data", fixture.data, "--format", "json"])
        #expect(result.status == .unusable)
        #expect(result.errorLines.count == 1 && result.errors.hasPrefix("bulkhead: error: cannot open `\(missing)`"))
        #expect(try result.json().number("store", "connections") == 1)
    }

    @Test func directoriesAreWalkedInOrderWithoutHiddenFiles() throws {
        let fixture = try FlowsFixture()
        for name in ["logs/b/2.log", "logs/a.log", "logs/.hidden/3.log", "logs/.4.log"] {
            _ = try fixture.write(Self.good + "\n", to: name)
        }
        let logs = fixture.root.appending(path: "logs").path
        let json = try fixture.run(["flows", "import", logs, logs, "--data", fixture.data, "--format", "json"]).json()
        #expect(json.objects("files").map { $0.text("path") } == ["\(logs)/a.log", "\(logs)/b/2.log"])
        #expect(json.number("newConnections") == 1)
    }

    @Test func theObservationPointIsTheCallers() throws {
        let fixture = try FlowsFixture()
        let (a, b) = (
            try fixture.write(Self.good + "\n", to: "a.log"),
            try fixture.write(Self.good.replacingOccurrences(of: "C1", with: "C2") + "\n", to: "b.log")
        )
        // Two points that saw one five-tuple at one time saw one connection; one point saw two.
        for (names, connections) in [(["x", "y"], 1), (["x", "x"], 2)] {
            let data = fixture.data + names.joined()
            for (path, name) in zip([a, b], names) {
                let result = fixture.run(["flows", "import", path, "--data", data, "--observation-point", name])
                #expect(result.status == .fine)
            }
            let json = try fixture.run(["map", "--data", data, "--format", "json"]).json()
            #expect(json.number("total", "connections") == connections, "\(names)")
        }
    }

    /// A log may name its stream as it likes; ESC `[2J` would clear the screen of whoever imports it.
    @Test func namesFromLogsCannotCommandTheTerminal() throws {
        let fixture = try FlowsFixture()
        let path = try fixture.write(#"{"_path":"x\u001b[2J\u0007"}"# + "\n", to: "a.log")
        for arguments in [["flows", "import", path, "--data", fixture.data], ["flows", "decode", path]] {
            let result = fixture.run(arguments)
            let text = result.output + result.errors
            #expect(text.contains("of a `x\u{FFFD}[2J\u{FFFD}` log"))
            #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        }
    }

    @Test func filesOfOneNameAreShownByTheirPaths() throws {
        let fixture = try FlowsFixture()
        let paths = try ["x/a.log", "y/a.log"].map { try fixture.write(Self.good + "\n", to: $0) }
        let result = fixture.run(["flows", "import"] + paths + ["--data", fixture.data])
        #expect(result.lines.dropFirst().prefix(2).map { String($0.prefix { $0 != " " }) } == paths)
    }

    /// Whoever mistypes a path finds no new directory.
    @Test func filesThatAreNotThereMakeNoDataDirectory() throws {
        let fixture = try FlowsFixture()
        let missing = ["a.log", "b.log"].map { fixture.root.appending(path: $0).path }
        let result = fixture.run(["flows", "import"] + missing + ["/dev/null", "--data", fixture.data])
        #expect(result.status == .unusable && result.output.isEmpty)
        #expect(result.errorLines.count == 3)
        for (line, path) in zip(result.errorLines, missing) {
            #expect(line.hasPrefix("bulkhead: error: cannot open `\(path)`"))
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.data))
    }

    @Test func whatIsWrongWithAGzipFileSaysWhichFile() throws {
        let fixture = try FlowsFixture()
        let files: [(name: String, bytes: [UInt8])] = [
            ("cut.gz", [0x1F, 0x8B]), ("broken.gz", [0x1F, 0x8B, 8, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8]),
        ]
        for (name, bytes) in files {
            let path = fixture.root.appending(path: name).path
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            for arguments in [["flows", "import", path, "--data", fixture.data], ["flows", "decode", path]] {
                let result = fixture.run(arguments)
                #expect(result.status == .unusable)
                #expect(result.errorLines.count == 1 && result.errors.contains("`\(path)`"), "\(result.errors)")
            }
        }
    }

    /// A file may be called as its maker likes, also ESC `[2J`, U+009B (the same in one character) or U+202E.
    @Test func namesOfFilesCannotCommandTheTerminal() throws {
        let fixture = try FlowsFixture()
        let good = try fixture.write(Self.good + "\n{\n", to: "x\u{1B}[2J\u{9B}\u{202E}\n.log")
        let empty = try fixture.write("\u{1F}", to: "y\u{1B}[2J.log")
        let missing = fixture.root.appending(path: "z\u{1B}[2J.log").path
        for arguments in [
            ["flows", "import", good, empty, missing, "--data", fixture.data], ["flows", "decode", missing],
        ] {
            let result = fixture.run(arguments)
            for scalar in (result.output + result.errors).unicodeScalars where scalar != "\n" {
                let category = scalar.properties.generalCategory
                #expect(category != .control && category != .format, "\(result.output)\(result.errors)")
            }
            #expect(result.errorLines.count == 1 && result.errors.contains("z\u{FFFD}[2J.log"))
        }
    }

    @Test func oneIsSaidInTheSingular() throws {
        let fixture = try FlowsFixture()
        let path = try fixture.write(Self.good + "\n", to: "a.log")
        let output = fixture.run(["flows", "import", path, "--data", fixture.data]).output
        #expect(output.contains("1 new connection; the store holds 1 connection from 1 record\n"))
        #expect(output.contains("of 1 observation point, in 1 edge; 0 were seen by several\n"))
    }
}
