import ArgumentParser
import FlowAnalysis
import NetworkTypes
import PolicyEngine
import PolicyModel

/// `bulkhead map`: who reaches whom, gathered by labels or by subnets.
struct MapCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "map", abstract: "Show who reaches whom on what.",
        discussion: """
            With a policy, its workloads are grouped by their labels, and each edge says what the policy verdict on it \
            is. Addresses of no workload stand with the smallest address set of the policy that holds them, else with \
            their private subnet (/24, /64), else with the internet, by domain where --dns names them. With --out the \
            map is drawn too.
            """)

    @OptionGroup var history: FlowsHistoryOptions
    @OptionGroup var policy: PolicyOption
    @Option(help: "The label dimensions to group by, separated by commas; app,env,role unless given.")
    var by: String?
    @Option(
        help: ArgumentHelp(
            "A Zeek dns log in JSON or a packet capture, whose answers name addresses.", valueName: "file"))
    var dns: [String] = []
    @Option(help: ArgumentHelp("Draw the map too, into a file whose name ends with .svg or .html.", valueName: "file"))
    var out: String?
    @Option(help: "How many edges the table shows; JSON has all.")
    var top = 40
    @OptionGroup var time: TimeOption
    @OptionGroup var output: FormatOption

    func validate() throws {
        if top < 1 { throw ValidationError("expected a number from 1 for --top, got `\(top)`") }
        if let out, MapPicture.Kind(path: out) == nil {
            throw ValidationError("expected a name that ends with .svg or .html for --out, got `\(out)`")
        }
    }

    func run(in context: CommandContext) throws -> ExitStatus {
        // A picture has environments outside and tiers inside.
        let dimensions = try LabelKey.list(by ?? (out == nil ? "app,env,role" : "env,app,role"))
        let instant = try time.instant(in: context)
        let hasPolicy = policy.policy != nil || !policy.dialects.from.isEmpty
        let asked = hasPolicy ? try context.loadPolicy(policy) : nil
        let edges = try history.edges(in: context, takenFor: asked?.workloads ?? [])
        var reader = HostFactsReader(context)
        var refused = 0
        for path in dns { refused += try reader.readDNS(path) }
        let engine = asked?.engine()
        let map = FlowMap(
            edges, workloads: asked?.workloads ?? [], addressSets: asked?.policy.addressSets ?? [:],
            names: reader.facts.names, by: dimensions, engine: engine, at: instant)
        if let out, let kind = MapPicture.Kind(path: out) {
            let picture = MapPicture(map, workloads: asked?.workloads ?? [], source: history.data)
            try context.replace(out, with: picture.text(kind))
        }
        switch output.format {
        case .text: try MapText(context, top: top).print(map)
        case .json, .jsonl: try context.printJSON(MapJSON(map), output.format)
        }
        return max(asked?.status ?? .fine, refused > 0 ? .found : .fine)
    }
}

extension LabelKey {
    /// The dimensions of `--by`, separated by commas.
    static func list(_ text: String) throws -> [LabelKey] {
        let dimensions = try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let key = LabelKey(name) else {
                throw CommandError("expected label dimensions such as `app,env` for --by, got `\(text)`")
            }
            return key
        }
        guard Set(dimensions).count == dimensions.count else {
            throw CommandError("expected each label dimension once for --by, got `\(text)`")
        }
        return dimensions
    }
}
