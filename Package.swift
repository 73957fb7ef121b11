// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors only where the project checks itself: the next compiler's warning must not break a user.
let strict = Context.environment["BULKHEAD_STRICT"] == "1"

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

func core(_ name: String) -> Target.Dependency { .product(name: name, package: "Core") }

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let model = ["NetworkTypes", "PolicyModel"].map(core)

let package = Package(
    name: "bulkhead",
    products: [
        .executable(name: "bulkhead", targets: ["bulkhead"]),
        // For fuzz targets and benchmarks, which are packages of their own.
        .library(name: "Dialects", targets: ["Dialects"]), .library(name: "PolicyFiles", targets: ["PolicyFiles"]),
        .library(name: "FlowStore", targets: ["FlowStore"]),
    ],
    dependencies: [
        .package(path: "Core"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CNftables", pkgConfig: "libnftables", providers: [.apt(["libnftables-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CNetns"),
        .target(name: "Netfilter", dependencies: ["CNftables", "CNetns"] + model, swiftSettings: settings),
        .target(name: "PolicyFiles", dependencies: [yams] + model, swiftSettings: settings),
        .target(
            name: "Dialects",
            dependencies: [yams, "PolicyFiles"] + model + ["PolicyEngine", "PolicyAnalysis"].map(core),
            swiftSettings: settings),
        .target(
            name: "FlowStore", dependencies: [grdb, "CZlib"] + ["NetworkTypes", "Flows", "FlowFormats"].map(core),
            swiftSettings: settings),
        .target(
            name: "Lab",
            dependencies: ["Netfilter", "PolicyFiles", "FlowStore"] + model
                + ["PolicyEngine", "PacketFilter", "Flows", "FlowFormats", "FlowAnalysis"].map(core),
            swiftSettings: settings),
        .target(
            name: "Reports",
            dependencies: ["NetworkTypes", "PolicyModel", "Flows", "FlowAnalysis"].map(core), swiftSettings: settings),
        .target(
            name: "Commands",
            dependencies: [argumentParser, "PolicyFiles", "Dialects", "FlowStore", "Lab", "Reports"] + model
                + ["PolicyEngine", "PolicyAnalysis", "PacketFilter", "Flows", "FlowFormats", "FlowAnalysis"].map(core),
            swiftSettings: settings),
        .executableTarget(name: "bulkhead", dependencies: [argumentParser, "Commands"], swiftSettings: settings),
        .testTarget(
            name: "NetfilterTests", dependencies: ["Netfilter", core("RulesetSimulator")] + model,
            swiftSettings: settings),
        .testTarget(
            name: "PolicyFilesTests", dependencies: ["PolicyFiles", core("PolicyReference")] + model,
            exclude: ["Bad", "BadMeaning", "Warned", "validate.py"], swiftSettings: settings),
        .testTarget(
            name: "DialectsTests",
            dependencies: ["Dialects", "PolicyFiles"] + model + ["PolicyEngine", "PolicyAnalysis"].map(core),
            swiftSettings: settings),
        .testTarget(
            name: "FlowStoreTests", dependencies: ["FlowStore"] + ["NetworkTypes", "Flows", "FlowFormats"].map(core),
            swiftSettings: settings),
        .testTarget(
            name: "LabTests",
            dependencies: ["Lab", "Netfilter"] + model
                + ["PolicyEngine", "PacketFilter", "RulesetSimulator"].map(core),
            swiftSettings: settings),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["Reports"] + model + ["PolicyEngine", "Flows", "FlowAnalysis"].map(core),
            swiftSettings: settings),
        .testTarget(
            name: "CommandsTests", dependencies: [argumentParser, "Commands"] + model, swiftSettings: settings),
    ]
)
