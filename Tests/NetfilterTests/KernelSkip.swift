import Netfilter
import Testing

extension Trait where Self == ConditionTrait {
    /// Runs a test only where network namespaces can be made, else says why not.
    static var needsNamespaces: Self {
        .enabled(if: NetworkNamespace.refusal == nil, "\(NetworkNamespace.refusal ?? "")")
    }
}
