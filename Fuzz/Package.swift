// swift-tools-version: 6.2
import PackageDescription

/// What `make fuzz` builds: every reader of bytes from outside, behind one entry point that libFuzzer calls.
let package = Package(
    name: "Fuzz",
    products: [.library(name: "FuzzTargets", type: .static, targets: ["FuzzTargets"])],
    dependencies: [.package(name: "bulkhead", path: ".."), .package(path: "../Core")],
    targets: [
        .target(
            name: "FuzzTargets",
            dependencies: [
                .product(name: "Dialects", package: "bulkhead"), .product(name: "PolicyFiles", package: "bulkhead"),
                .product(name: "FlowStore", package: "bulkhead"),
                .product(name: "FlowFormats", package: "Core"), .product(name: "Flows", package: "Core"),
                .product(name: "PolicyModel", package: "Core"),
                .product(name: "NetworkTypes", package: "Core"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ])
    ]
)
