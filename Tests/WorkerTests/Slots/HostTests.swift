import Shared
import Testing

@testable import Worker

/// What the kernel's files say of a host, by files of known hosts.
@Suite struct HostTests {
    private static func host(_ files: [String: String]) -> Host { Host { files[$0] } }

    private static let status =
        "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-7\nVmRSS:\t 8 kB\n"

    @Test(arguments: [
        ("0-7", 8), ("0", 1), ("0-3,8,10-11", 7), ("2", 1),
    ])
    func `cores are those that the process is bound to`(list: String, cores: Int) {
        let status = "Cpus_allowed_list:\t\(list)\n"
        #expect(Self.host(["/proc/self/status": status]).cores == cores)
    }

    @Test(arguments: ["", "x", "3-1", "0-", "-1", "0-99999999999"])
    func `a list that makes no sense is passed over`(list: String) {
        let found = Self.host(["/proc/self/status": "Cpus_allowed_list:\t\(list)\n"]).cores
        #expect(found == Self.host([:]).cores)
    }

    @Test(arguments: [
        ("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1), ("900000 100000", 8), ("", 8),
        ("100000", 8), ("100000 0", 8),
    ])
    func `a group of version 2 grants a part of them`(quota: String, cores: Int) {
        let host = Self.host([
            "/proc/self/status": Self.status, "/proc/self/cgroup": "0::/user/job\n",
            "/sys/fs/cgroup/user/cpu.max": quota, "/sys/fs/cgroup/user/job/cpu.max": "max 100000",
        ])
        #expect(host.cores == cores)
    }

    @Test(arguments: [("-1", 8), ("300000", 3), ("99999", 1)])
    func `a group of version 1, too`(quota: String, cores: Int) {
        let host = Self.host([
            "/proc/self/status": Self.status,
            "/proc/self/cgroup": "9:name=systemd:/\n3:cpu,cpuacct:/a\n0::/\n",
            "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": quota + "\n",
            "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
        ])
        #expect(host.cores == cores)
    }

    @Test(arguments: [
        (["SLURM_CPUS_PER_TASK": "3"], 3), (["SLURM_CPUS_PER_TASK": "9"], 8),
        (["SLURM_CPUS_PER_TASK": "", "SLURM_CPUS_ON_NODE": "2"], 2), ([:], 8),
        (["SLURM_CPUS_PER_TASK": "2", "SLURM_CPUS_ON_NODE": "4"], 2),
        (["SLURM_CPUS_PER_TASK": "0"], 8), (["SLURM_CPUS_PER_TASK": "two"], 8),
        (["SLURM_CPUS_PER_TASK": "-1"], 8), (["SLURM_CPUS_ON_NODE": "99999999999999999999"], 8),
    ])
    func `Slurm grants a part of them, also where it binds nobody`(
        variables: [String: String], cores: Int
    ) {
        let host = Host(environment: EnvironmentVariables(variables)) { path in
            path == "/proc/self/status" ? Self.status : nil
        }
        #expect(host.cores == cores)
    }

    private static let meminfo = "MemTotal: 8000 kB\nMemFree: 10 kB\nMemAvailable:   4000 kB\n"

    @Test func `memory is what the host has left, where no group limits it`() {
        #expect(Self.host(["/proc/meminfo": Self.meminfo]).availableBytes == 4_000 << 10)
        #expect(Self.host([:]).availableBytes == nil)
        let unlimited = Self.host([
            "/proc/meminfo": Self.meminfo, "/proc/self/cgroup": "4:memory:/\n0::/\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": "123\n",
            "/sys/fs/cgroup/memory.max": "max\n", "/sys/fs/cgroup/memory.current": "5\n",
        ])
        #expect(unlimited.availableBytes == 4_000 << 10)
    }

    @Test func `the tightest group above counts, and files that the kernel keeps do not`() {
        let host = Self.host([
            "/proc/meminfo": Self.meminfo, "/proc/self/cgroup": "0::/slice/job\n",
            "/sys/fs/cgroup/slice/memory.max": "3000000\n",
            "/sys/fs/cgroup/slice/memory.current": "2500000\n",
            "/sys/fs/cgroup/slice/memory.stat": "anon 1\ninactive_file 1000000\nactive_file 7\n",
            "/sys/fs/cgroup/slice/job/memory.max": "2900000\n",
            "/sys/fs/cgroup/slice/job/memory.current": "100\n",
        ])
        #expect(host.availableBytes == 1_500_000)
    }

    @Test func `a container sees its own group at the top of version 1`() {
        let host = Self.host([
            "/proc/meminfo": Self.meminfo, "/proc/self/cgroup": "4:memory:/docker/abc\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1000\n",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1400\n",
            "/sys/fs/cgroup/memory/memory.stat": "total_inactive_file 600\n",
        ])
        #expect(host.availableBytes == 200)
    }

    @Test func `the cache is the largest of the first processor's`() {
        let index = "/sys/devices/system/cpu/cpu0/cache/index"
        let host = Self.host([
            index + "0/size": "48K\n", index + "2/size": "2048K\n", index + "3/size": "32M\n",
        ])
        #expect(host.cacheBytes == 32 << 20)
        #expect(Self.host([:]).cacheBytes == nil)
    }

    @Test func `this host can be read`() {
        #expect(Host.here.cores >= 1)
        #expect(Host.here.availableBytes ?? 1 > 0)
        #expect(Host.here.processBytes("VmRSS:") ?? 1 > 0)
    }
}
