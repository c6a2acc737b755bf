// swift-tools-version:6.2
import PackageDescription

/// What every target of ours is compiled with, beyond the Swift 6 language mode.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Where we work on it only: a later compiler's new warning must not keep a user from a release.
    .treatAllWarnings(as: .error, .when(configuration: .debug)),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let commandLine: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "gated-sweeps",
    products: [
        .executable(name: "gdln-coordinator", targets: ["Coordinator"]),
        .executable(name: "gdln-worker", targets: ["Worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // Words both sides use, and the client of the protocol. No YAML, no full Foundation.
        .systemLibrary(
            name: "CCurl", path: "Sources/Shared/CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CZlib", path: "Sources/Shared/CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"])]),
        // The floating-point environment: both sides compute numbers that enter results.
        .target(name: "CFloats", path: "Sources/Shared/CFloats"),
        // Before `main`: opens the standard descriptors that are closed.
        .target(name: "CProcess", path: "Sources/Shared/CProcess"),
        .target(
            name: "Shared",
            dependencies: ["CCurl", "CZlib", "CFloats", "CProcess", crypto, logging],
            exclude: ["CCurl", "CZlib", "CFloats", "CProcess"], swiftSettings: strict),

        // Numbers only: no network, no store, no wall clock.
        .target(
            name: "CKernels", dependencies: ["CFloats"], path: "Sources/Trainer/CKernels",
            // Kernels are useless unoptimized, and a test that trains must not take minutes.
            // Contraction is off so that a product and a sum round alike on every processor.
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
        .target(
            name: "CMatrices", path: "Sources/Trainer/CMatrices",
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
        .target(
            name: "Trainer", dependencies: ["Shared", "CKernels", "CMatrices"],
            exclude: ["CKernels", "CMatrices"], swiftSettings: strict),

        .executableTarget(
            name: "Worker", dependencies: ["Shared", "Trainer", commandLine, logging],
            swiftSettings: strict),

        .executableTarget(
            name: "Coordinator",
            dependencies: [
                "Shared", "Yams", commandLine, logging, crypto,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Shared"], path: "Tests/TestSupport",
            swiftSettings: strict),
        // Faults done to real processes, and what judges them; and the command that runs it.
        .target(
            name: "Rig",
            dependencies: [
                "Shared", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Tests/Rig", exclude: ["Shim"], swiftSettings: strict),
        .executableTarget(
            name: "gdln-rig",
            // The executables: the rig runs them.
            dependencies: ["Rig", "Coordinator", "Worker", commandLine],
            path: "Tests/RigCommand", swiftSettings: strict),
        .testTarget(
            name: "RigTests",
            dependencies: ["Rig", "Coordinator", "Worker", "Shared", "TestSupport"],
            swiftSettings: strict),

        .testTarget(
            name: "SharedTests", dependencies: ["Shared", "CFloats", "TestSupport"],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "TrainerTests",
            dependencies: [
                "Trainer", "Shared", "CFloats", "CKernels", "CMatrices", "TestSupport",
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "WorkerTests",
            dependencies: ["Worker", "Shared", "Trainer", "TestSupport", logging],
            swiftSettings: strict),
        .testTarget(
            name: "CoordinatorTests",
            dependencies: [
                "Coordinator", "Shared", "TestSupport", commandLine, logging, crypto,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            // The executables: these tests run them.
            dependencies: [
                "Coordinator", "Worker", "Shared", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
