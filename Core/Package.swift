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

/// The part that decides: no dependency, no Foundation, no I/O, no clock, nothing asynchronous.
///
/// `ArchitectureTests` holds the arrows.
let libraries: [(name: String, dependencies: [Target.Dependency])] = [
    ("NetworkTypes", []),
    ("PolicyModel", ["NetworkTypes"]),
    ("PolicyEngine", ["NetworkTypes", "PolicyModel"]),
    ("PacketFilter", ["NetworkTypes", "PolicyModel", "PolicyEngine"]),
    ("PolicyAnalysis", ["NetworkTypes", "PolicyModel", "PolicyEngine"]),
    ("Flows", ["NetworkTypes"]),
    ("FlowFormats", ["NetworkTypes", "Flows"]),
    ("FlowAnalysis", ["NetworkTypes", "PolicyModel", "PolicyEngine", "Flows"]),
    ("PolicyReference", ["NetworkTypes", "PolicyModel"]),
    ("RulesetSimulator", ["NetworkTypes"]),
]

/// One test target per area; tests see only what users of the package see, so that they also run in release.
let tests: [(name: String, dependencies: [Target.Dependency])] = [
    ("ArchitectureTests", []),
    ("NetworkTypesTests", ["NetworkTypes"]),
    ("PolicyModelTests", ["PolicyModel", "NetworkTypes", "TestWorlds"]),
    ("PolicyReferenceTests", ["PolicyReference", "PolicyModel", "NetworkTypes", "TestWorlds"]),
    ("PolicyEngineTests", ["PolicyEngine", "PolicyReference", "PolicyModel", "NetworkTypes", "TestWorlds"]),
    (
        "PacketFilterTests",
        ["PacketFilter", "RulesetSimulator", "PolicyEngine", "PolicyModel", "NetworkTypes", "TestWorlds"]
    ),
    (
        "PolicyAnalysisTests",
        ["PolicyAnalysis", "PolicyReference", "PolicyEngine", "PolicyModel", "NetworkTypes", "TestWorlds"]
    ),
    ("RulesetSimulatorTests", ["RulesetSimulator", "NetworkTypes"]),
    ("FlowFormatsTests", ["FlowFormats", "Flows", "NetworkTypes"]),
    ("FlowAnalysisTests", ["FlowAnalysis", "Flows", "PolicyEngine", "PolicyModel", "NetworkTypes", "TestWorlds"]),
]

/// Folders of test data, which are found from the source file's place.
let fixtures = ["RulesetSimulatorTests": ["Fixtures"], "PacketFilterTests": ["Golden"]]

let package = Package(
    name: "Core",
    products: libraries.map { .library(name: $0.name, targets: [$0.name]) },
    targets: libraries.map { .target(name: $0.name, dependencies: $0.dependencies, swiftSettings: settings) }
        + [
            .target(
                name: "TestWorlds", dependencies: ["PolicyModel", "NetworkTypes"], path: "Tests/TestWorlds",
                swiftSettings: settings)
        ]
        + tests.map {
            .testTarget(
                name: $0.name, dependencies: $0.dependencies,
                exclude: fixtures[$0.name] ?? [], swiftSettings: settings)
        }
)
