import Foundation
import PolicyFiles
import Testing

/// The JSON Schema and the loader accept the same keys and words.
@Suite struct SchemaTests {
    private let definitions: [String: [String: Any]]

    init() throws {
        let data = try Data(contentsOf: Place.schema)
        let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        definitions = try #require(schema["$defs"] as? [String: [String: Any]])
    }

    private func properties(_ name: String) throws -> [String: Any] {
        try #require(definitions[name]?["properties"] as? [String: Any], "no properties in \(name)")
    }

    @Test(arguments: PolicyFormat.shapes.map(\.name))
    func everyKeyOfTheLoaderStandsInTheSchemaAndBack(_ name: String) throws {
        let shape = try #require(PolicyFormat.shapes.first { $0.name == name })
        #expect(try properties(name).keys.sorted() == shape.keys.map(\.name).sorted())
        #expect(
            (definitions[name]?["required"] as? [String] ?? []).sorted()
                == shape.keys.filter(\.isRequired).map(\.name).sorted())
        #expect(definitions[name]?["additionalProperties"] as? Bool == false)
    }

    @Test func everyMappingOfTheSchemaIsOneOfTheLoader() {
        let named = definitions.filter { $0.value["properties"] != nil }.keys.sorted()
        #expect(named == PolicyFormat.shapes.map(\.name).sorted())
    }

    @Test(arguments: [
        ("rule", "action", PolicyFormat.actions), ("enforcementEntry", "mode", PolicyFormat.modes),
        ("test", "expect", PolicyFormat.expectations),
    ])
    func wordsAreTheSame(shape: String, key: String, words: [String]) throws {
        let property = try #require(try properties(shape)[key] as? [String: Any])
        #expect(property["enum"] as? [String] == words)
    }

    @Test(.enabled(if: Validator.isAvailable, "needs python3 with jsonschema and yaml"))
    func theSchemaRefusesEveryFileOfBadForm() throws {
        let files = CorpusFile.all(in: "Bad").map(\.url)
        #expect(try Validator.validate(files).filter { $0.verdict != "invalid" }.map(\.file) == [])
    }

    @Test(.enabled(if: Validator.isAvailable, "needs python3 with jsonschema and yaml"))
    func theSchemaAcceptsWhatTheLoaderAccepts() throws {
        let examples = Place.repository.appending(path: "Examples/three-tier")
        let files = try FileManager.default.contentsOfDirectory(at: examples, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }
        let good = CorpusFile.all(in: "Warned").map(\.url) + files
        #expect(files.count >= 5)
        #expect(try Validator.validate(good).filter { $0.verdict != "valid" }.map(\.file) == [])
    }

    @Test(.enabled(if: Validator.isAvailable, "needs python3 with jsonschema and yaml"))
    func theSchemaCannotSeeFaultsOfMeaning() throws {
        let files = CorpusFile.all(in: "BadMeaning").map(\.url)
        #expect(try Validator.validate(files).filter { $0.verdict == "invalid" }.map(\.file) == [])
    }
}

/// A JSON Schema validator that is not ours: Python's, as Debian packages it.
enum Validator {
    struct Answer {
        let verdict: String
        let file: String
    }

    /// The first interpreter that has both modules.
    private static let python: String? = ["/usr/bin/python3", "python3"].first { candidate in
        (try? run(candidate, ["-c", "import jsonschema, yaml; jsonschema.Draft202012Validator"]))?.status == 0
    }

    static var isAvailable: Bool {
        if python == nil {
            print("skipped: no python3 with the modules jsonschema and yaml (scripts/setup installs them)")
        }
        return python != nil
    }

    static func validate(_ files: [URL]) throws -> [Answer] {
        let script = Place.tests.appending(path: "validate.py").path
        let output = try run(python ?? "python3", [script, Place.schema.path] + files.map(\.path))
        #expect(output.status == 0, "\(output.text)")
        let answers = output.text.split(separator: "\n").compactMap { line -> Answer? in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count >= 2 else { return nil }
            return Answer(verdict: String(parts[0]), file: String(parts[1].split(separator: "/").last ?? ""))
        }
        #expect(answers.count == files.count)
        return answers
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
