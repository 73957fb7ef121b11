import CFuzzer
import Glibc

/// The parsers by name.
let targets: [String: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32] = [
    "flow-formats": { start, count in
        decodeFlows(UnsafeRawBufferPointer(start: start, count: count))
        return 0
    },
    "policy-files": { start, count in
        loadPolicy(UnsafeRawBufferPointer(start: start, count: count))
        return 0
    },
    "selector": { start, count in
        parseSelector(UnsafeRawBufferPointer(start: start, count: count))
        return 0
    },
]

var arguments = CommandLine.arguments
guard arguments.count > 1, let target = targets[arguments[1]] else {
    let usage = "usage: fuzz \(targets.keys.sorted().joined(separator: "|")) [libFuzzer's options and folders…]\n"
    _ = usage.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(2)
}
arguments.remove(at: 1)
var pointers = arguments.map { strdup($0) } + [nil]
let status: Int32 = pointers.withUnsafeMutableBufferPointer { buffer in
    var count = Int32(arguments.count)
    var start = buffer.baseAddress
    return LLVMFuzzerRunDriver(&count, &start, target)
}
exit(status)
