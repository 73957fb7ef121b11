import CMalloc
import Foundation
import PolicyEngine
import PolicyModel

/// What the allocator of this process holds.
enum Memory {
    /// Bytes that were allocated and not freed (mallinfo2(3): `uordblks` and `hblkhd`).
    static var inUse: Int {
        let info = mallinfo2()
        return Int(info.uordblks) + Int(info.hblkhd)
    }

    /// What compiling a world needs above its input, measured by a fresh process of this program.
    ///
    /// Bytes that stay allocated, and the growth of the largest resident size on the way there.
    struct Need: Codable {
        var kept: Int
        var peak: Int
    }

    /// Runs in the child: prints a `Need` as JSON.
    static func reportNeed(_ workloads: [Workload], _ policy: FlatPolicy) {
        malloc_trim(0)
        let before = inUse
        let resident = residentBytes("VmRSS:")
        let engine = compile(workloads, policy)
        let need = Need(kept: inUse - before, peak: residentBytes("VmHWM:") - resident)
        precondition(engine.ruleCount == policy.ruleCount && !workloads.isEmpty, "engine and input live until here")
        if let data = try? JSONEncoder().encode(need) { print(String(decoding: data, as: UTF8.self)) }
    }

    /// Starts this program again for one world; nil when that fails.
    static func need(of world: String, quick: Bool) -> Need? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--memory-of", world.replacing("-quick", with: "")] + (quick ? ["--quick"] : [])
        let pipe = Pipe()
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return nil }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try? JSONDecoder().decode(Need.self, from: data)
    }

    /// A line of /proc/self/status (proc_pid_status(5)) in bytes.
    private static func residentBytes(_ name: String) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024
    }
}

extension FlatPolicy {
    /// The number of rules of all tiers.
    var ruleCount: Int { layers.flatMap(\.tiers).reduce(0) { $0 + $1.rules.count } }
}
