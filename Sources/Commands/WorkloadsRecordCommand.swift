import ArgumentParser
import FlowStore
import Flows
import Foundation
import NetworkTypes
import PolicyModel
import Reports

/// `bulkhead workloads record`: keeps who holds which address beside the flows.
struct WorkloadsRecordCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Keep the inventory as it is now beside the flows.",
        discussion: """
            Addresses move from one workload to another. `policy simulate` asks what was recorded who held an address \
            when it was seen. Record whenever the inventory changes; what says the same as before is not kept again.
            """)

    @OptionGroup var policy: PolicyOption
    @Option(help: "The data directory that `flows import` fills; made when it is not there.")
    var data: String
    @Option(
        help: ArgumentHelp("Since when it is so, such as 2026-11-22T10:00:00Z; now, unless given.", valueName: "time"))
    var at: String?
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        if data.isEmpty { throw CommandError("expected the path of a directory for --data, got nothing") }
        let instant = try at.map { try TimeOption.instant($0, for: "--at") } ?? context.now
        let asked = try context.loadPolicy(policy)
        if asked.workloads.isEmpty { throw CommandError("expected workloads in the policy, found none") }
        // Half an inventory would say that the rest held no address.
        guard asked.status == .fine else {
            throw CommandError(
                "the policy has errors, so its inventory was not recorded; `bulkhead policy check` tells them")
        }
        let workloads = asked.workloads.map { workload in
            var labels: [String: String] = [:]
            for (key, value) in workload.labels { labels[key.description] = value.description }
            return StoredWorkload(
                id: workload.id.rawValue, labels: labels, addresses: workload.addresses.sorted().map(\.description))
        }
        let isNew = try FlowStore(directory: data).record(workloads, at: instant)
        let report = RecordReport(at: instant.utcText, workloads: workloads.count, isNew: isNew)
        switch output.format {
        case .text:
            try context.printFitted(
                isNew
                    ? "recorded \(FlowsAmount.text(workloads.count, "workload")) as of \(instant.utcText)"
                    : "nothing new: the record before says the same of \(FlowsAmount.text(workloads.count, "workload"))"
            )
        case .json, .jsonl: try context.printJSON(report, output.format)
        }
        return .fine
    }
}

/// What was recorded, in the shape of its JSON.
struct RecordReport: Encodable {
    let at: String
    let workloads: Int
    let isNew: Bool
}
