import ArgumentParser
import NetworkTypes
import PolicyModel

/// What is known of a flow besides its addresses and service.
struct FlowFactOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The source port, where rules ask for it.", valueName: "port"))
    var sourcePort: UInt16?
    @Option(help: ArgumentHelp("The executable at the source.", valueName: "path"))
    var sourceProcess: String?
    @Option(help: ArgumentHelp("The executable at the destination.", valueName: "path"))
    var destinationProcess: String?
    @Option(help: ArgumentHelp("Who acts at the source.", valueName: "name[:group,…]"))
    var sourcePrincipal: String?
    @Option(help: ArgumentHelp("Who acts at the destination.", valueName: "name[:group,…]"))
    var destinationPrincipal: String?
    @Option(
        help: ArgumentHelp("A fact that is known, true unless `=false`; may be repeated.", valueName: "name[=bool]"))
    var condition: [String] = []

    /// Enters what is known into a flow.
    func apply(to flow: inout Flow) throws {
        if let sourcePort {
            guard flow.proto.hasPorts else {
                throw CommandError("expected no --source-port, since \(flow.proto) has no ports")
            }
            flow.sourcePort = sourcePort
        }
        if let sourceProcess { flow.source.process = try Self.process(sourceProcess, "--source-process") }
        if let destinationProcess {
            flow.destination.process = try Self.process(destinationProcess, "--destination-process")
        }
        if let sourcePrincipal { flow.source.principal = .known(try Self.principal(sourcePrincipal)) }
        if let destinationPrincipal { flow.destination.principal = .known(try Self.principal(destinationPrincipal)) }
        for text in condition {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard !parts[0].isEmpty, let value = parts.count == 1 ? true : Bool(String(parts[1])) else {
                throw CommandError("expected --condition name, name=true or name=false, got `\(text)`")
            }
            flow.conditions[ConditionName(rawValue: String(parts[0]))] = value
        }
    }

    private static func process(_ text: String, _ option: String) throws -> Attribute<ProcessName> {
        guard text.hasPrefix("/") else {
            throw CommandError("expected the path of an executable for \(option), got `\(text)`")
        }
        return .known(ProcessName(rawValue: text))
    }

    private static func principal(_ text: String) throws -> Principal {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else {
            throw CommandError("expected a principal such as `alice` or `alice:admins,ops`, got `\(text)`")
        }
        let groups = parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : []
        return Principal(name: String(name), groups: Set(groups))
    }
}
