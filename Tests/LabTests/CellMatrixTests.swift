import Lab
import NetworkTypes
import PolicyEngine
import PolicyModel
import Testing

/// The judge of the cells, without a kernel.
@Suite("What counts as agreement")
struct CellMatrixTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let isAllowed: Bool
        let before: ProbeAnswer
        let after: ProbeAnswer
        let counts: Bool
        let agrees: Bool

        init(
            _ description: String, allowed: Bool, _ before: ProbeAnswer, _ after: ProbeAnswer, counts: Bool = true,
            agrees: Bool
        ) {
            testDescription = description
            isAllowed = allowed
            self.before = before
            self.after = after
            self.counts = counts
            self.agrees = agrees
        }
    }

    static let cases: [Case] = [
        Case("allowed and answered", allowed: true, .answered, .answered, agrees: true),
        Case("allowed and the closed port still refuses", allowed: true, .refused, .refused, agrees: true),
        Case("allowed but silent", allowed: true, .answered, .silent, agrees: false),
        Case("allowed but reset", allowed: true, .answered, .refused, agrees: false),
        Case("allowed but stopped at the source", allowed: true, .answered, .stoppedAtSource, agrees: false),
        Case("denied and silent", allowed: false, .answered, .silent, agrees: true),
        Case("denied and stopped at the source", allowed: false, .answered, .stoppedAtSource, agrees: true),
        Case("denied and prohibited", allowed: false, .answered, .prohibited, agrees: true),
        Case("denied and reset", allowed: false, .answered, .refused, agrees: true),
        Case("denied but answered", allowed: false, .answered, .answered, agrees: false),
        Case("denied but the closed port refuses", allowed: false, .refused, .refused, agrees: false),
        Case("denied and the closed port is silent", allowed: false, .refused, .silent, agrees: true),
        Case("denied, never proven", allowed: false, .silent, .silent, counts: false, agrees: true),
        Case("denied, never let out", allowed: false, .stoppedAtSource, .silent, counts: false, agrees: true),
    ]

    @Test(arguments: cases)
    func aCellCountsOnlyWhenProvenAndAgreesOnlyWithTheEngine(_ item: Case) throws {
        let source = try #require(IPAddress("192.0.2.1"))
        let target = try #require(IPAddress("192.0.2.2"))
        let workload = Workload(id: "target", addresses: [target], mode: .full)
        let port: UInt16 = item.isAllowed ? 80 : 81
        let policy = Policy.allowing([.ports(.tcp, destination: PortSet(80))])
        let engine = PolicyEngine(workloads: [workload], policy: policy.lowered())
        let matrix = CellMatrix(
            [Cell(source: source, destination: target, proto: .tcp, port: port)],
            before: [ProbeResult(answer: item.before, sourcePort: 20_000)],
            after: [ProbeResult(answer: item.after, sourcePort: 20_001)], engine: engine, at: Wall.instant)
        #expect(matrix.counted.count == (item.counts ? 1 : 0))
        #expect(matrix.entries[0].agrees == item.agrees)
        #expect(matrix.disagreements.count == (item.counts && !item.agrees ? 1 : 0))
    }
}
