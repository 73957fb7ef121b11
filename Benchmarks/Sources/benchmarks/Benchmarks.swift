import Foundation
import PolicyEngine
import PolicyModel

/// `make bench`: measures what `docs/benchmarks.md` states, checks the answers, and exits 1 when something is wrong.
@main
struct Benchmarks {
    static let usage = """
        usage: benchmarks [--quick] [--format table|json] [--only published-1|published-2|published-3|antrea|cluster|import] [--compile]
          --quick    a twentieth of the sizes; floors are not judged
          --only     one world; the run then says that figures were skipped and exits 1
          --compile  the figures of compiling and of changes only; the run then exits 1 likewise
        """

    let options: Options

    static func main() {
        guard let options = Options(CommandLine.arguments.dropFirst()) else {
            FileHandle.standardError.write(Data((usage + "\n").utf8))
            exit(2)
        }
        if let name = options.memoryOf {
            if let shape = WorldShape.all.first(where: { $0.name == name }) {
                let world = World(options.isQuick ? shape.quick : shape)
                Memory.reportNeed(world.workloads, world.policy.lowered())
            } else {
                let world = NamespacedWorld(namespaces: options.namespaces)
                Memory.reportNeed(world.workloads, world.policy)
            }
            exit(0)
        }
        exit(Benchmarks(options: options).run() ? 0 : 1)
    }

    private func run() -> Bool {
        var report = Report(isLive: !options.isJSON)
        for shape in WorldShape.all where options.only.map({ $0 == shape.name }) ?? true {
            measure(options.isQuick ? shape.quick : shape, &report)
        }
        if options.only.map({ $0 == NamespacedWorld.name }) ?? true {
            report.begin(NamespacedWorld.name + (options.isQuick ? "-quick" : ""))
            NamespacedFigures(
                namespaces: options.namespaces, repeats: options.repeats, isQuick: options.isQuick
            ).run(&report)
        }
        if options.only.map({ $0 == ClusterWorld.name }) ?? true {
            report.begin(ClusterWorld.name + (options.isQuick ? "-quick" : ""))
            ConnectivityFigures(repeats: options.repeats, isQuick: options.isQuick).run(&report)
            ManifestFigures(repeats: options.repeats, isQuick: options.isQuick).run(&report)
        }
        if !options.compilesOnly, options.only.map({ $0 == ImportFigures.name }) ?? true {
            report.begin(ImportFigures.name + (options.isQuick ? "-quick" : ""))
            ImportFigures(
                lines: options.isQuick ? 50_000 : 1_000_000, repeats: options.repeats, isQuick: options.isQuick
            ).run(&report)
        }
        if options.compilesOnly { report.fail("only compiling was measured") }
        if let only = options.only { report.fail("only \(only) was measured") }
        if options.isJSON { print(report.json) }
        if !options.isQuick, !report.belowFloor.isEmpty {
            print("BELOW FLOOR: \(report.belowFloor.map { "\($0.section): \($0.name)" }.joined(separator: "; "))")
        }
        if !report.failures.isEmpty { print("FAILED: \(report.failures.joined(separator: "; "))") }
        return report.failures.isEmpty && (options.isQuick || report.belowFloor.isEmpty)
    }

    private func measure(_ shape: WorldShape, _ report: inout Report) {
        let flows = options.isQuick ? 500_000 : 10_000_000
        let repeats = options.repeats
        let isFirst = shape.name.hasPrefix(WorldShape.first.name)
        let isSecond = shape.name.hasPrefix(WorldShape.second.name)
        report.begin(shape.name)
        let world = World(shape)
        report.note("seed, workloads, written rules", "\(shape.seed), \(shape.workloads), \(ruleCount(world))")
        report.note("distribution", WorldShape.distribution)
        var engine = CompilerFigures(world: world, repeats: repeats, isQuick: options.isQuick)
            .run(&report, isJudged: isFirst)
        report.note("identities, flat rules", "\(engine.identityCount), \(engine.ruleCount)")
        report.note(
            "rule references of all identities",
            "\(engine.rowEntryCount) (\(engine.rowEntryCount / engine.identityCount) each)")
        if !options.isQuick, isFirst, engine.identityCount < 15_000 { report.fail("fewer than 15,000 identities") }
        ReferenceCheck(world: world, engine: engine, flows: isFirst ? 2_000 : 200).run(&report)
        if options.compilesOnly { return change(world, &report, isJudged: isFirst) }
        let snapshots = SnapshotFigures(world: world, engine: engine, repeats: repeats)
        guard var table = snapshots.run(&report) else { return }
        let goal = Figure.Goal.atLeast(target: isSecond ? 30 : 80, floor: isSecond ? nil : 40)
        let replay = ReplayFigures(world: world, engine: engine, flows: flows, repeats: 3 * repeats, checks: 2_000)
        guard let (columns, each) = replay.run(&report, &table, goal: goal) else { return }
        SingleFigures(world: world, engine: engine, columns: columns, repeats: repeats)
            .run(&report, &table, isJudged: isFirst)
        if isFirst, !options.isQuick {
            SQLPeer(world: world, columns: columns, before: each).run(&report, &table)
        } else if isFirst {
            report.note("SQL peer not measured", "--quick")
        }
        engine = compile([], FlatPolicy(layers: []))
        if isFirst {
            MapFigures(
                world: world, edges: options.isQuick ? 50_000 : 1_000_000, repeats: repeats, isQuick: options.isQuick
            ).run(&report, isJudged: true)
        }
        WhatIfFigures(world: world, columns: columns, checks: 1_000).run(&report, isJudged: isFirst)
        change(world, &report, isJudged: isFirst)
    }

    private func change(_ world: World, _ report: inout Report, isJudged: Bool) {
        ChangeFigures(world: world, changes: options.isQuick ? 2_000 : 20_000, checks: 2_000)
            .run(&report, compile(world.workloads, world.policy.lowered()), isJudged: isJudged)
    }

    private func ruleCount(_ world: World) -> Int { world.policy.rulesets.reduce(0) { $0 + $1.rules.count } }
}

/// What the command line asked for.
struct Options {
    var isQuick = false
    var isJSON = false
    var only: String?
    /// Whether what takes long is left out.
    var compilesOnly = false
    /// For the child process that measures memory.
    var memoryOf: String?

    /// How often a figure is measured.
    var repeats: Int { isQuick ? 3 : 5 }

    /// The namespaces of Antrea's world.
    var namespaces: Int { NamespacedWorld.namespaces / (isQuick ? 20 : 1) }

    /// The names of all worlds.
    static let worlds = WorldShape.all.map(\.name) + [NamespacedWorld.name, ClusterWorld.name, ImportFigures.name]

    /// Reads the arguments; nil when they make no sense.
    init?(_ arguments: some Sequence<String>) {
        var rest = Array(arguments.reversed())
        var child: String?
        while let argument = rest.popLast() {
            switch argument {
            case "--quick": isQuick = true
            case "--format":
                guard let format = rest.popLast(), format == "json" || format == "table" else { return nil }
                isJSON = format == "json"
            case "--only":
                guard let name = rest.popLast(), Self.worlds.contains(name) else { return nil }
                only = name
            case "--compile": compilesOnly = true
            case "--memory-of": child = rest.popLast()
            default: return nil
            }
        }
        memoryOf = child.flatMap { Self.worlds.contains($0) ? $0 : nil }
    }
}
