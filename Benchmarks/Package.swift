// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors only where the project checks itself: the next compiler's warning must not break a user.
let strict = Context.environment["BULKHEAD_STRICT"] == "1"

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

/// What `make bench` runs: the figures of `docs/benchmarks.md`.
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(path: "../Core"), .package(name: "bulkhead", path: ".."),
        // The version of the root package; here only to say what the library itself takes.
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CMalloc"),
        .executableTarget(
            name: "benchmarks",
            dependencies: ["CMalloc"]
                + [
                    "NetworkTypes", "PolicyModel", "PolicyEngine", "PolicyAnalysis", "PolicyReference", "Flows",
                    "FlowAnalysis",
                ].map { .product(name: $0, package: "Core") } + [
                    .product(name: "FlowStore", package: "bulkhead"), .product(name: "Dialects", package: "bulkhead"),
                    .product(name: "PolicyFiles", package: "bulkhead"), .product(name: "Yams", package: "Yams"),
                ],
            exclude: ["sql_peer.py"],
            swiftSettings: settings),
    ]
)
