import FlowAnalysis
import Flows
import NetworkTypes
import PolicyModel
import Reports

/// An audit as a page for people.
struct AuditPage {
    let text: String

    init(
        _ audit: AuditReport, _ asked: AskedPolicy, _ edges: [ObservedEdge], names: [IPAddress: String],
        by dimensions: [LabelKey], at instant: Instant
    ) {
        var page = ReportPage(title: "Segmentation audit")
        let seen = audit.window.firstSeen.flatMap { first in audit.window.lastSeen.map { (first, $0) } }
        page.say(
            "Made at \(Self.minute(audit.at)) UTC. "
                + (seen.map { "Traffic from \(Self.minute($0.0)) to \(Self.minute($0.1)) UTC; " } ?? "No traffic; ")
                + "what happens more seldom was not seen. Groups are \(audit.dimensions.joined(separator: "/")).")
        page.add(Self.numbers(audit))
        Self.addMap(&page, audit, asked, edges, names, dimensions, instant)
        Self.addAccess(&page, audit)
        Self.addRules(&page, audit)
        Self.addScore(&page, audit)
        Self.addIntruders(&page, audit)
        Self.addDraft(&page, audit)
        text = page.text
    }

    private static func minute(_ text: String) -> String {
        String(text.prefix(16)).replacing("T", with: " ")
    }

    private static func numbers(_ audit: AuditReport) -> [ReportPage.Number] {
        func count(_ standing: ObservedAccess.Standing) -> Int { audit.connections[standing.rawValue] ?? 0 }
        var numbers: [ReportPage.Number] = []
        if let score = audit.score, let now = score.now.score {
            numbers.append(.init(ScoreReport.text(now), "segmentation score of 100"))
            if let after = score.draft?.score {
                numbers.append(
                    .init(ScoreReport.text(after), "with the draft", after > now ? .good : after < now ? .bad : .plain))
            }
        }
        numbers += [
            .init("\(audit.workloads)", "workloads"), .init("\(audit.window.connections)", "connections seen"),
            .init("\(count(.explained))", "explained by a rule", count(.explained) > 0 ? .good : .plain),
            .init("\(count(.unexplained))", "allowed by no rule", count(.unexplained) > 0 ? .bad : .plain),
            .init("\(count(.denied))", "denied by the policy, and seen", count(.denied) > 0 ? .bad : .plain),
            .init("\(audit.enforced.allowed)", "that pass today, by what is enforced"),
        ]
        if count(.undecided) > 0 { numbers.append(.init("\(count(.undecided))", "not decided")) }
        if let worst = audit.intruders.first {
            numbers.append(
                .init(
                    "\(worst.now.workloads) of \(worst.otherWorkloads)",
                    "workloads that an intruder on \(worst.workload) reaches",
                    worst.now.workloads > 0 ? .bad : .good))
        }
        if let wouldBreak = audit.wouldBreak, let mayBreak = audit.mayBreak {
            numbers.append(
                .init("\(wouldBreak)", "observed edges that the draft would break", wouldBreak > 0 ? .bad : .good))
            if mayBreak > 0 {
                numbers.append(.init("\(mayBreak)", "more if they began the other way round, which is uncertain"))
            }
        }
        return numbers
    }

    private static func addMap(
        _ page: inout ReportPage, _ audit: AuditReport, _ asked: AskedPolicy, _ edges: [ObservedEdge],
        _ names: [IPAddress: String], _ dimensions: [LabelKey], _ instant: Instant
    ) {
        let map = FlowMap(
            edges, workloads: asked.workloads, addressSets: asked.policy.addressSets, names: names, by: dimensions,
            engine: asked.engine(), at: instant)
        page.begin("Map")
        page.add(
            MapDrawing(
                map, MapLayout(map, workloads: asked.workloads), title: "Who reaches whom",
                subtitle: "colours are the policy's verdicts, as if every workload were enforced"))
    }

    private static func addAccess(_ page: inout ReportPage, _ audit: AuditReport) {
        page.begin("Who has access to what")
        page.say(
            "By the policy, as if every workload were enforced. Today, by what is enforced, "
                + "\(audit.enforced.allowed) of \(audit.window.connections) connections pass."
                + (audit.uncertainDirections > 0
                    ? " Of \(FlowsAmount.text(audit.uncertainDirections, "edge")) only the log states which end began: they are "
                        + "taken as recorded." : ""))
        let parts: [(ObservedAccess.Standing, String, String)] = [
            (.unexplained, "Allowed by no rule", "Everything that was seen and is allowed is allowed by a rule."),
            (.denied, "Denied by the policy, and seen", "Nothing that was seen is denied."),
            (.undecided, "Not decided: the records lack what the rules ask for", ""),
            (.explained, "Allowed by a rule", "Nothing that was seen is allowed by a rule."),
        ]
        for (standing, title, nothing) in parts {
            let rows = audit.access.filter { $0.standing == standing.rawValue }
            if rows.isEmpty, nothing.isEmpty { continue }
            page.beginPart(title)
            var table = ReportPage.Table([
                "from", "to", "what", "#connections", "#failed", "#last seen", "decided by", "why",
            ])
            for row in rows {
                table.add(
                    [
                        row.from, row.to,
                        MapWords.services(row.services.map { ($0.service, $0.connections) }, most: namedServices),
                        "\(row.connections)", "\(row.failed)",
                        minute(row.lastSeen),
                        row.decidedBy, row.reason ?? "",
                    ], isBad: standing == .denied, isOpen: standing == .unexplained || standing == .undecided)
            }
            page.add(table, orSay: nothing)
        }
    }

