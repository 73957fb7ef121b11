import NetworkTypes
public import PolicyFiles
public import PolicyModel

/// Rulesets as one policy file, to stand beside the files of a policy.
public enum RulesetText {
    /// The file.
    ///
    /// - Parameters:
    ///   - policy: The rulesets, and the address sets that their rules name, which other files define.
    ///   - services: Services that other files define; a rule that has all terms of one names it.
    ///   - owner: Who answers for all rules that name nobody else.
    ///   - review: The date, `YYYY-MM-DD`, on which somebody must look at the rules again.
    ///   - head: Lines of a comment at the top.
    public static func file(
        _ policy: Policy, services: [ServiceName: [ServiceTerm]], owner: String, review: String, head: String
    ) -> String {
        var names = ServiceNames(known: services)
        let text = PolicyFileText(
            workloads: [], policy: policy, options: WriteOptions(now: .init(rawValue: 0), owner: owner))
        let rulesets = policy.rulesets.map { text.yaml($0, &names) }
        var entries: [YAMLText.Entry] = [
            .init("bulkhead", .plain("1")), .init("owner", .text(owner)), .init("review", .plain(review)),
        ]
        if !names.services.isEmpty {
            entries.append(
                .init("services", .map(names.services.map { .init($0.name, .list($0.terms.map { .text($0) })) })))
        }
        entries.append(.init("rulesets", .list(rulesets)))
        return YAMLText.comment(head) + YAMLText.map(entries).document
    }
}
