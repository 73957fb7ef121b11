import ArgumentParser
import Dialects
import Flows
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead explain`: one flow, and why it is judged as it is.
struct ExplainCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say whether one end may reach another, and why.",
        usage: "bulkhead explain (--policy <path> | --from <dialect> <path>) <source> <destination:port> [options]",
        discussion: "SRC and DST are addresses or names of workloads; an IPv6 address before a port stands in brackets."
    )

    @OptionGroup var policy: PolicyOption
    @Argument(
        help: ArgumentHelp(
            "Who opens the connection, and who is reached on what.", valueName: "source destination:port[/proto]"))
    var ends: [String] = []
    @OptionGroup var facts: FlowFactOptions
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func run(in context: CommandContext) throws -> ExitStatus {
        let instant = try time.instant(in: context)
        let (asked, words) = try context.loadPolicy(policy, ends, count: 2)
        guard words.count == 2 else {
            throw CommandError("expected a source and a destination such as `web-1 db-1:5432`, got \(words.count) of 2")
        }
        let (source, target) = (words[0], try FlowTarget(words[1]))
        let ends: (IPAddress, IPAddress)
        do {
            ends = try FlowInput(asked).ends(Self.unbracketed(source), target.host)
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
        let explanation = asked.engine().explain(flow, at: instant)
        let index = asked.index
        let advice = ExplanationAdvice(explanation, asked.reading.loaded?.policy, index)
        switch output.format {
        case .text: try ExplanationText(context, index).print(flow, explanation, advice)
        case .json, .jsonl: try context.printJSON(ExplanationJSON(flow, explanation, index, advice), output.format)
        }
        return asked.status
    }

    private static func unbracketed(_ text: String) -> String {
        text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    }
}
