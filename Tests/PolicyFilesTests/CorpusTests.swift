import Foundation
import PolicyFiles
import PolicyModel
import Testing

/// Files with one fault each: the form that the schema sees too (`Bad`), what only the loader sees (`BadMeaning`), and
/// what loads with a warning (`Warned`).
@Suite struct CorpusTests {
    @Test(arguments: CorpusFile.all(in: "Bad") + CorpusFile.all(in: "BadMeaning"))
    func aBadFileLoadsNothingAndSaysWhere(_ file: CorpusFile) throws {
        let result = PolicyDirectory.load(file.url.path, now: Place.now)
        #expect(result.policy == nil)
        let errors = result.diagnostics.filter { $0.severity == .error }
        #expect(
            errors.map { "\($0.code) at \($0.location?.line ?? 0):\($0.location?.column ?? 0)" }
                == ["\(file.code) at \(file.line):\(file.column)"], "\(result.diagnostics.map(\.text))")
        for error in errors { checkForm(error) }
    }

    @Test(arguments: CorpusFile.all(in: "Warned"))
    func aDoubtfulFileLoadsWithOneWarning(_ file: CorpusFile) throws {
        let result = PolicyDirectory.load(file.url.path, now: Place.now)
        #expect(result.policy != nil)
        #expect(
            result.diagnostics.map {
                "\($0.severity) \($0.code) at \($0.location?.line ?? 0):\($0.location?.column ?? 0)"
            }
                == ["warning \(file.code) at \(file.line):\(file.column)"], "\(result.diagnostics.map(\.text))")
        for warning in result.diagnostics { checkForm(warning) }
    }

    @Test func thereAreAtLeastThirtyFilesOfBadForm() {
        #expect(CorpusFile.all(in: "Bad").count >= 30)
    }

    /// Lower case, no final stop, one line, and none of our type names.
    private func checkForm(_ diagnostic: Diagnostic) {
        let message = diagnostic.message
        #expect(message.first?.isUppercase == false, "\(message)")
        #expect(message.last != ".", "\(message)")
        #expect(!message.contains("\n"), "\(message)")
        #expect(!message.contains("PolicyModel"), "\(message)")
    }
}
