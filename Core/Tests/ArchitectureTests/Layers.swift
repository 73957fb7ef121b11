/// Which modules a target may import: the arrows of the design, written here by hand so that no manifest can bend them.
struct Layers {
    /// The targets that each target names itself; what those may import comes along.
    var direct: [String: Set<String>]
    /// Modules of the platform and of other packages, only for the target that names them.
    var outside: [String: Set<String>] = [:]

    /// The part that decides.
    ///
    /// A target that is missing here fails the test, which is where to think about its layer.
    static let core = Layers(direct: [
        "NetworkTypes": [],
        "PolicyModel": ["NetworkTypes"],
        "PolicyEngine": ["PolicyModel"],
        "PacketFilter": ["PolicyEngine"],
        "Flows": ["NetworkTypes"],
        "FlowFormats": ["Flows"],
        "PolicyAnalysis": ["PolicyEngine"],
        "FlowAnalysis": ["PolicyAnalysis", "Flows"],
        "PolicyReference": ["PolicyModel"],
        "RulesetSimulator": ["NetworkTypes"],
    ])

    /// The part that touches the world.
    static let root: Layers = {
        let targets: [String: Set<String>] = [
            "Netfilter": ["PolicyModel"],
            "PolicyFiles": ["PolicyModel"],
            "Dialects": ["PolicyFiles", "PolicyAnalysis"],
            "FlowStore": ["FlowFormats"],
            "Reports": ["FlowAnalysis"],
            "Lab": ["Netfilter", "PolicyFiles", "FlowStore", "PolicyEngine", "PacketFilter", "FlowAnalysis"],
            "Commands": ["Lab", "Dialects", "FlowStore", "Reports", "PolicyEngine", "PacketFilter", "FlowAnalysis"],
            "bulkhead": ["Commands"],
        ]
        var outside: [String: Set<String>] = [
            "Netfilter": ["CNftables", "CNetns"],
            "PolicyFiles": ["Yams"],
            "Dialects": ["Yams"],
            "FlowStore": ["GRDB", "CZlib"],
            "Commands": ["ArgumentParser"],
            "bulkhead": ["ArgumentParser"],
        ]
        for target in targets.keys { outside[target, default: []].formUnion(platform) }
        return Layers(direct: core.direct.merging(targets) { mine, _ in mine }, outside: outside)
    }()

    /// What every target at the root may use, and none in Core.
    static let platform: Set = ["Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch"]

    /// Modules that exist for tests: a program that carried them would check itself with itself.
    static let testOnly: Set = ["PolicyReference", "RulesetSimulator", "TestWorlds", "Testing", "XCTest"]

    /// The transitive closure of the table from one target and its own outside modules, or nil when it has no row.
    func allowed(_ target: String) -> Set<String>? {
        guard var result = direct[target] else { return nil }
        var waiting = result
        while let next = waiting.popFirst() {
            let more = (direct[next] ?? []).subtracting(result)
            result.formUnion(more)
            waiting.formUnion(more)
        }
        return result.union(outside[target] ?? [])
    }

    /// Every import of library sources that the table does not allow.
    func violations(in files: [SourceFile]) -> [Violation] {
        files.flatMap { file -> [Violation] in
            guard let target = file.target, let allowed = allowed(target) else {
                return [Violation(path: file.path, line: 0, text: "its target has no row in the table of layers")]
            }
            return file.imports.compactMap { found in
                let isTestOnly = Self.testOnly.contains(found.module)
                guard isTestOnly || !allowed.contains(found.module) else { return nil }
                let reason = isTestOnly ? "which is for tests only" : "which is not below it"
                return Violation(
                    path: file.path, line: found.line, text: "\(target) imports \(found.module), \(reason)")
            }
        }
    }
}
