public import NetworkTypes

/// What a rendering needs to know besides the program.
public struct RenderOptions: Hashable, Sendable {
    /// When the rules must be in force.
    public var instant: Instant
    /// The number of the structure, written into log prefixes and beside the jumps of the base chains.
    public var generation: UInt64
    /// The group of NFLOG that denied packets are sampled to.
    public var logGroup: UInt16
    /// What is refused as too large.
    public var limits: FilterLimits

    /// Makes options.
    public init(
        instant: Instant, generation: UInt64 = 1, logGroup: UInt16 = 66, limits: FilterLimits = FilterLimits()
    ) {
        self.instant = instant
        self.generation = generation
        self.logGroup = logGroup
        self.limits = limits
    }
}

/// Sizes above which a program is refused whole, before anything reaches the kernel.
public struct FilterLimits: Hashable, Sendable {
    /// Elements of all sets together.
    public var elements = 400_000
    /// Regular chains.
    public var chains = 20_000
    /// Rules of all chains together.
    public var rules = 100_000
    /// Chains below one another, the base chain included: the kernel validates jumps and gotos alike and stops at
    /// `NFT_JUMP_STACK_SIZE`, 16 (net/netfilter/nf_tables.h).
    public var depth = 16
    /// Chains that the kernel visits while it validates: it walks every path anew (`nft_chain_validate`).
    public var visits = 2_000_000
    /// Tuples in each of the four sampling sets; when one is full, further tuples are counted as suppressed.
    public var samples = 4096
    /// Seconds for which a logged tuple is not logged again.
    public var sampleSeconds = 60

    /// The limits that stand in the documentation.
    public init() {}
}
