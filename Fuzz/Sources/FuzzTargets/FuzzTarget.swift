import Dialects
import FlowFormats
import FlowStore
import Flows
import NetworkTypes
import PolicyFiles
import PolicyModel

#if canImport(Glibc)
    import Glibc
#endif

/// A reader of bytes from outside; its corpus lies in `Fuzz/Corpus` under the same name.
enum FuzzTarget: String, CaseIterable {
    case bulkhead
    case kubernetes
    case calico
    case tailscale
    case devices
    case selector
    case flows
    case capture
    /// A file of flows of any form, perhaps packed.
    case file

    /// Reads the bytes; whatever they are, the process must outlive it.
    func read(_ bytes: [UInt8]) {
        let source = PolicySource(name: "input", bytes: bytes)
        let options = DialectOptions(now: Instant(rawValue: 0))
        switch self {
        case .bulkhead: _ = DialectLoader.read(.bulkhead, [source], options)
        case .kubernetes: _ = DialectLoader.read(.kubernetes, [source], options)
        case .calico: _ = DialectLoader.read(.calico, [source], options)
        case .tailscale: _ = DialectLoader.read(.tailscale, [source], options)
        case .devices:
            let text = #"{"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}"#
            let policy = PolicySource(name: "policy", text: text)
            _ = DialectLoader.read(.tailscale, [policy], DialectOptions(now: options.now, devices: source))
        case .selector:
            // What is read must print to something that reads to the same.
            guard let text = String(validating: bytes, as: UTF8.self), let selector = try? Selector(parsing: text)
            else { return }
            precondition((try? Selector(parsing: selector.description)) == selector, "a selector changed its meaning")
        case .flows:
            var decoder = FlowDecoder()
            bytes.withUnsafeBytes { decoder.feed($0) { _ in } }
            decoder.finish { _ in }
        case .capture:
            // What a capture holds is the same in whatever pieces it comes, and reads back from its lines.
            let whole = Self.flows(bytes, pieces: bytes.count)
            precondition(Self.flows(bytes, pieces: 7) == whole, "the pieces of a capture changed its flows")
            var decoder = FlowDecoder()
            for record in whole {
                var line: [UInt8] = []
                record.appendJSON(to: &line)
                line.append(0x0A)
                line.withUnsafeBytes {
                    decoder.feed($0) { read in
                        guard case .record(let again) = read.outcome else {
                            preconditionFailure("a flow does not read back")
                        }
                        precondition(again == record, "a flow reads back as another")
                    }
                }
            }
        case .file: Self.decode(bytes)
        }
    }

    /// Reads the bytes from a file, as `flows decode` does.
    private static func decode(_ bytes: [UInt8]) {
        let path = P_tmpdir + "/bulkhead-fuzz-\(getpid())"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0, "a file can be written")
        precondition(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
        close(descriptor)
        _ = try? FlowDecoding.decode([path]) { _ in }
        unlink(path)
    }

    private static func flows(_ bytes: [UInt8], pieces: Int) -> [FlowRecord] {
        var reader = CaptureReader()
        var records: [FlowRecord] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            piece.withUnsafeBytes { reader.feed($0) { records.append($0) } }
        }
        reader.finish { records.append($0) }
        return records
    }

    /// The reader that `BULKHEAD_FUZZ` names.
    static let chosen: FuzzTarget = {
        let name = getenv("BULKHEAD_FUZZ").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
            // The C library's `stderr` is a variable, which strict concurrency does not let us read.
            let message = Array("expected BULKHEAD_FUZZ to be one of \(names)\n".utf8)
            _ = message.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            exit(2)
        }
        return target
    }()
}

/// What libFuzzer calls with each input (LLVM's libFuzzer manual, "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.chosen.read(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
