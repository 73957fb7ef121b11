import ArgumentParser
import Foundation
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// `bulkhead decide`: every flow of a stream with its verdict.
struct DecideCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide", abstract: "Judge flows, one JSON object a line.",
        discussion: """
            Every line out is the line in with `verdict`, `policyVerdict`, `decidedBy` and `reason` added. Lines that \
            are no flow are reported on standard error and left out; then the exit code is 1.
            """)

    @OptionGroup var policy: PolicyOption
    @Option(help: "The file of flows, or `-` for standard input.")
    var flows = "-"
    @OptionGroup var time: TimeOption
    @Option(help: "A stream is always JSON lines.")
    var format: OutputFormat = .jsonl

    func run(in context: CommandContext) throws -> ExitStatus {
        guard format == .jsonl else { throw CommandError("expected --format jsonl, since a stream is JSON lines") }
        let loaded = try context.loadPolicy(policy.policy)
        let instant = try time.instant(in: context)
        let engine = PolicyEngine(workloads: loaded.workloads, policy: loaded.policy.lowered())
        var judge = FlowJudge(engine, instant)
        let input = FlowInput(loaded.workloads)
        var lines = LineReader(try open(context))
        var number = 0
        var refused = 0
        while let line = try lines.next() {
            number += 1
            do {
                switch line {
                case .tooLong: throw FlowInput.Refusal("expected at most \(LineReader.maximumLine) bytes on a line")
                case .bytes(let bytes):
                    if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
                    try judge.answer(bytes, input, context)
                }
            } catch let refusal as FlowInput.Refusal {
                refused += 1
                try context.note("\(flows == "-" ? "standard input" : flows):\(number): refused: \(refusal.message)")
            }
        }
        if refused > 0 { try context.note("\(refused) of \(number) lines were refused") }
        return refused > 0 ? .found : .fine
    }

    private func open(_ context: CommandContext) throws -> FileHandle {
        if flows == "-" { return context.input }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: flows, isDirectory: &isDirectory), !isDirectory.boolValue,
            let file = FileHandle(forReadingAtPath: flows)
        else { throw CommandError("expected a readable file of flows at `\(flows)`") }
        return file
    }
}

/// Judges lines, by the table where the policy has few enough classes.
private struct FlowJudge {
    private let engine: PolicyEngine
    private let instant: Instant
    private var table: DecisionTable?
    private var texts: [DecisionTable.Key: [UInt8]] = [:]

    init(_ engine: PolicyEngine, _ instant: Instant) {
        self.engine = engine
        self.instant = instant
        table = DecisionTable(engine, at: instant)
    }

    mutating func answer(
        _ line: ArraySlice<UInt8>, _ input: FlowInput, _ context: CommandContext
    ) throws {
        guard let parsed = try? JSONSerialization.jsonObject(with: Data(line)) else {
            throw FlowInput.Refusal("expected a JSON object")
        }
        guard let object = parsed as? [String: Any] else {
            throw FlowInput.Refusal("expected a JSON object, got another value")
        }
        if let taken = DecideOutput.members.first(where: { object[$0] != nil }) {
            throw FlowInput.Refusal("the line already has `\(taken)`, which would be added")
        }
        let flow = try input.flow(object)
        guard let end = line.lastIndex(of: 0x7D) else { throw FlowInput.Refusal("expected a JSON object") }
        var head = line[..<end]
        while let last = head.last, [0x20, 0x09].contains(last) { head = head.dropLast() }
        try context.write(head)
        if !object.isEmpty { try context.write([0x2C]) }
        try context.write(try addition(flow))
        try context.write([0x0A])
    }

    private mutating func addition(_ flow: Flow) throws -> [UInt8] {
        guard table != nil else { return try DecideOutput.bytes(engine.decide(flow, at: instant)) }
        guard let key = table?.decide(flow), let decision = table?.decision(key) else { return [] }
        if let known = texts[key] { return known }
        let made = try DecideOutput.bytes(decision)
        texts[key] = made
        return made
    }
}

/// What is added to a line.
private enum DecideOutput {
    static let members = [
        "verdict", "policyVerdict", "decidedBy", "policyDecidedBy", "reason", "policyReason", "deniedSourcePorts",
        "policyDeniedSourcePorts",
    ]

    /// The members without the brace that opens their object.
    static func bytes(_ decision: Decision) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(DecisionJSON(decision)).dropFirst())
    }
}