    /// So many services a cell of the page names; the JSON has all.
    private static let namedServices = 40

    private static func addRules(_ page: inout ReportPage, _ audit: AuditReport) {
        page.begin("Rules and who answers for them")
        var table = ReportPage.Table([
            "rule", "does", "from", "to", "services", "owner", "reason", "#seen", "could do without",
        ])
        for rule in audit.rules {
            let asked = [rule.reason, rule.ticket, rule.review.map { "review by \($0)" }].compactMap(\.self)
            table.add(
                [
                    rule.rule + (rule.place.map { " (\($0))" } ?? ""), rule.action, rule.from, rule.to, rule.services,
                    rule.owner ?? "", asked.joined(separator: ", "), "\(rule.connections)",
                    rule.findings.joined(separator: "; "),
                ], isOpen: !rule.findings.isEmpty)
        }
        page.add(table, orSay: "There is no rule: no boundary is drawn.")
        guard !audit.boundaries.isEmpty else { return }
        page.beginPart("Boundaries that the policy asks for")
        var boundaries = ReportPage.Table(["boundary", "holds", "where"])
        for boundary in audit.boundaries {
            boundaries.add([boundary.name, boundary.answer, boundary.location ?? ""], isBad: !boundary.holds)
        }
        page.add(boundaries, orSay: "")
    }

    private static func addScore(_ page: inout ReportPage, _ audit: AuditReport) {
        guard let score = audit.score else { return }
        page.begin("Segmentation score")
        page.say(
            "Each part is a share; the score is the sum of weight × share over the sum of the weights, in percent.")
        var table = ReportPage.Table(
            ["what", "#weight", "#counted", "#points"] + (score.draft == nil ? [] : ["#with the draft", "#points"]))
        for row in score.rows { table.add(row) }
        page.add(table, orSay: "There is no workload to count.")
    }

    private static func addIntruders(_ page: inout ReportPage, _ audit: AuditReport) {
        guard !audit.intruders.isEmpty else { return }
        page.begin("How far an intruder gets")
        page.say(
            "An intruder on one workload of each group, over what is enforced. Crown jewels are \(audit.jewels); a hop is a "
                + "connection that a workload in the intruder's hands may open.")
        let hasDraft = audit.intruders.contains { $0.draft != nil }
        var table = ReportPage.Table(
            ["group", "intruder on", "#reached now", "by hops", "#crown jewels"]
                + (hasDraft ? ["#with the draft", "by hops", "#crown jewels"] : []))
        func cells(_ reach: AuditReport.Reach?, of others: Int) -> [String] {
            guard let reach else { return ["not in it", "", ""] }
            let hops = reach.byHops.enumerated().map { "\($0.offset + 1): \($0.element)" }.joined(separator: ", ")
            return ["\(reach.workloads) of \(others)", hops, "\(reach.crownJewels)"]
        }
        for intruder in audit.intruders {
            table.add(
                [intruder.group, intruder.workload] + cells(intruder.now, of: intruder.otherWorkloads)
                    + (hasDraft ? cells(intruder.draft, of: intruder.otherWorkloads) : []),
                isBad: (intruder.draft ?? intruder.now).crownJewels > 0)
        }
        page.add(table, orSay: "")
        if audit.groupsLeftOut > 0 {
            page.say(
                "\(audit.groupsLeftOut) more groups are left out; `bulkhead breach` follows an intruder from any workload."
            )
        }
    }

    private static func addDraft(_ page: inout ReportPage, _ audit: AuditReport) {
        guard let effects = audit.draftEffects else { return }
        page.begin("What the draft would change")
        page.say(
            "Observed edges that the draft decides otherwise: by what is enforced, then by what would be if all were.")
        var table = ReportPage.Table([
            "effect", "when", "from", "to", "service", "#connections", "#last seen", "draft", "now",
        ])
        for effect in effects {
            table.add(
                [
                    effect.effect, effect.view, effect.from, effect.to, effect.service, "\(effect.connections)",
                    minute(effect.lastSeen),
                    effect.draft, effect.active,
                ], isBad: effect.effect == SimulatedEffect.broken.title, isOpen: true)
        }
        page.add(table, orSay: "Nothing that was seen changes.")
    }
}
