import ArgumentParser
import Foundation

/// `bulkhead decide`: every flow of a stream with its verdict.
struct DecideCommand: ContextCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide", abstract: "Judge flows, one JSON object a line.",
        usage: """
            bulkhead decide (--policy <path> | --from <dialect> <path>) [--flows <file>] [--at <time>] \
            [--format <format>]
            """,
        discussion: """
            Every line out is the line in with `verdict`, `policyVerdict`, `decidedBy` and `reason` added. Lines that \
            are no flow are reported on standard error and left out; then the exit code is 1.
            """)

    @OptionGroup var policy: PolicyOption
    @Option(help: ArgumentHelp("The file of flows, or `-` for standard input.", valueName: "file"))
    var flows = "-"
    @OptionGroup var time: TimeOption
    @Option(help: "jsonl for lines as they are judged, json for one array.")
    var format: OutputFormat = .jsonl

    func run(in context: CommandContext) throws -> ExitStatus {
        guard format != .text else { throw CommandError("expected --format jsonl or json, since flows are JSON") }
        let instant = try time.instant(in: context)
        let file = try open(context)
        let asked = try context.loadPolicy(policy)
        let input = FlowInput(asked)
        var judge = FlowJudge(asked.engine(), instant)
        var lines = LineReader(file)
        var number = 0
        var refused = 0
        var isFirst = true
        if format == .json { try context.write([UInt8(ascii: "[")]) }
        while let line = try lines.next() {
            number += 1
            do {
                switch line {
                case .tooLong: throw FlowRefusal("expected at most \(LineReader.maximumLine) bytes on a line")
                case .bytes(let bytes):
                    if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
                    let flow = try input.flow(bytes)
                    let addition = try judge.addition(flow)
                    if format == .json { try context.write(Array(isFirst ? "\n".utf8 : ",\n".utf8)) }
                    isFirst = false
                    // The line, byte for byte, without the brace that closes it; a flow has members.
                    try context.write(bytes[..<(bytes.lastIndex(of: UInt8(ascii: "}")) ?? bytes.endIndex)])
                    try context.write(format == .json ? addition.dropLast() : addition[...])
                }
            } catch let refusal as FlowRefusal {
                refused += 1
                let place = "\(flows == "-" ? "standard input" : flows):\(number)"
                try context.note(TerminalText.line("\(place): refused: \(refusal.message)"))
            }
        }
        if format == .json { try context.write(Array("\n]\n".utf8)) }
        if refused > 0 { try context.note("\(refused) of \(number) lines were refused") }
        return refused > 0 ? .found : asked.status
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
