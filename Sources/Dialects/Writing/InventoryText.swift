import NetworkTypes
public import PolicyModel

/// Proposed workloads as one policy file, each with the reasons above it.
public enum InventoryText {
    /// The file.
    ///
    /// - Parameters:
    ///   - workloads: The workloads with the lines of the comment that stands above each.
    ///   - owner: Who answers for the inventory.
    ///   - head: Lines of a comment at the top.
    public static func file(
        _ workloads: [(workload: Workload, reasons: [String])], owner: String, head: String
    ) -> String {
        var text = YAMLText.comment(head)
        text += YAMLText.map([.init("bulkhead", .plain("1")), .init("owner", .text(owner))]).document
        text += "workloads:" + (workloads.isEmpty ? " []\n" : "\n")
        for (workload, reasons) in workloads {
            for reason in reasons { text += indented(YAMLText.comment(reason)) }
            var entries: [YAMLText.Entry] = [.init("name", .text(workload.id.rawValue))]
            let addresses = workload.addresses.map { YAMLText.text($0.description) }
            entries.append(.init("addresses", addresses.count == 1 ? addresses[0] : .list(addresses)))
            let labels = workload.labels.sorted { $0.key < $1.key }
            if !labels.isEmpty {
                entries.append(
                    .init("labels", .map(labels.map { .init($0.key.description, .text($0.value.description)) })))
            }
            text += indented(YAMLText.list([.map(entries)]).document)
        }
        return text
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "  \($0)\n" }.joined()
    }
}
