import NetworkTypes
import PolicyModel

/// A tailnet policy file, read and checked.
struct TailscalePolicy {
    /// The users of each group, by `group:` name.
    var groups: [String: [String]] = [:]
    /// What each name of `hosts` stands for.
    var hosts: [String: AddressSet] = [:]
    /// The tags that `tagOwners` declares, without `tag:`.
    var tags: Set<String> = []
    /// The users that `tagOwners` names.
    var owners: Set<String> = []
    /// What each `ipset:` name stands for.
    var ipsets: [String: AddressSet] = [:]
    /// The posture definitions, with `posture:`.
    var postures: Set<String> = []
    /// The postures of every rule that names none.
    var defaultPostures: [String] = []
    /// The rules of `acls`, then of `grants`.
    var rules: [TailscaleRule] = []
    /// Whether neither `acls` nor `grants` stands in the file; then everything is open.
    var isOpen = true
    var tests: [TailscaleTest] = []

    /// What `autogroup:internet` stands for: public addresses, as captured filters of exit nodes list them.
    static let internet: AddressSet = {
        let outside = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
        let ipv4 = AddressSet([Prefix.all(.ipv4)]).subtracting(AddressSet(outside.compactMap { Prefix($0) }))
        return ipv4.union(AddressSet(["2000::/3"].compactMap { Prefix($0) }))
    }()

    /// The addresses that Tailscale gives to devices: 100.64.0.0/10 without what ChromeOS uses, and its own unique local block.
    static let ownAddresses: AddressSet = {
        let given = AddressSet(["100.64.0.0/10", "fd7a:115c:a1e0::/48"].compactMap { Prefix($0) })
        return given.subtracting(AddressSet(["100.115.92.0/23"].compactMap { Prefix($0) }))
    }()
}

/// A rule of `acls` or `grants`.
struct TailscaleRule {
    /// `tailscale/acls/1`, `tailscale/grants/2`: the section and the place in it, from 1.
    var id: RuleID
    /// Where it starts.
    var place: HuJSONPlace
    var sources: [TailscaleSelector] = []
    /// The destinations, each with what is open there.
    var destinations: [TailscaleDestination] = []
    /// The postures of which the source needs one; empty needs none.
    var postures: [String] = []
    /// The tags of which a router needs one, without `tag:`; empty needs none.
    var via: [String] = []
}

/// A destination with what is open there.
struct TailscaleDestination: Hashable {
    var selector: TailscaleSelector
    var services: [TailscaleService]
}

/// An entry of `tests`.
struct TailscaleTest {
    var place: HuJSONPlace
    var source: TailscaleSelector
    var proto: IPProtocol?
    /// What must be reachable, and what must not.
    var claims: [Claim] = []

    /// One destination of a test.
    struct Claim {
        var place: HuJSONPlace
        var text: String
        var selector: TailscaleSelector
        var port: PortSet
        var mustPass: Bool
    }
}
