import ArgumentParser
import Dialects
import Foundation
import NetworkTypes
import PolicyFiles
import PolicyModel

/// What a command may write that is not exactly what policy says.
struct ConsentOptions: ParsableArguments {
    @Flag(help: "Write what was read in part: allows shrink to what was understood, denies grow.")
    var allowPartial = false
    @Flag(help: "Widen what the target cannot say, and show the difference as flows.")
    var allowWidening = false

    func options(at instant: Instant, owner: String = "imported", source: String) -> WriteOptions {
        WriteOptions(
            now: instant, allowsPartial: allowPartial, allowsWidening: allowWidening, owner: owner, source: source)
    }
}

extension CommandContext {
    /// Says why nothing is written: every place, and a last line that ends the command.
    func refuse(_ refusal: WriteRefusal, _ what: String, _ consent: ConsentOptions) throws -> CommandError {
        for diagnostic in refusal.diagnostics.dropFirst() { try note(TerminalText.line(diagnostic.text)) }
        let first = refusal.diagnostics.first?.text ?? "nothing can be said of it"
        let more = refusal.diagnostics.count > 1 ? " (and \(refusal.diagnostics.count - 1) more above)" : ""
        let hint =
            refusal.diagnostics.contains { $0.code == "cannot-say" } && !consent.allowWidening
            ? "; --allow-widening writes what comes nearest" : ""
        return CommandError("cannot write \(what): \(first)\(more)\(hint)")
    }

    /// Writes files below a directory that is empty or not there yet, so that nothing else becomes part of the policy.
    func write(_ files: [WrittenFile], to directory: String) throws {
        let manager = FileManager.default
        let base = URL(fileURLWithPath: directory, isDirectory: true)
        if manager.fileExists(atPath: directory) {
            let present: [String]
            do {
                present = try manager.contentsOfDirectory(atPath: directory)
            } catch {
                throw CommandError("expected a directory for --out, got `\(directory)`")
            }
            guard present.isEmpty else {
                throw CommandError("expected an empty directory for --out, got `\(directory)` with files in it")
            }
        }
        for file in files {
            let place = base.appendingPathComponent(file.path)
            do {
                try manager.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: place)
            } catch {
                throw CommandError("cannot write `\(place.path)`: \(error.localizedDescription)")
            }
        }
    }

    /// Says on standard error what a reader of the files should know, and what was widened.
    func tell(_ written: WrittenPolicy) throws {
        for note in written.notes { try self.note(TerminalText.line(note.text)) }
        for difference in written.differences {
            try note(
                TerminalText.line(
                    "widened: \(difference.text) is \(difference.wasAllowed ? "denied" : "allowed") by what is written")
            )
        }
    }
}

/// What was written, as JSON; the names are documented in `docs/commands.md`.
struct WrittenJSON: Encodable {
    struct File: Encodable {
        let path: String
        let text: String?
    }

    struct Difference: Encodable {
        let from: String
        let to: String
        let service: String
        let was: String
        let becomes: String
    }

    struct Note: Encodable {
        let severity: String
        let code: String
        let message: String
        let file: String?
        let line: Int?
    }

    let files: [File]
    let notes: [Note]
    let differences: [Difference]

    init(_ written: WrittenPolicy, withText: Bool) {
        files = written.files.map { File(path: $0.path, text: withText ? $0.text : nil) }
        notes = written.notes.map {
            Note(
                severity: $0.severity.rawValue, code: $0.code, message: $0.message, file: $0.location?.file,
                line: $0.location?.line)
        }
        differences = written.differences.map { difference in
            Difference(
                from: difference.source?.rawValue ?? difference.flow.source.address.description,
                to: difference.destination?.rawValue ?? difference.flow.destination.address.description,
                service: difference.service, was: difference.wasAllowed ? "allowed" : "denied",
                becomes: difference.wasAllowed ? "denied" : "allowed")
        }
    }
}

extension CommandContext {
    /// Writes a file that is made anew each time, such as a picture; whoever reads it meanwhile sees the old one.
    func replace(_ path: String, with text: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandError("cannot write `\(path)`: \(error.localizedDescription)")
        }
    }
}
