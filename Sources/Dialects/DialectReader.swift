public import NetworkTypes
public import PolicyFiles

/// What reading needs besides the files.
public struct DialectOptions: Sendable {
    /// The instant for which expiry is judged.
    public var now: Instant
    /// Tailscale: the answer of the API's devices call, which names the nodes of the tailnet; nil when there is none.
    public var devices: PolicySource?

    /// The families in which a workload without an address gets one made up.
    public var standInFamilies: [AddressFamily]

    /// Makes options.
    public init(now: Instant, devices: PolicySource? = nil, standInFamilies: [AddressFamily] = [.ipv4]) {
        self.now = now
        self.devices = devices
        self.standInFamilies = standInFamilies
    }
}

/// Reads policy of one language from files whose bytes are already in memory.
///
/// A file that cannot be read is a finding with its place, and the others are read all the same.
protocol DialectReader {
    /// Reads the files as one policy.
    static func read(_ sources: [PolicySource], _ options: DialectOptions) -> DialectPolicy
}
