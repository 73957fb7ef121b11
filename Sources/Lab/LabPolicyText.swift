internal import NetworkTypes

/// The policy files of the demonstration, written out so that people can read and change them.
enum LabPolicyText {
    /// Who is who; `mode` is what the agents do.
    static func inventory(_ hosts: [LabHost], mode: String) -> String {
        let workloads = hosts.map { host in
            let addresses = host.addresses.map { "\"\($0)\"" }.joined(separator: ", ")
            return """
                  - name: \(host.name)
                    addresses: [\(addresses)]
                    labels: {app: shop, env: lab, role: \(host.name)}
                    agent: true
                """
        }
        return """
            bulkhead: 1

            workloads:
            \(workloads.joined(separator: "\n"))

            enforcement:
              - mode: \(mode)
                members: anyWorkload

            """
    }

    /// The one boundary: presentation → application → data, and nothing past a tier.
    static let boundary = """
        bulkhead: 1
        owner: shop team
        ticket: SHOP-7

        services:
          https: [tcp/443, udp/443]
          api: [tcp/8080, udp/8125]
          storage: [tcp/5432, udp/11211]
          batch: [tcp/9000-9014, udp/9000-9016]
          ping: [icmp/8, icmpv6/128]

        guardrails:
          - name: tier-boundary
            from: role = web
            to: role = database
            services: any
            reason: the presentation tier faces strangers; what it needs from the data it asks the application tier for

        rulesets:
          - name: tiers
            scope: app = shop
            rules:
              - name: customers-to-web
                action: allow
                from: any
                to: role = web
                services: https
                anywhere: true
                reason: the shop is open to everybody
              - name: web-to-app
                action: allow
                from: role = web
                to: role = app
                services: [api, batch, ping]
                reason: presentation asks the application tier
              - name: app-to-database
                action: allow
                from: role = app
                to: role = database
                services: [storage, batch, ping]
                reason: the application tier keeps its state in the database

        """
}

extension LabPolicyText {
    /// The boundary in a few lines.
    static let summary = [
        "guardrail `tier-boundary`: presentation never reaches data (owner shop team, ticket SHOP-7)",
        "allowed: anyone → web (https), web → app (api, batch, ping), app → database (storage, batch, ping)",
        "everything else: denied, as the tiers are in mode full",
    ]
}
