public import FlowAnalysis
import NetworkTypes

/// A map as one HTML file: the picture, and a table of every edge.
public enum MapPage {
    /// The page; it reads nothing from elsewhere, and its policy (CSP 3) forbids it to.
    public static func text(_ map: FlowMap, _ drawing: MapDrawing) -> String {
        Page.text(
            title: "Bulkhead: who reaches whom",
            body: """
                <p class="tools"><label><input type="checkbox" id="fit" checked> fit to the window</label>
                <span>Point at a group to see its edges alone; click to keep it.</span></p>
                \(picture(drawing))
                <h2>Edges</h2>
                \(table(map))
                """)
    }

    /// The drawing, with a word on what it leaves out.
    static func picture(_ drawing: MapDrawing) -> String {
        var out = "<div class=\"picture fit\">\n\(drawing.text)</div>\n"
        if drawing.leftOut > 0 {
            out += """
                <p>The picture leaves out \(drawing.leftOut) edges with the fewest connections, so that the others can be \
                seen; the table has all.</p>

                """
        }
        return out
    }

    /// The edges of the map, most connections first; what is beyond the rows of a page is told.
    static func table(_ map: FlowMap) -> String {
        guard !map.edges.isEmpty else { return "<p>No connections.</p>" }
        let hasVerdicts = map.total?.policy != nil
        var out = "<table><thead><tr><th>from</th><th>to</th><th>services</th><th class=\"n\">connections</th>"
        if hasVerdicts {
            out += "<th class=\"n\">allowed</th><th class=\"n\">denied</th><th class=\"n\">undecided</th>"
        }
        out +=
            "<th class=\"n\">failed</th><th class=\"n\">first seen</th><th class=\"n\">last seen</th></tr></thead>\n<tbody>\n"
        for edge in map.edges.prefix(Page.rows) {
            let total = edge.total
            out += "<tr class=\"\(MapDrawing.Look(total).rawValue)-row\">\(Page.cell("\(edge.source)"))"
            out += Page.cell("\(edge.destination)") + Page.cell(MapWords.services(edge.services))
            out += "<td class=\"n\">\(total.connections)</td>"
            if let policy = total.policy {
                out += "<td class=\"n\">\(policy.allowed)</td><td class=\"n\">\(policy.denied)</td>"
                out += "<td class=\"n\">\(policy.undecided)</td>"
            }
            out +=
                "<td class=\"n\">\(total.failed)</td><td class=\"n\">\(FlowsAmount.minute(total.firstSeen))</td><td class=\"n\">\(FlowsAmount.minute(total.lastSeen))</td></tr>\n"
        }
        return out + "</tbody></table>" + Page.rest(map.edges.count)
    }
}

/// What all pages have in common.
enum Page {
    /// The most rows of a table: a browser lays out some thousands in a second, and nobody reads more.
    static let rows = 5_000

    /// So many letters of a word stand on one line, also on paper.
    private static let longestWord = 40

    /// A cell of a table; its words stay whole unless one is very long.
    static func cell(_ text: String) -> String {
        let isLong = text.split(separator: " ").contains { $0.count > longestWord }
        return "<td\(isLong ? " class=\"long\"" : "")>\(Markup.escaped(text))</td>"
    }

    /// Says how many rows are left out of a table, if any.
    static func rest(_ count: Int) -> String {
        count > rows ? "<p>and \(count - rows) more; <code>--format json</code> has all</p>" : ""
    }

    static func text(title: String, body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Markup.escaped(title))</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        <main>
        <h1>\(Markup.escaped(title))</h1>
        \(body)
        </main>
        <script>
        \(script)
        </script>
        </body>
        </html>

        """
    }

    private static let style = """
        :root{color-scheme:light}
        body{margin:0;background:#fff;color:#1b2733;font:14px/1.45 system-ui,"DejaVu Sans",sans-serif}
        main{max-width:1500px;margin:0 auto;padding:20px 24px 60px}
        h1{font-size:22px;margin:0 0 10px}h2{font-size:17px;margin:28px 0 8px}h3{font-size:14px;margin:18px 0 6px}
        .tools{color:#5a6b7b;display:flex;gap:24px;flex-wrap:wrap}
        .picture{overflow:auto;border:1px solid #d5dee6;border-radius:8px}
        .picture.fit svg{max-width:100%;height:auto;display:block}
        .picture.seen .curves path{stroke-opacity:.08}.picture.seen .curves path.on{stroke-opacity:1}
        .picture.seen .card{opacity:.3}.picture.seen .card.on{opacity:1}
        .card{cursor:pointer}.card:focus{outline:none}.card:focus rect{stroke:#1b2733;stroke-width:2}
        table{border-collapse:collapse;width:100%;font-size:13px}
        th{text-align:left;border-bottom:2px solid #c3ced9;padding:4px 8px;position:sticky;top:0;background:#fff}
        td{border-bottom:1px solid #e4eaf0;padding:4px 8px;vertical-align:top}td.long{overflow-wrap:anywhere}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        .denied-row td:first-child{box-shadow:inset 3px 0 #c5303a}.undecided-row td:first-child{box-shadow:inset 3px 0 #b7791f}
        .allowed-row td:first-child{box-shadow:inset 3px 0 #2f8f6b}
        .numbers{display:flex;flex-wrap:wrap;gap:12px}.numbers div{border:1px solid #d5dee6;border-radius:8px;padding:8px 14px}
        .numbers b{display:block;font-size:20px}.bad{color:#c5303a}.good{color:#2f8f6b}.quiet{color:#5a6b7b}
        @media print{.tools{display:none}.picture{border:none;overflow:visible}main{max-width:none;padding:0}
        th{position:static}tr,.numbers,svg{break-inside:avoid}h2,h3{break-after:avoid}body{font-size:11px}table{font-size:10px}
        *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
        """

    private static let script = """
        "use strict";
        for (const picture of document.querySelectorAll(".picture")) {
          const cards = [...picture.querySelectorAll(".card")], curves = [...picture.querySelectorAll(".curves path")];
          let kept = null;
          const show = n => {
            picture.classList.toggle("seen", n !== null);
            const near = new Set([n]);
            for (const c of curves) {
              const on = c.dataset.a === n || c.dataset.b === n;
              c.classList.toggle("on", on);
              if (on) { near.add(c.dataset.a); near.add(c.dataset.b); }
            }
            for (const card of cards) card.classList.toggle("on", near.has(card.dataset.n));
          };
          for (const card of cards) {
            const n = card.dataset.n;
            card.addEventListener("mouseenter", () => show(n));
            card.addEventListener("focus", () => show(n));
            card.addEventListener("mouseleave", () => show(kept));
            card.addEventListener("click", () => { kept = kept === n ? null : n; show(kept); });
          }
        }
        const fit = document.getElementById("fit");
        if (fit) fit.addEventListener("change", () => {
          for (const p of document.querySelectorAll(".picture")) p.classList.toggle("fit", fit.checked);
        });
        """
}
