internal import Foundation
internal import Netfilter
internal import NetworkTypes
internal import PolicyEngine
internal import PolicyFiles
internal import PolicyModel

/// The demonstration from start to end: three tiers, their real traffic, one boundary, real packets before and after.
///
/// Make it inside `LabIsolation`. It blocks its thread until the end.
public struct LabRun {
    private let steps: LabSteps
    private let directory: String
    private let keeps: Bool
    private let report: (LabEvent) throws -> Void

    /// Prepares a run; `report` hears of every step as it happens, and ends the run when it throws.
    ///
    /// Captures, flow store and policy files go to `directory` and stay there; without one they go to a temporary
    /// directory that is removed at the end.
    public init(
        steps: LabSteps = .standard, directory: String? = nil, report: @escaping (LabEvent) throws -> Void
    ) {
        self.steps = steps
        keeps = directory != nil
        self.directory = directory ?? NSTemporaryDirectory() + "bulkhead-lab-\(UUID().uuidString)"
        self.report = report
    }

    /// Where the run keeps its files.
    private var data: String { directory + "/data" }
    private var active: String { directory + "/policy" }
    private var draft: String { directory + "/draft" }

    /// Runs the demonstration and returns what it found.
    public func run() throws -> LabReport {
        let start = ContinuousClock.now
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { if !keeps { try? FileManager.default.removeItem(atPath: directory) } }
        var result = LabReport()
        result.directory = keeps ? directory : nil

        let network = try LabNetwork(LabScenario.names)
        let services = try network.hosts.map { try ServiceHost(LabScenario.services(of: $0.name, network), on: $0) }
        defer { for service in services { service.stop() } }
        try tellOfHosts(network, &result)

        let governed = network.hosts.filter { LabScenario.governed.contains($0.name) }
        let traffic = LabTraffic(network)
        try observe(governed, traffic, &result)
        result.importing = try steps.importFlows(result.captures, data)
        try report(.table(result.importing))

        try writePolicies(governed)
        try report(.step(number: 3, title: "The map: who talks to whom, by labels"))
        result.map = try steps.map(data, active)
        try report(.table(result.map))

        try report(.step(number: 4, title: "One boundary, simulated against that traffic before anything is touched"))
        for line in LabPolicyText.summary { try report(.line(line)) }
        result.simulation = try steps.simulate(active, draft, data)
        try report(.line("What it would newly break:"))
        try report(.table(result.simulation))

        let policy = try LoadedPolicy(lab: draft)
        let engine = PolicyEngine(workloads: policy.workloads, policy: policy.policy.lowered())
        let cells = LabScenario.cells(network)
        try report(.step(number: 5, title: "Real packets with policy off"))
        let pathsBefore = LabPath.all.map { traffic.walk($0) }
        let before = try network.probeExpectingAnswers(cells)
        let passed = before.count { $0.answer.passed }
        try report(.line("\(cells.count) probes sent between all tiers, \(passed) reached the other end"))

        try report(.step(number: 6, title: "The boundary goes into the kernel of each tier (nftables)"))
        let walls = try governed.map { try LabWall(engine, on: $0, at: .labNow) }
        for wall in walls {
            result.walls.append(
                LabReport.Wall(host: wall.host.name, bytes: wall.bytes, milliseconds: wall.milliseconds))
            let time = String(format: "%.1f", wall.milliseconds)
            try report(.line("\(wall.host.name): \(wall.bytes) bytes of rules applied in \(time) ms"))
        }

        try report(.step(number: 7, title: "Real packets with policy on"))
        let instant = Instant.labNow
        for (path, before) in zip(LabPath.all, pathsBefore) {
            let judged = try path.judged(before: before, traffic, network, engine, walls, at: instant)
            for line in judged.lines { try report(.line(line)) }
            result.paths.append(judged)
        }
        let matrix = try CellMatrix.sent(cells, before: before, over: network, engine: engine, at: instant)
        result.matrix = LabReport.Matrix(matrix, network)
        result.seconds = (ContinuousClock.now - start) / .seconds(1)
        try tellOfMatrix(result)
        return result
    }

    // MARK: Steps

    private func tellOfHosts(_ network: LabNetwork, _ result: inout LabReport) throws {
        try report(.step(number: 1, title: "Three tiers and a visitor, each in a network namespace of its own"))
        result.hosts = network.hosts.map { host in
            LabReport.Host(
                name: host.name, addresses: host.addresses.map(\.description),
                services: LabScenario.services(of: host.name, network).map { "\($0.proto)/\($0.port) \($0.name)" },
                isGoverned: LabScenario.governed.contains(host.name))
        }
        let rows = result.hosts.map { host in
            let own = host.services.filter { !$0.hasSuffix("batch") }.joined(separator: ", ")
            let others = host.services.count { $0.hasSuffix("batch") }
            return [host.name, host.addresses.joined(separator: " "), others == 0 ? own : "\(own), \(others) more"]
        }
        try report(.table(LabTable(columns: ["host", "addresses", "services"], rows: rows)))
    }

    private func observe(_ hosts: [LabHost], _ traffic: LabTraffic, _ result: inout LabReport) throws {
        try report(.step(number: 2, title: "They talk, and each kernel's table of connections is imported"))
        for host in hosts {
            try host.namespace.countConnections()
            try NftContext(in: host.namespace).apply(LabTraffic.watch)
        }
        (result.answered, result.asked) = try traffic.run()
        try report(.line("\(result.asked) requests sent over IPv4 and IPv6, \(result.answered) answered"))
        try FileManager.default.createDirectory(atPath: directory + "/captures", withIntermediateDirectories: true)
        for host in hosts {
            let dump = try ConntrackDump(of: host.namespace)
            let path = "\(directory)/captures/\(host.name).conntrack"
            try Data(dump.text).write(to: URL(fileURLWithPath: path))
            result.captures.append(LabReport.Capture(host: host.name, path: path, lines: dump.count))
        }
    }

    private func writePolicies(_ hosts: [LabHost]) throws {
        let files = [
            (active, "inventory.yaml", LabPolicyText.inventory(hosts, mode: "visibility")),
            (draft, "inventory.yaml", LabPolicyText.inventory(hosts, mode: "full")),
            (draft, "boundary.yaml", LabPolicyText.boundary),
        ]
        for (directory, name, text) in files {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
        }
    }

    private func tellOfMatrix(_ result: LabReport) throws {
        let matrix = result.matrix
        try report(.step(number: 8, title: "Every cell of the matrix against the engine"))
        try report(.table(matrix.table))
        try report(.table(matrix.protocols))
        for difference in matrix.differences.prefix(20) { try report(.line("differs: \(difference)")) }
        try report(
            .line(
                "\(matrix.agreed) of \(matrix.counted) cells agree (\(matrix.allowed) allowed, \(matrix.denied) denied;"
                    + " a cell counts only if its probe passed with policy off)"))
        try report(.line(String(format: "%.1f seconds in all", result.seconds)))
    }
}
