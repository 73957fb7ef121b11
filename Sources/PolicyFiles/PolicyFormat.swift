/// The keys of policy files, as data: the loader reads by these tables, and tests hold the JSON Schema to them.
package enum PolicyFormat {
    /// The version that `bulkhead:` must state.
    package static let version = "1"

    /// A mapping of the format.
    package struct Shape: Sendable {
        /// The definition's name in the JSON Schema, and its name in messages with an article.
        package let name: String
        let article: String
        /// The keys, in the order in which documentation lists them.
        package let keys: [Key]
        /// Keys that people may expect, with why they do not exist.
        let refused: [String: (code: DiagnosticCode, message: String)]

        init(
            _ name: String, article: String, _ keys: [Key],
            refused: [String: (code: DiagnosticCode, message: String)] = [:]
        ) {
            self.name = name
            self.article = article
            self.keys = keys
            self.refused = refused
        }
    }

    /// A key of a mapping.
    package struct Key: Sendable {
        /// The word.
        package let name: String
        /// Whether it must stand there.
        package let isRequired: Bool
        /// What is reported when it is required and missing.
        let whenMissing: DiagnosticCode

        init(_ name: String, isRequired: Bool = false, whenMissing: DiagnosticCode = .missingKey) {
            self.name = name
            self.isRequired = isRequired
            self.whenMissing = whenMissing
        }
    }

    private static func required(_ name: String, _ code: DiagnosticCode = .missingKey) -> Key {
        Key(name, isRequired: true, whenMissing: code)
    }

    private static func optional(_ names: String...) -> [Key] { names.map { Key($0) } }

    private static let inherited = optional("owner", "ticket", "review")
    private static let documentation = [required("reason", .missingReason)] + inherited
    private static let ends = [required("from"), required("to"), required("services")]
    private static let criteria =
        ends
        + optional(
            "same", "different", "samePrincipal", "fromProcess", "toProcess", "fromPrincipal", "toPrincipal", "when",
            "unless")
    private static let span = optional("validFrom", "validUntil")

    static let file = Shape(
        "file", article: "a policy file",
        [required("bulkhead")] + inherited
            + optional(
                "workloads", "labelRules", "services", "addressSets", "rulesets", "guardrails", "quarantines",
                "essential", "enforcement", "tests"))

    static let workload = Shape(
        "workload", article: "a workload",
        [required("name"), required("addresses")]
            + optional("labels", "agent", "enforcesAttributes", "hostname", "ports"))

    static let labelRule = Shape(
        "labelRule", article: "a label rule",
        [required("name")] + optional("subnet", "hostname") + [required("labels")] + documentation)

    static let end = Shape("endMapping", article: "an end", optional("select", "addresses", "workloads", "except"))

    static let members = Shape(
        "membersMapping", article: "a group of workloads", optional("select", "workloads", "except"),
        refused: [
            "addresses": (
                .unknownKey, "unknown key `addresses`: members are workloads, written by `select` or `workloads`"
            )
        ])

    static let ruleset = Shape(
        "ruleset", article: "a ruleset",
        [required("name"), required("scope")] + inherited + [required("rules")])

    static let rule = Shape(
        "rule", article: "a rule",
        [required("name"), required("action")] + criteria + optional("anywhere", "widen") + span
            + optional("enabled") + documentation)

    static let guardrail = Shape(
        "guardrail", article: "a guardrail",
        [required("name")] + criteria + optional("reject", "exceptions") + documentation,
        refused: [
            "validUntil": (.denyExpires, "a guardrail does not expire: what expires must not open"),
            "action": (
                .unknownKey, "unknown key `action`: a guardrail always denies; `reject: true` answers the sender"
            ),
            "anywhere": (.notForDeny, "`anywhere` is for allow rules; a guardrail has no scope"),
            "widen": (.notForDeny, "`widen` is for what lets through; a guardrail denies"),
        ])

    static let guardrailException = Shape(
        "guardrailException", article: "a guardrail's exception",
        [required("name")] + criteria + optional("widen", "validFrom") + [required("validUntil", .missingExpiry)]
            + documentation)

    static let quarantine = Shape(
        "quarantine", article: "a quarantine",
        [required("name"), required("members")] + optional("exceptions") + documentation,
        refused: ["validUntil": (.denyExpires, "a quarantine does not expire: what expires must not open")])

    static let quarantineException = Shape(
        "quarantineException", article: "a quarantine's exception",
        [required("name")] + criteria + optional("widen") + span + documentation)

    static let essential = Shape(
        "essentialRule", article: "an essential rule", [required("name")] + ends + documentation)

    static let enforcement = Shape(
        "enforcementEntry", article: "an enforcement entry", [required("mode"), required("members")])

    static let test = Shape(
        "test", article: "a test",
        [required("name"), required("from"), required("to"), required("service"), required("expect")]
            + optional("fromProcess", "toProcess", "fromPrincipal", "toPrincipal", "conditions", "at"))

    static let boundaryTest = Shape(
        "boundaryTest", article: "a test of a boundary",
        [required("name"), required("only"), required("reaches"), required("services")] + optional("at"))

    static let principal = Shape("principal", article: "a principal", [required("name")] + optional("groups"))

    /// Every mapping with fixed keys.
    package static let shapes = [
        file, workload, labelRule, end, members, ruleset, rule, guardrail, guardrailException, quarantine,
        quarantineException, essential, enforcement, test, boundaryTest, principal,
    ]

    /// What `action` may be.
    package static let actions = ["allow", "deny", "reject"]
    /// What `mode` may be.
    package static let modes = ["idle", "visibility", "selective", "full"]
    /// What `expect` may be.
    package static let expectations = ["allowed", "denied"]

    /// Label dimensions that the selector language could not name; `bulkhead/…` is kept for labels of our own.
    static let reservedLabels: Set<String> = ["all", "and", "any", "anyWorkload", "exists", "in", "not", "or"]
    /// Names that would read as something else in `addresses`.
    static let reservedSets: Set<String> = ["all", "any", "anyWorkload", "none"]
    /// Names that policy itself uses.
    static let reservedRulesets: Set<String> = [
        "all", "allow", "any", "bulkhead", "default", "deny", "essential", "guardrail", "icmp", "none", "quarantine",
    ]
}
