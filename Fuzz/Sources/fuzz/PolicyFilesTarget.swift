import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel

/// Any bytes are a policy, or findings with an error among them; a policy can be lowered.
func loadPolicy(_ bytes: UnsafeRawBufferPointer) {
    // 2026-11-22T10:00:00Z.
    let now = Instant(rawValue: 1_795_341_600_000_000_000)
    let result = PolicyDirectory.load([PolicySource(name: "policy.yaml", bytes: Array(bytes))], now: now)
    precondition((result.policy == nil) == result.hasErrors, "an error loads nothing, and only an error does")
    if let loaded = result.policy { _ = loaded.policy.lowered() }
}
