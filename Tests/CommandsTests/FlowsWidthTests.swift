import Commands
import Foundation
import Testing

/// Tables and sentences fit the terminal, whatever its width; nothing is cut off.
@Suite struct FlowsWidthTests {
    @Test(arguments: [60, 80, 120])
    func outputFits(_ width: Int) throws {
        let fixture = try FlowsFixture()
        let bad = try fixture.write("nonsense\n{\"_path\":\"conn\"}\n", to: "bad.log")
        let (active, draft) = (FlowsFixture.example + "/active", FlowsFixture.example + "/draft")
        for arguments in [
            ["flows", "import", FlowsFixture.apt29, bad, "--data", fixture.data],
            ["map", "--data", fixture.data],
            ["map", "--data", fixture.data, "--by", "loc,app", "--policy", active],
            ["map", "--data", fixture.data, "--policy", active, "--top", "1"],
            ["policy", "simulate", "--policy", active, "--draft", draft, "--data", fixture.data],
            ["policy", "simulate", "--policy", draft, "--draft", active, "--data", fixture.data, "--as", "effective"],
        ] {
            let result = fixture.run(arguments, width: width)
            #expect(result.status != .unusable && result.lines.count > 3, "\(result.errors)")
            #expect(result.lines.filter { $0.count > width } == [], "\(arguments)")
        }
        // A wrapped cell stands on several lines, whole.
        let text = fixture.run(
            ["policy", "simulate", "--policy", active, "--draft", draft, "--data", fixture.data], width: width
        ).output.filter { $0.isLetter || $0.isNumber }
        #expect(text.contains("tcp55121") && text.contains("scranton") && text.contains("apart"))
    }
}
