import NetworkTypes
import PolicyEngine
import PolicyModel

/// Figures (a) and (b): making the decision snapshot and its rows.
struct SnapshotFigures {
    let world: World
    let engine: PolicyEngine
    let repeats: Int

    func run(_ report: inout Report) -> DecisionTable? {
        guard let first = DecisionTable(engine, at: Moments.now) else {
            report.fail("the world has too many classes for a table")
            return nil
        }
        report.note("policy classes", first.classCount)
        report.note("pair table", "\(first.pairBytes / 1024) KiB")
        report.note("service atoms", first.atomCount)
        let making = Samples(repeats: repeats, prepare: {}) {
            precondition(DecisionTable(engine, at: Moments.now) != nil, "a table is made")
        }
        report.add(
            "decision snapshot: make it", making.scaled { $0 / 1e6 }, "ms CPU", nanoseconds: making.median)
        let pairs = FlowColumns(pairsOf: world, world.services[0])
        var keys = [UInt32](repeating: 0, count: pairs.count)
        var (rows, bytes) = (0, 0)
        let filling = Samples(
            (0..<(pairs.count > 2_000_000 ? 1 : repeats)).map { _ in
                guard var table = DecisionTable(engine, at: Moments.now) else { return .nan }
                let time = Clock.measure { pairs.replay(&table, into: &keys) }
                (rows, bytes) = (table.rowCount, table.rowBytes)
                return time
            })
        report.add(
            "decision snapshot: rows of all \(pairs.count) pairs of groups", filling.scaled { $0 / 1e6 }, "ms CPU",
            nanoseconds: filling.median)
        report.note("distinct rows", "\(rows) (\(bytes / 1024) KiB)")
        return first
    }
}
