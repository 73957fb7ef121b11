/// A language in which policy is read (`docs/dialects/`).
public enum Dialect: String, Hashable, Sendable, CaseIterable {
    /// Bulkhead's own policy files.
    case bulkhead
    /// NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy, with the workloads of manifests.
    case kubernetes
    /// Calico's NetworkPolicy, GlobalNetworkPolicy, Tier, network sets and host endpoints.
    case calico
    /// Tailscale's policy file: ACLs and grants in HuJSON.
    case tailscale
}
