import Netfilter
import Testing

extension Trait where Self == ConditionTrait {
    /// Runs a test only where network namespaces can be made, else says why not.
    static var needsNamespaces: Self {
        .enabled(if: NetworkNamespace.refusal == nil, "\(NetworkNamespace.refusal ?? "")")
    }
}

/// All tests with real packets, one after the other: a flood beside a probe would make it late.
@Suite("The kernel", .serialized, .needsNamespaces) enum KernelTests {}
