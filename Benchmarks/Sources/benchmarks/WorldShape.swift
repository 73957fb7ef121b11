/// The sizes and the seed of a published world; equal shapes give equal worlds on every machine.
struct WorldShape {
    let name: String
    let seed: UInt64
    let workloads: Int
    let applications: Int
    /// Sites, the values of the label `loc`.
    let sites: Int
    /// Written rules of the application teams.
    let rules: Int
    /// Each written rule is repeated with other services until there are so many times more.
    let repetitions: Int

    /// The world of the figures.
    static let first = WorldShape(
        name: "published-1", seed: 1, workloads: 100_000, applications: 64, sites: 24, rules: 10_000, repetitions: 1)
    /// The same kind with four times the classes.
    static let second = WorldShape(
        name: "published-2", seed: 2, workloads: 100_000, applications: 288, sites: 8, rules: 10_000, repetitions: 1)
    /// The first world with three times the rules between the same ends, so with the same classes.
    static let third = WorldShape(
        name: "published-3", seed: 1, workloads: 100_000, applications: 64, sites: 24, rules: 10_000, repetitions: 3)

    static let all = [first, second, third]

    /// The same shape at a twentieth of its sizes, to see whether everything runs.
    var quick: WorldShape {
        WorldShape(
            name: name + "-quick", seed: seed, workloads: workloads / 20, applications: max(6, applications / 20),
            sites: sites, rules: rules / 20, repetitions: repetitions)
    }

    /// What the generator draws from, for the heads of tables and for the documentation.
    static let distribution = """
        app: Zipf 0.6; env: prod 55 %, staging 15 %, test 15 %, dev 15 %; role: web 30 %, app 40 %, db 20 %, and for \
        a third of the applications one of cache, queue, batch 10 %; loc: Zipf 0.4, named only by the replication \
        rules of every tenth application's db; team, os: named by no rule; every tenth \
        application has IPv6 besides IPv4
        """
}
