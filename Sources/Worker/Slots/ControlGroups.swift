/// The limits of the control groups that this process is in: what a container, a systemd unit or a
/// batch system grants it. Both versions of them are read, each group with all above it.
///
///     version 2    cpu.max "200000 100000"              memory.max, .high, .current, .stat
///     version 1    cpu.cfs_quota_us, cpu.cfs_period_us  memory.limit_in_bytes, .usage_in_bytes
struct ControlGroups {
    let read: (String) -> String?

    /// Cores' worth of time, at the tightest; nil where nothing is limited.
    var cpuQuota: Double? {
        let second = folders(controller: "").compactMap { folder -> Double? in
            let numbers = numbers(folder + "/cpu.max")
            return numbers.count == 2 ? Self.quotient(numbers[0], numbers[1]) : nil
        }
        let first = folders(controller: "cpu").compactMap { folder -> Double? in
            Self.quotient(
                numbers(folder + "/cpu.cfs_quota_us").first ?? nil,
                numbers(folder + "/cpu.cfs_period_us").first ?? nil)
        }
        return (second + first).min()
    }

    /// Bytes until the tightest limit; what the kernel keeps of files, it gives up when asked.
    var memoryLeft: Int? {
        // Beyond `memory.high` a group is slowed until it hardly moves.
        let second = folders(controller: "").flatMap { folder in
            ["memory.max", "memory.high"].compactMap { limit in
                left(folder, limit: limit, usage: "memory.current", files: "inactive_file")
            }
        }
        let first = folders(controller: "memory").compactMap { folder in
            left(
                folder, limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes",
                files: "total_inactive_file")
        }
        return (second + first).min()
    }

    /// How many processes were killed at the limit of this group or one above it.
    var memoryKills: Int? {
        let second = folders(controller: "").map { $0 + "/memory.events" }
        let first = folders(controller: "memory").map { $0 + "/memory.oom_control" }
        return (second + first).compactMap { path in
            read(path).flatMap { Host.count("oom_kill", in: $0) }
        }.max()
    }

    private func left(_ folder: String, limit: String, usage: String, files: String) -> Int? {
        guard let limit = numbers("\(folder)/\(limit)").first ?? nil,
            let usage = numbers("\(folder)/\(usage)").first ?? nil
        else { return nil }
        let kept = (read("\(folder)/memory.stat") ?? "").split(separator: "\n")
            .first { $0.hasPrefix(files + " ") }
            .flatMap { Int($0.dropFirst(files.count + 1)) }
        return max(0, limit - max(0, usage - (kept ?? 0)))
    }

    /// A file's numbers; nil for a word such as `max`.
    private func numbers(_ path: String) -> [Int?] {
        (read(path) ?? "").split { $0 == " " || $0 == "\n" }.map { Int($0) }
    }

    /// A quota of -1 or `max` is none.
    private static func quotient(_ quota: Int?, _ period: Int?) -> Double? {
        guard let quota, let period, quota > 0, period > 0 else { return nil }
        return Double(quota) / Double(period)
    }

    /// The group's folder and those above it, by `/proc/self/cgroup`: `0::/a/b` for version 2,
    /// `4:memory:/a/b` for version 1. Within a container the path may be the host's, of which only
    /// the top is to be seen here: that is among them.
    private func folders(controller: String) -> [String] {
        let lines = (read("/proc/self/cgroup") ?? "").split(separator: "\n")
        let paths = lines.compactMap { line -> Substring? in
            let parts = line.split(
                separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3,
                parts[1].split(separator: ",").contains(Substring(controller))
                    || controller.isEmpty && parts[1].isEmpty
            else { return nil }
            return parts[2]
        }
        guard let path = paths.first else { return [] }
        let roots =
            controller.isEmpty
            ? ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] : ["/sys/fs/cgroup/\(controller)"]
        let names = path.split(separator: "/")
        return roots.flatMap { root in
            (0...names.count).map { depth in
                ([Substring(root)] + names.prefix(depth)).joined(separator: "/")
            }
        }
    }
}
