extension AddressSet {
    /// Addresses that mean something only inside somebody's network.
    ///
    /// RFC 1918; RFC 6598 (shared); RFC 3927 and RFC 4291 §2.5.6 (link-local); RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3
    /// (loopback); RFC 4193 (unique local).
    public static let local = special([
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7",
        "fe80::/10", "::1/128",
    ])

    /// Addresses of no particular host: RFC 1122 §3.2.1.3 (this host, limited broadcast); RFC 4291 §2.5.2.
    public static let noHost = special(["0.0.0.0/8", "255.255.255.255/32", "::/128"])

    /// Groups of receivers: RFC 5771 §3, RFC 4291 §2.7.
    public static let multicast = special(["224.0.0.0/4", "ff00::/8"])

    /// Addresses that are reachable from everywhere, as far as the number tells: not local, multicast or of no host.
    public static let internet = all.subtracting(local).subtracting(noHost).subtracting(multicast)

    private static func special(_ prefixes: [String]) -> Self { Self(prefixes.compactMap { Prefix($0) }) }
}
