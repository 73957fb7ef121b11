import Commands
import Foundation
import Testing

/// Nonsense is answered with exit code 2, one clear line on standard error, and nothing on standard output.
@Suite struct FlowsNonsenseTests {
    static let cases: [(name: String, arguments: [String], says: String)] = [
        ("decode without files", ["flows", "decode"], "missing expected argument"),
        ("decode as text", ["flows", "decode", "GOOD", "--format", "text"], "--format jsonl or json"),
        ("decode in no format", ["flows", "decode", "GOOD", "--format", "xml"], "xml"),
        ("standard input twice", ["flows", "decode", "-", "-"], "at most once"),
        ("decode a file that is not there", ["flows", "decode", "nowhere.log"], "cannot open `nowhere.log`"),
        ("decode a directory", ["flows", "decode", "EMPTY"], "is a directory"),
        ("import without data", ["flows", "import", "GOOD"], "--data"),
        ("import into nothing", ["flows", "import", "GOOD", "--data", ""], "--data"),
        ("import into a file", ["flows", "import", "GOOD", "--data", "GOOD"], "GOOD"),
        (
            "import into a place that cannot be made", ["flows", "import", "GOOD", "--data", "/proc/nowhere/data"],
            "bulkhead: error: cannot use `/proc/nowhere`: No such file or directory\n"
        ),
        ("import standard input", ["flows", "import", "-", "--data", "DATA"], "reads its input twice"),
        ("import an empty directory", ["flows", "import", "EMPTY", "--data", "DATA"], "found no file"),
        (
            "an observation point without name",
            ["flows", "import", "GOOD", "--data", "DATA", "--observation-point", ""], "--observation-point"
        ),
        ("an unknown flow command", ["flows", "export"], "export"),
        ("map without data", ["map"], "--data"),
        ("map of an empty directory", ["map", "--data", "EMPTY"], "flows import"),
        ("map of no directory", ["map", "--data", "nowhere"], "no flows in `nowhere`"),
        ("map by nothing", ["map", "--data", "DATA", "--by", ""], "--by"),
        ("map by a stray comma", ["map", "--data", "DATA", "--by", "app,"], "`app,`"),
        ("map by a word of the selector language", ["map", "--data", "DATA", "--by", "not"], "`not`"),
        ("map by one thing twice", ["map", "--data", "DATA", "--by", "app,app"], "each label dimension once"),
        ("map from no time", ["map", "--data", "DATA", "--since", "yesterday"], "for --since, got `yesterday`"),
        ("map until too late", ["map", "--data", "DATA", "--until", "9999-01-01T00:00:00Z"], "for --until, got `9999"),
        ("map from a day", ["map", "--data", "DATA", "--since", "2026-01-02"], "for --since, got `2026-01-02`"),
        (
            "a window backwards",
            ["map", "--data", "DATA", "--since", "2026-01-02T00:00:00Z", "--until", "2026-01-01T00:00:00Z"],
            "expected --since before --until"
        ),
        ("the top none", ["map", "--data", "DATA", "--top", "0"], "--top"),
        ("a policy that is not there", ["map", "--data", "DATA", "--policy", "nowhere"], "cannot load the policy"),
        ("simulate without draft", ["policy", "simulate", "--policy", "POLICY", "--data", "DATA"], "--draft"),
        (
            "simulate a bad draft",
            ["policy", "simulate", "--policy", "POLICY", "--draft", "GOOD", "--data", "DATA"], "cannot load the policy"
        ),
        (
            "simulate without flows",
            ["policy", "simulate", "--policy", "POLICY", "--draft", "POLICY", "--data", "EMPTY"], "flows import"
        ),
        (
            "simulate as something else",
            ["policy", "simulate", "--policy", "POLICY", "--draft", "POLICY", "--data", "DATA", "--as", "hoped"],
            "hoped"
        ),
        (
            "simulate at no time",
            ["policy", "simulate", "--policy", "POLICY", "--draft", "POLICY", "--data", "DATA", "--at", "noon"],
            "`noon`"
        ),
    ]

    @Test(arguments: cases)
    func nonsense(name: String, arguments: [String], says: String) throws {
        let fixture = try FlowsFixture()
        let good = try fixture.write(
            #"{"source":"10.0.0.1","sourcePort":1,"destination":"10.0.0.2","destinationPort":2,"protocol":"tcp"}"#
                + "\n",
            to: "good.log")
        let empty = fixture.root.appending(path: "empty").path
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        try #require(fixture.run(["flows", "import", good, "--data", fixture.data]).status == .fine)
        let places = ["GOOD": good, "EMPTY": empty, "DATA": fixture.data, "POLICY": FlowsFixture.example + "/active"]
        let result = fixture.run(arguments.map { places[$0] ?? $0 })
        #expect(result.status == .unusable)
        #expect(result.output.isEmpty)
        #expect(result.errorLines.count == 1 && result.errors.hasPrefix("bulkhead: error: "), "\(result.errors)")
        #expect(result.errors.contains(places[says] ?? says), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: empty + "/bulkhead.sqlite"))
    }
}
