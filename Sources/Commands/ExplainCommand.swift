import ArgumentParser
import Flows
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead explain`: one flow, and why it is judged as it is.
struct ExplainCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say whether one end may reach another, and why.",
        usage: "bulkhead explain --policy <path> <source> <destination:port> [options]",
        discussion: "SRC and DST are addresses or names of workloads; an IPv6 address before a port stands in brackets."
    )

    @OptionGroup var policy: PolicyOption
    @Argument(help: "Who opens the connection.")
    var source: String
    @Argument(help: ArgumentHelp("Who is reached, and on what.", valueName: "destination:port[/proto]"))
    var destination: String
    @OptionGroup var facts: FlowFactOptions
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let target = try FlowTarget(destination)
        let loaded = try context.loadPolicy(policy.policy)
        let instant = try time.instant(in: context)
        let ends: (IPAddress, IPAddress)
        do {
            ends = try FlowInput(loaded.workloads).ends(Self.unbracketed(source), target.host)
        } catch {
            throw CommandError(error.message)
        }
        let proto: IPProtocol = ends.0.family == .ipv4 ? .icmp : .icmpv6
        guard !target.proto.isICMP || target.proto == proto else {
            throw CommandError("expected \(proto) between \(ends.0) and \(ends.1), got \(target.proto)")
        }
        var flow = Flow(
            source: FlowEnd(ends.0), destination: FlowEnd(ends.1), proto: target.proto, destinationPort: target.port,
            icmp: target.icmp)
        try facts.apply(to: &flow)
        let engine = PolicyEngine(workloads: loaded.workloads, policy: loaded.policy.lowered())
        let explanation = engine.explain(flow, at: instant)
        let index = PolicyIndex(loaded)
        let advice = ExplanationAdvice(flow, explanation, loaded.policy, index)
        switch output.format {
        case .text: try ExplanationText(context, index).print(flow, explanation, advice)
        case .json, .jsonl: try context.printJSON(ExplanationJSON(flow, explanation, index, advice), output.format)
        }
        return .fine
    }

    private static func unbracketed(_ text: String) -> String {
        text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    }
}
