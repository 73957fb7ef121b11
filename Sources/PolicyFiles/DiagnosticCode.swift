package import PolicyModel

/// The kinds of findings about policy files; the raw values are stable and stand in `docs/policy-files.md`.
package enum DiagnosticCode: String, CaseIterable, Sendable {
    // Files and text.
    case unreadable
    case noPolicyFiles = "no-policy-files"
    case symbolicLink = "symbolic-link"
    case tooLarge = "too-large"
    case tooDeep = "too-deep"
    case tooManyFindings = "too-many-findings"
    case notUTF8 = "not-utf8"
    case controlCharacter = "control-character"
    case tab
    case yamlSyntax = "yaml-syntax"
    case yamlAlias = "yaml-alias"
    case yamlTag = "yaml-tag"
    case emptyFile = "empty-file"
    case multipleDocuments = "multiple-documents"
    case unknownVersion = "unknown-version"

    // Structure.
    case unknownKey = "unknown-key"
    case missingKey = "missing-key"
    case duplicateKey = "duplicate-key"
    case wrongKind = "wrong-kind"
    case emptyList = "empty-list"
    case emptyValue = "empty-value"
    case duplicateItem = "duplicate-item"
    case duplicateName = "duplicate-name"

    // Values.
    case invalidName = "invalid-name"
    case reservedName = "reserved-name"
    case invalidText = "invalid-text"
    case invalidBoolean = "invalid-boolean"
    case invalidLabel = "invalid-label"
    case lookAlike = "look-alike"
    case invalidSelector = "invalid-selector"
    case invalidAddress = "invalid-address"
    case hostBits = "host-bits"
    case hostName = "host-name"
    case invalidService = "invalid-service"
    case reversedRange = "reversed-range"
    case invalidTime = "invalid-time"
    case invalidPath = "invalid-path"
    case unknownWord = "unknown-word"

    // References.
    case unknownService = "unknown-service"
    case unknownAddressSet = "unknown-address-set"
    case unknownWorkload = "unknown-workload"
    case unknownPortName = "unknown-port-name"

    // Meaning.
    case missingOwner = "missing-owner"
    case missingReason = "missing-reason"
    case missingExpiry = "missing-expiry"
    case noPositiveTerm = "no-positive-term"
    case denyExpires = "deny-expires"
    case notForDeny = "not-for-deny"
    case contradictoryConditions = "contradictory-conditions"
    case labelConflict = "label-conflict"
    case missingMode = "missing-mode"
    case modeConflict = "mode-conflict"
    case needsAgent = "needs-agent"
    case essentialTooWide = "essential-too-wide"
    case noCommonFamily = "no-common-family"

    // Worth a look.
    case sharedAddress = "shared-address"
    case unknownLabel = "unknown-label"
    case unknownLabelValue = "unknown-label-value"
    case caseDiffers = "case-differs"
    case expired
    case reviewDue = "review-due"
    case outsideScope = "outside-scope"

    /// How bad the finding is; one code has one severity.
    package var severity: Diagnostic.Severity {
        switch self {
        case .sharedAddress, .unknownLabel, .unknownLabelValue, .caseDiffers, .expired, .reviewDue, .outsideScope:
            .warning
        default: .error
        }
    }
}

/// A fault in the text of one value, before its place in the file is known.
package struct TextFault: Error {
    let code: DiagnosticCode
    package let message: String
    /// How far into the text the fault lies, in bytes.
    var offset = 0

    init(_ code: DiagnosticCode, _ message: String, offset: Int = 0) {
        self.code = code
        self.message = message
        self.offset = offset
    }
}
