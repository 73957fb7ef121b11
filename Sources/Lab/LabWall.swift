internal import Foundation
internal import Netfilter
internal import NetworkTypes
internal import PacketFilter
internal import PolicyEngine
internal import PolicyModel

/// A workload's rendered program in the kernel of its host.
struct LabWall {
    let host: LabHost
    let bytes: Int
    let milliseconds: Double
    private let nft: NftContext

    /// Renders a workload's program and applies it in one transaction.
    init(_ engine: PolicyEngine, on host: LabHost, at instant: Instant) throws {
        var builder = ProgramBuilder(engine)
        guard let program = builder.program(for: WorkloadID(rawValue: host.name)) else {
            throw LabRefusal(description: "the lab's policy does not name `\(host.name)`")
        }
        let ruleset = try PacketFilter.render(program, options: RenderOptions(instant: instant))
        self.host = host
        nft = try NftContext(in: host.namespace)
        let start = ContinuousClock.now
        try nft.apply(ruleset.text)
        milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        bytes = ruleset.text.utf8.count
    }

    /// How many packets the kernel has denied for a reason; nil when it has no counter for it.
    func denials(_ reason: DenialReason) throws -> Int? {
        let name = DenialReference(reason).counter
        guard let json = try? nft.listJSON("list counter \(FilterTable.name) \(name)"),
            let root = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
            let objects = root["nftables"] as? [[String: Any]]
        else { return nil }
        return objects.lazy.compactMap { ($0["counter"] as? [String: Any])?["packets"] as? Int }.first
    }
}
