import FoundationEssentials
import Shared

/// What this process may use of its host: read from the kernel's files, which tests replace.
struct Host: Sendable {
    /// A file's text; nil where it is not there.
    let read: @Sendable (String) -> String?
    let environment: EnvironmentVariables

    init(
        environment: EnvironmentVariables = [:], read: @escaping @Sendable (String) -> String?
    ) {
        self.read = read
        self.environment = environment
    }

    /// The kernel's own files.
    static let here = Host(environment: .current) {
        try? String(contentsOf: URL(filePath: $0), encoding: .utf8)
    }

    /// Cores that this process may run on, of which a control group may grant a part: two and a
    /// half are two, and half a one is one. Slurm grants a part without binding the process to it
    /// unless the cluster is configured so; it is then known by the environment alone.
    var cores: Int {
        let all = ProcessInfo.processInfo.activeProcessorCount
        let allowed = read("/proc/self/status").flatMap(Self.allowedCores) ?? all
        let granted = ControlGroups(read: read).cpuQuota.flatMap { Int(exactly: $0.rounded(.down)) }
        return max(1, min(allowed, granted ?? allowed, slurmCores ?? allowed, Limits.threadsMax))
    }

    /// What Slurm grants each task of the job, else the job on this host.
    private var slurmCores: Int? {
        ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"].lazy
            .compactMap { environment[$0].flatMap { Int($0) } }.first { $0 > 0 }
    }

    /// A line such as `Cpus_allowed_list:   0-3,8`: what the process is bound to.
    private static func allowedCores(_ status: String) -> Int? {
        let name = "Cpus_allowed_list:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else {
            return nil
        }
        var count = 0
        let list = line.dropFirst(name.count).filter { !$0.isWhitespace }
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil,
                (0...last).contains(first), last < 1 << 20
            else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }

    /// Bytes that can be had without swapping, of the host's and of the control group's memory,
    /// whichever is less; nil where neither is known.
    var availableBytes: Int? {
        let ofHost = read("/proc/meminfo").flatMap { Self.kilobytes("MemAvailable:", in: $0) }
        return [ofHost, ControlGroups(read: read).memoryLeft].compactMap { $0 }.min()
    }

    /// How many processes the kernel has killed for want of memory since it started; nil: unknown.
    var memoryKills: Int? {
        read("/proc/vmstat").flatMap { Self.count("oom_kill", in: $0) }
            ?? ControlGroups(read: read).memoryKills
    }

    /// A line such as `oom_kill 3`.
    static func count(_ name: String, in text: String) -> Int? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Int($0.dropFirst(name.utf8.count + 1)) }
    }

    /// Bytes of the first processor's largest cache.
    var cacheBytes: Int? {
        (0..<8).compactMap { index in
            read("/sys/devices/system/cpu/cpu0/cache/index\(index)/size").flatMap(Self.size)
        }.max()
    }

    /// This process's memory now (`VmRSS:`), or at its most (`VmHWM:`), where the system tells.
    func processBytes(_ name: String) -> Int? {
        read("/proc/self/status").flatMap { Self.kilobytes(name, in: $0) }
    }

    /// A line such as `MemAvailable:   24131488 kB`.
    private static func kilobytes(_ name: String, in text: String) -> Int? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        let number = line?.split { $0 == " " || $0 == "\t" }.dropFirst().first
        return number.flatMap { Int($0) }.flatMap { Self.product($0, 1_024) }
    }

    /// `266240K`, `32M`.
    private static func size(_ text: String) -> Int? {
        let text = text.split(separator: "\n").first ?? ""
        let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        guard let last = text.last, let unit = units[last] else { return Int(text) }
        return Int(text.dropLast()).flatMap { product($0, unit) }
    }

    private static func product(_ a: Int, _ b: Int) -> Int? {
        let (result, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? nil : result
    }
}
