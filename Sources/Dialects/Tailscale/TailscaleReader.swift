import NetworkTypes
import PolicyFiles
import PolicyModel

/// Reads a tailnet policy file, with the devices of the tailnet where the API's answer is at hand (`docs/dialects/tailscale.md`).
enum TailscaleReader: DialectReader {
    static func read(_ sources: [PolicySource], _ options: DialectOptions) -> DialectPolicy {
        var found: [DialectFinding] = []
        var hasErrors = false
        if sources.count != 1 {
            // One tailnet has one file; to join two would make a policy that nobody has.
            let place = sources.dropFirst().first.map { Diagnostic.Location(file: $0.name, line: 1, column: 1) }
            found.append(
                DialectFinding(
                    Diagnostic(
                        .error, code: sources.isEmpty ? "no-policy-files" : "several-policies",
                        "expected one policy file of a tailnet, got \(sources.count)", at: place), effect: .leftOut))
            hasErrors = true
        }
        var reader = TailscalePolicyReader(file: sources.first?.name ?? "")
        if let source = sources.first { reader.read(source.bytes) }
        var policy = reader.policy
        var findings = reader.findings
        let tailnet: Tailnet
        if let file = options.devices {
            var devices = TailscaleDeviceReader(file: file.name)
            devices.read(file.bytes)
            tailnet = Tailnet(devices: devices.devices, isListed: true)
            found += devices.findings.found
            hasErrors = hasErrors || devices.findings.hasErrors
        } else {
            tailnet = Tailnet(standingInFor: policy, families: options.standInFamilies)
            findings.note(
                "no-devices",
                "without the API's devices answer, one device stands for each tag and each user that the policy names; routers, other "
                    + "addresses and devices with several tags are *may*", at: nil, effect: .may)
        }
        if !findings.hasErrors, !hasErrors { TailscaleTestRun(policy: policy, tailnet: tailnet).run(&findings) }
        hasErrors = hasErrors || findings.hasErrors
        if hasErrors { policy.rules = [] }
        var lowering = TailscaleLowering(policy, tailnet, findings)
        let layer = lowering.layer(isRefused: hasErrors)
        // A refused policy knows nobody: no list of connections can be made of it, and a flow between addresses is *may*.
        let devices = hasErrors ? [] : tailnet.devices
        var result = DialectPolicy(
            dialects: [.tailscale], workloads: devices.map(\.workload), policy: FlatPolicy(layers: [layer]),
            standIns: tailnet.isListed ? [] : Set(devices.flatMap(\.addresses)), origins: lowering.origins,
            findings: found + lowering.findings.found)
        result.isRefused = hasErrors
        return result
    }
}
