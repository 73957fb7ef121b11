import FlowAnalysis
import Flows
import Foundation
import NetworkTypes
import PolicyModel
import Reports
import Testing

/// What a browser draws of a map, measured in the browser.
@Suite(.serialized) struct MapPictureTests {
    private static let now = Instant(rawValue: 1_795_342_220_000_000_000)
    private static let hostile = #"<img src=x onerror="document.title='broken'">&"'"#

    private static func page(groups: Int, name: String = "a rather long name of a host in the data centre") throws
        -> String
    {
        let tiers = ["web", "app", "db"]
        var workloads: [Workload] = []
        var edges: [ObservedEdge] = []
        func edge(_ from: String, _ to: String, failed: Int = 0) throws -> ObservedEdge {
            ObservedEdge(
                key: EdgeKey(
                    source: try #require(IPAddress(from)), destination: try #require(IPAddress(to)), proto: .tcp,
                    service: .port(443)), connections: 3, failed: failed, bytes: 10, firstSeen: now, lastSeen: now,
                direction: .firstSYN)
        }
        let keys = ["env", "app", "role"].compactMap { LabelKey($0) }
        for group in 0..<groups {
            let values = ["environment-\(group / 3 % 4)", "application-number-\(group / 12)", tiers[group % 3]]
            let labels = Dictionary(uniqueKeysWithValues: zip(keys, values.compactMap { LabelValue($0) }))
            for member in 0...(group % 6) {
                let address = try #require(IPAddress("10.0.\(group).\(member + 1)"))
                workloads.append(
                    Workload(
                        id: WorkloadID(rawValue: "\(name) \(group)-\(member)"), labels: labels, addresses: [address]))
            }
            edges.append(try edge("10.0.\(group).1", "10.0.\(group * 7 % groups).1"))
            edges.append(try edge("10.0.\(group).1", "192.168.\(group % 9).1", failed: 3))
            edges.append(try edge("203.0.113.\(group % 200)", "10.0.\(group).1"))
        }
        let map = FlowMap(edges, workloads: workloads, by: keys, at: now)
        let drawing = MapDrawing(
            map, MapLayout(map, workloads: workloads), title: "Who reaches whom", subtitle: "a test")
        return MapPage.text(map, drawing)
    }

    /// Cards, texts and titles that share a pixel with another, texts beyond their card, and what was counted.
    private static let measure = """
        const box = e => e.getBoundingClientRect();
        const hit = (a, b) => a.left < b.right - .5 && b.left < a.right - .5 && a.top < b.bottom - .5 && b.top < a.bottom - .5;
        const holds = (o, i) => o.left <= i.left + .5 && i.right <= o.right + .5 && o.top <= i.top + .5 && i.bottom <= o.bottom + .5;
        const faults = [];
        const cards = [...document.querySelectorAll(".card")];
        const frames = cards.map(c => box(c.querySelector("rect")));
        frames.forEach((f, i) => frames.slice(0, i).forEach((g, j) => { if (hit(f, g)) faults.push(`cards ${i} and ${j}`); }));
        cards.forEach((c, i) => c.querySelectorAll("text").forEach(t => {
          if (!holds(frames[i], box(t))) faults.push(`text ${t.textContent} leaves its card`);
        }));
        const texts = [...document.querySelectorAll("svg text")];
        const places = texts.map(box);
        places.forEach((f, i) => places.slice(0, i).forEach((g, j) => {
          if (hit(f, g)) faults.push(`texts ${texts[i].textContent} and ${texts[j].textContent}`);
        }));
        document.querySelectorAll(".title").forEach(t => {
          if (frames.some(f => hit(f, box(t.querySelector("rect"))))) faults.push(`title ${t.textContent} is under a card`);
        });
        const svg = box(document.querySelector("svg"));
        frames.forEach((f, i) => { if (!holds(svg, f)) faults.push(`card ${i} leaves the picture`); });
        const fetched = performance.getEntriesByType("resource").length;
        const pre = document.createElement("pre");
        pre.id = "result";
        pre.textContent = JSON.stringify({cards: cards.length, texts: texts.length, fetched, title: document.title,
          images: document.images.length, curves: document.querySelectorAll(".curves path").length, faults});
        document.body.append(pre);
        """

    private struct Result: Decodable {
        let cards: Int
        let texts: Int
        let fetched: Int
        let title: String
        let images: Int
        let curves: Int
        let faults: [String]
    }

    private static func measured(_ page: String) throws -> Result {
        let text = try Browser.result(of: page, script: measure)
        return try JSONDecoder().decode(Result.self, from: Data(text.utf8))
    }

    @Test(.enabled(if: Browser.isAvailable, "needs chromium"), arguments: [10, 40, 200])
    func nothingOverlaps(groups: Int) throws {
        let result = try Self.measured(try Self.page(groups: groups))
        #expect(result.faults == [])
        // As many cards as groups, besides nine subnets and the internet.
        #expect(result.cards == groups + min(groups, 9) + 1)
        #expect(result.texts > 2 * result.cards && result.curves > groups && result.fetched == 0)
    }

    @Test(.enabled(if: Browser.isAvailable, "needs chromium"))
    func namesFromOutsideStayText() throws {
        let result = try Self.measured(try Self.page(groups: 10, name: Self.hostile))
        #expect(result.images == 0 && result.title == "Bulkhead: who reaches whom" && result.faults == [])
    }

    @Test func namesAreEscapedInTheFile() throws {
        let page = try Self.page(groups: 3, name: "\u{202E}" + Self.hostile + "\u{0}")
        #expect(!page.contains("<img") && !page.contains("\u{202E}") && !page.contains("\u{0}"))
        #expect(page.contains("&lt;img"))
    }

    /// XML 1.0: what a browser's HTML parser forgives, a picture viewer does not.
    @Test func thePictureIsWellFormed() throws {
        let page = try Self.page(groups: 40, name: Self.hostile)
        let start = try #require(page.range(of: "<svg"))
        let end = try #require(page.range(of: "</svg>"))
        let folder = FileManager.default.temporaryDirectory.appending(path: "picture-\(UUID().uuidString).svg")
        try Data(page[start.lowerBound..<end.upperBound].utf8).write(to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", "import sys,xml.dom.minidom as m; m.parse(sys.argv[1])", folder.path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}

@Suite struct ReportPageTests {
    @Test func whatIsBeyondTheRowsOfAPageIsTold() {
        var page = ReportPage(title: "Rows")
        var table = ReportPage.Table(["name", "#count"])
        for number in 0..<5_003 { table.add(["row-\(number)", "\(number)"]) }
        page.add(table, orSay: "nothing")
        #expect(page.text.contains("row-4999") && !page.text.contains("row-5000"))
        #expect(page.text.contains("and 3 more; <code>--format json</code> has all"))
        var empty = ReportPage(title: "Rows")
        empty.add(ReportPage.Table(["name"]), orSay: "nothing <b>here</b>")
        #expect(empty.text.contains("<p>nothing &lt;b&gt;here&lt;/b&gt;</p>"))
    }
}
