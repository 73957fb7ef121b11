import ArgumentParser
import PolicyEngine
import PolicyFiles
import PolicyModel

/// The policy that a command asks.
struct PolicyOption: ParsableArguments {
    @Option(help: ArgumentHelp("A policy file, or a directory whose files are one policy.", valueName: "path"))
    var policy: String
}

extension CommandContext {
    /// Loads a policy for asking; any error of the files ends the command, and warnings are left to `policy check`.
    func loadPolicy(_ path: String) throws -> LoadedPolicy {
        let result = PolicyDirectory.load(path, now: now)
        guard let policy = result.policy else {
            let errors = result.diagnostics.filter { $0.severity == .error }
            let first = errors.first?.text ?? "no policy in `\(path)`"
            let more = errors.count > 1 ? " (and \(errors.count - 1) more; `bulkhead policy check` shows all)" : ""
            throw CommandError("cannot load the policy: \(first)\(more)")
        }
        return policy
    }
}
