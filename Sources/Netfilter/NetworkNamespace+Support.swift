extension NetworkNamespace {
    /// Why this process cannot make network namespaces and filter in them, or nil when it can; found out once.
    ///
    /// Anything that skips work because of it prints it.
    public static let refusal: String? = {
        do {
            let namespace = try NetworkNamespace()
            try namespace.ip(["link set lo up"])
            try NftContext(in: namespace).apply("add table inet bulkhead-probe")
            return nil
        } catch {
            return "network namespaces cannot be used here: \(error); run as root or under `unshare -Urnm`"
        }
    }()
}
