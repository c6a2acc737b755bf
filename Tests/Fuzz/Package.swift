// swift-tools-version:6.2
import PackageDescription

// The decoders of bytes from outside, and what feeds them libFuzzer's inputs. A package of its own,
// so that the normal build knows nothing of sanitizers; the folders beside this file are links, or
// hold links, to the very sources that the product is made of. `deploy/fuzz` builds and runs it.

/// Addresses are checked, and libFuzzer sees which branches an input takes.
let instrumented: [SwiftSetting] = [
    .unsafeFlags([
        "-sanitize=address", "-enable-testing",
        "-sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table",
    ]),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "decoder-fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", path: "Shared/CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CZlib", path: "Shared/CZlib", pkgConfig: "zlib"),
        .target(name: "CFloats", path: "Shared/CFloats"),
        .target(
            name: "Shared",
            dependencies: [
                "CCurl", "CZlib", "CFloats", .product(name: "Crypto", package: "swift-crypto"),
            ], path: "Shared", exclude: ["CCurl", "CZlib", "CFloats", "Documentation.docc"],
            swiftSettings: instrumented),
        .target(
            name: "CKernels", dependencies: ["CFloats"], path: "Trainer/CKernels",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
        .target(
            name: "CMatrices", path: "Trainer/CMatrices",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
        .target(
            name: "Trainer", dependencies: ["Shared", "CKernels", "CMatrices"], path: "Trainer",
            exclude: ["CKernels", "CMatrices", "Documentation.docc"],
            swiftSettings: instrumented),
        .target(
            name: "SweepFiles", dependencies: ["Shared", "Yams"], path: "SweepFiles",
            swiftSettings: instrumented),
        .target(
            name: "WorkerFiles", dependencies: ["Shared"], path: "WorkerFiles",
            swiftSettings: instrumented),
        .target(name: "CFuzzer", path: "CFuzzer"),
        .executableTarget(
            name: "decoders",
            dependencies: ["Shared", "Trainer", "SweepFiles", "WorkerFiles", "CFuzzer"],
            path: "Decoders", swiftSettings: instrumented,
            linkerSettings: [.unsafeFlags(["-sanitize=address"]), .linkedLibrary("stdc++")]),
    ],
    swiftLanguageModes: [.v6]
)
