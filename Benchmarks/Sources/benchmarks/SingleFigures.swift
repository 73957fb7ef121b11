import NetworkTypes
import PolicyEngine
import PolicyModel

/// Figures (b): one decision at a time, in the process.
struct SingleFigures {
    let world: World
    let engine: PolicyEngine
    let columns: FlowColumns
    let repeats: Int

    func run(_ report: inout Report, _ table: inout DecisionTable, isJudged: Bool) {
        var random = SplitMix64(seed: 11)
        let flows = (0..<4096).map { _ in columns.flow(random.below(columns.count)) }
            .filter { $0.source.address != $0.destination.address }
        let few = Array(flows.prefix(64))
        var sink: UInt32 = 0
        for flow in flows { sink ^= table.decide(flow).rawValue }
        let warm = Samples(repeats: repeats, prepare: {}) {
            for _ in 0..<2000 { for flow in few { sink ^= table.decide(flow).rawValue } }
        }.scaled { $0 / 2000 / Double(few.count) }
        report.add(
            "one decision by table, warm", warm, "ns", isJudged ? .atMost(target: 150, floor: nil) : nil,
            nanoseconds: warm.median)
        // The columns say 10M different flows; none of these was asked one by one before.
        let fresh = (0..<20_000 * repeats).map { _ in columns.flow(random.below(columns.count)) }
            .filter { $0.source.address != $0.destination.address }
        let slices = (0..<repeats).map { fresh[$0 * fresh.count / repeats..<($0 + 1) * fresh.count / repeats] }
        let cold = Samples(
            slices.map { slice in
                Clock.measure { for flow in slice { sink ^= table.decide(flow).rawValue } } / Double(slice.count)
            })
        report.add(
            "one decision by table, each flow new", cold, "ns", isJudged ? .atMost(target: 1000, floor: nil) : nil,
            nanoseconds: cold.median)
        let emptied = self.cold(flows) { sink ^= table.decide($0).rawValue }
        report.add("one decision by table, caches emptied before each", emptied, "ns", nanoseconds: emptied.median)
        let engineWarm = Samples(repeats: repeats, prepare: {}) {
            for flow in few { if engine.decide(flow, at: Moments.now).policy.outcome == .allowed { sink &+= 1 } }
        }.scaled { $0 / Double(few.count) }
        report.add("one decision by engine, warm", engineWarm, "ns", nanoseconds: engineWarm.median)
        let engineCold = self.cold(flows) {
            if engine.decide($0, at: Moments.now).policy.outcome == .allowed { sink &+= 1 }
        }
        report.add(
            "one decision by engine, caches emptied before each", engineCold, "ns", nanoseconds: engineCold.median)
        replayIPv6(&report, &table, &sink)
        precondition(sink != 1, "the answers are used")
    }

    /// Single decisions, each after 64 MiB were written, by a clock whose own cost is taken off.
    private func cold(_ flows: [Flow], _ decide: (Flow) -> Void) -> Samples {
        var ballast = [UInt64](repeating: 0, count: 8 << 20)
        var overhead: [Double] = []
        var times: [Double] = []
        for round in 0..<100 {
            for index in stride(from: 0, to: ballast.count, by: 8) { ballast[index] &+= UInt64(round) }
            let flow = flows[round * 37 % flows.count]
            let empty = Clock.wall
            let start = Clock.wall
            decide(flow)
            times.append(Clock.wall - start)
            overhead.append(start - empty)
        }
        let clock = Samples(overhead).median
        return Samples(times.sorted().dropLast(5).map { max(0, $0 - clock) })
    }

    /// IPv6 has no columns: each flow goes through the single path.
    private func replayIPv6(_ report: inout Report, _ table: inout DecisionTable, _ sink: inout UInt32) {
        var random = SplitMix64(seed: 13)
        let addresses = world.dualStack.map { world.workloads[$0].addresses[1] }
        let flows = (0..<min(200_000, columns.count)).map { _ -> Flow in
            let service = random.pick(world.services)
            return Flow(
                source: FlowEnd(random.pick(addresses)), destination: FlowEnd(random.pick(addresses)),
                proto: service.proto, destinationPort: service.port)
        }.filter { $0.source.address != $0.destination.address }
        for flow in flows { sink ^= table.decide(flow).rawValue }
        let times = Samples(repeats: repeats, prepare: {}) {
            for flow in flows { sink ^= table.decide(flow).rawValue }
        }
        report.add(
            "IPv6 flows one by one by table", times.scaled { Double(flows.count) / $0 * 1e3 }, "Mflow/s",
            nanoseconds: times.median / Double(flows.count))
        for flow in flows.prefix(1000) where table.decision(table.decide(flow)) != engine.decide(flow, at: Moments.now)
        {
            return report.fail("an IPv6 flow is not judged as the engine judges it")
        }
    }
}
