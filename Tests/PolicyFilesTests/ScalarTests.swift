import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

/// Text that YAML 1.1 readers take for something else keeps its text, or is refused.
@Suite struct ScalarTests {
    private func labels(_ written: String) -> PolicyLoadResult {
        PolicyDirectory.load(
            [
                PolicySource(
                    name: "p.yaml",
                    text: "bulkhead: 1\nworkloads: [{name: w, addresses: 10.0.0.1, labels: {app: \(written)}}]\n")
            ], now: Place.now)
    }

    @Test(arguments: [
        "no", "NO", "yes", "on", "off", "true", "null", "~", "010", "0x1F", "0b11", "1e3", "1_000", "22:22", "1.10",
        "2027-01-31", ".inf", "=", "<<", "1.0",
    ])
    func aPlainValueIsItsText(_ written: String) throws {
        let result = labels(written)
        let values = try #require(result.policy, "\(result.diagnostics.map(\.text))").workloads.first?.labels.values
        #expect(values?.map(\.description) == [written])
    }

    @Test(arguments: [("\"no\"", "no"), ("'R & D'", "R & D"), ("R & D", "R & D"), ("\"&x *y\"", "&x *y"), ("\"\"", "")])
    func aQuotedValueIsItsText(written: String, text: String) throws {
        let result = labels(written)
        let values = try #require(result.policy, "\(result.diagnostics.map(\.text))").workloads.first?.labels.values
        #expect(values?.map(\.description) == [text])
    }

    @Test(arguments: ["yes", "on", "True", "TRUE", "1", "y"])
    func onlyTrueAndFalseAreBooleans(_ written: String) {
        let result = PolicyDirectory.load(
            [
                PolicySource(
                    name: "p.yaml", text: "bulkhead: 1\nworkloads: [{name: w, addresses: 10.0.0.1, agent: \(written)}]")
            ],
            now: Place.now)
        #expect(result.diagnostics.map(\.code) == ["invalid-boolean"])
    }

    @Test(arguments: ["\"1\"", "'1'"])
    func aQuotedVersionIsTheVersion(_ written: String) {
        let source = PolicySource(name: "p.yaml", text: "bulkhead: \(written)\nowner: team")
        #expect(PolicyDirectory.load([source], now: Place.now).policy != nil)
    }

    @Test(arguments: ["01", "1.0", "0x1", "1_", "+1"])
    func noOtherNumberIsTheVersion(_ written: String) {
        let source = PolicySource(name: "p.yaml", text: "bulkhead: \(written)\n")
        #expect(PolicyDirectory.load([source], now: Place.now).diagnostics.map(\.code) == ["unknown-version"])
    }

    @Test func aByteOrderMarkAndCarriageReturnsChangeNothing() {
        let source = PolicySource(
            name: "p.yaml", text: "\u{FEFF}bulkhead: 1\r\nowner: team\r\nservices:\r\n  web: tcp/80\r\n")
        let result = PolicyDirectory.load([source], now: Place.now)
        #expect(result.policy?.services == ["web": [.ports(.tcp, destination: PortSet(80))]], "\(result.diagnostics)")
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600), ("1969-12-31T23:59:59Z", -1),
        ("2100-03-01T00:00:00+00:00", 4_107_542_400), ("2027-01-01T05:30:00+05:30", 1_798_761_600),
        ("1700-01-01T00:00:00Z", -8_520_336_000), ("2262-04-11T23:47:16Z", 9_223_372_036),
    ])
    func timesAreSecondsSinceTheEpoch(written: String, seconds: Int64) throws {
        // Expectations by `date -u -d … +%s`.
        let result = PolicyDirectory.load(
            [
                PolicySource(
                    name: "p.yaml",
                    text:
                        "bulkhead: 1\ntests: [{name: t, from: 10.0.0.1, to: 10.0.0.2, service: tcp/1, expect: denied, at: \(written)}]"
                )
            ], now: Place.now)
        #expect(try #require(result.policy?.tests.first).at.rawValue == seconds * 1_000_000_000)
    }

    @Test(arguments: [
        "2262-04-12T00:00:00Z", "1677-09-20T00:00:00Z", "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z",
        "2100-02-29T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:00:60Z", "2027-01-01T00:00:00",
        "0000-01-01T00:00:00Z",
        "2027-01-01 00:00:00Z", "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00.1234567890Z", "2027-01-01T00:00:00+24:00",
        "9999-12-31T23:59:59Z", "٢٠٢٧-01-01T00:00:00Z",
    ])
    func otherTimesAreRefused(_ written: String) {
        let result = PolicyDirectory.load(
            [
                PolicySource(
                    name: "p.yaml",
                    text:
                        "bulkhead: 1\ntests: [{name: t, from: 10.0.0.1, to: 10.0.0.2, service: tcp/1, expect: denied, at: \"\(written)\"}]"
                )
            ], now: Place.now)
        #expect(result.diagnostics.map(\.code) == ["invalid-time"])
    }
}
