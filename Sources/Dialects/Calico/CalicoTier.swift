import PolicyFiles
import PolicyModel

/// A tier of Calico: policies that are asked together.
struct CalicoTier: Comparable {
    let name: String
    /// Infinite when none is written.
    let order: Double
    /// Whether what no policy of the tier decides for an endpoint that it selects is denied; else it goes to the next tier.
    let denies: Bool

    static func < (a: Self, b: Self) -> Bool {
        a.order == b.order ? a.name.utf8.lexicographicallyPrecedes(b.name.utf8) : a.order < b.order
    }

    static let `default` = CalicoTier(name: "default", order: 1_000_000, denies: true)
    static let admin = CalicoTier(name: "kube-admin", order: 1_000, denies: false)
    static let baseline = CalicoTier(name: "kube-baseline", order: 10_000_000, denies: false)
    /// What they were called while they held AdminNetworkPolicy and BaselineAdminNetworkPolicy.
    static let oldAdmin = CalicoTier(name: "adminnetworkpolicy", order: 1_000, denies: false)
    static let oldBaseline = CalicoTier(name: "baselineadminnetworkpolicy", order: 10_000_000, denies: false)

    /// The tiers that every cluster has; their order and default are fixed (`tier.go`, the validation rules of `Tier`).
    static let fixed = [`default`, admin, baseline, oldAdmin, oldBaseline]

    /// Reads a Tier.
    static func read(_ manifest: Manifest, findings: inout DialectFindings) throws(Refusal) -> CalicoTier {
        guard manifest.name.utf8.count <= 63, !manifest.name.contains("."), KubernetesNames.isSubdomain(manifest.name)
        else {
            throw Refusal(
                "expected a tier's name of lower-case letters, digits and `-`, got `\(manifest.name.prefix(60))`",
                at: manifest.location, code: "invalid-name")
        }
        let spec = manifest.tree["spec"]
        _ = try spec?.entries("`spec`")
        for field in spec?.unknownFields(known: ["order", "defaultAction"]) ?? [] {
            findings.report(
                .warning, "unknown-field", "unknown field `\(field.text.prefix(60))` in a Tier; it is left out",
                at: field.location, effect: .leftOut)
        }
        let order = try order(spec)
        var denies: Bool?
        if let written = spec?["defaultAction"] {
            let scalar = try written.scalar("`defaultAction`")
            guard ["Deny", "Pass"].contains(scalar.text) else {
                throw Refusal(
                    "expected `defaultAction` Deny or Pass, got `\(scalar.text.prefix(60))`", at: scalar.location,
                    code: "unknown-word")
            }
            denies = scalar.text == "Deny"
        }
        if let known = fixed.first(where: { $0.name == manifest.name }) {
            guard order == known.order, denies ?? known.denies == known.denies else {
                throw Refusal(
                    "expected tier `\(known.name)` with order \(Int(known.order)) and default \(known.denies ? "Deny" : "Pass")",
                    at: manifest.location, code: "fixed-tier")
            }
            return known
        }
        return CalicoTier(name: manifest.name, order: order, denies: denies ?? true)
    }

    /// A field `order`: any number; infinite when it is not set.
    static func order(_ spec: Tree?) throws(Refusal) -> Double {
        guard let written = spec?["order"] else { return .infinity }
        let scalar = try written.scalar("`order` as a number")
        guard scalar.lead == 0, scalar.text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }),
            let order = Double(scalar.text), order.isFinite
        else {
            throw Refusal(
                "expected `order` as a number, got `\(scalar.text.prefix(60))`", at: scalar.location,
                code: "out-of-range")
        }
        return order
    }
}

/// A policy with its place in a tier.
struct CalicoPlacedPolicy: Comparable {
    let tier: String
    let order: Double
    /// What breaks ties of order: name, namespace and kind (`policy_sorter.go`, `PolKVLess`).
    let tieBreak: String
    /// The rules, ranked by their index.
    var rules: [FlatRule] = []
    /// The most rules of a direction.
    var ruleCount = 0
    /// Whom it selects, in which directions.
    var selections: [Selection] = []

    static func == (a: Self, b: Self) -> Bool { a.order == b.order && a.tieBreak == b.tieBreak }

    static func < (a: Self, b: Self) -> Bool {
        a.order == b.order ? a.tieBreak.utf8.lexicographicallyPrecedes(b.tieBreak.utf8) : a.order < b.order
    }
}
