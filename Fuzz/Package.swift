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

/// What `make fuzz` runs: libFuzzer on every parser of outside bytes.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(path: "../Core"), .package(name: "bulkhead", path: "..")],
    targets: [
        .systemLibrary(name: "CFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: ["CFuzzer", .product(name: "PolicyFiles", package: "bulkhead")]
                + ["FlowFormats", "Flows", "NetworkTypes", "PolicyEngine", "PolicyModel"].map {
                    .product(name: $0, package: "Core")
                },
            swiftSettings: settings),
    ]
)
