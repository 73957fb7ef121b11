import ArgumentParser
import Dialects

/// A policy that is being edited, beside the active one.
struct DraftOption: ParsableArguments {
    @Option(help: "The draft: a file or directory, in the language of --from unless --draft-from says another.")
    var draft: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The draft as --from has it.", valueName: "dialect path"))
    var draftFrom: [String] = []
}

extension CommandContext {
    /// Reads the draft of the options; nil when none is named.
    func loadDraft(_ option: DraftOption, beside active: PolicyOption) throws -> AskedPolicy? {
        var words = option.draftFrom
        // A draft without a language of its own is in that of the active policy.
        if words.isEmpty, active.policy == nil {
            let groups = try DialectWords(active.dialects.from).groups
            if groups.count == 1 { words = [groups[0].dialect.rawValue] }
        }
        if option.draft == nil, option.draftFrom.isEmpty { return nil }
        let read = try DialectWords(words, policy: option.draft)
        guard !read.groups.isEmpty else { return nil }
        return try load(read, active.dialects, orPolicy: false)
    }
}
