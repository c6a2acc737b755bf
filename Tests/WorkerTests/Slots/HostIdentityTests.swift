import Shared
import Testing

@testable import Worker

/// What a host is called, and what tells one machine from another.
@Suite struct HostIdentityTests {
    private static let machineID = "0123456789abcdef0123456789abcdef"

    private static func identity(
        option: String? = nil, _ environment: [String: String] = [:], hostName: String = "node",
        machineID: String? = machineID, bootID: String? = "boot\n"
    ) -> HostIdentity {
        HostIdentity(
            option: option, environment: environment, hostName: hostName,
            host: Host { path in
                switch path {
                case "/etc/machine-id": machineID.map { $0 + "\n" }
                case "/proc/sys/kernel/random/boot_id": bootID
                default: nil
                }
            })
    }

    @Test func `an option goes before Slurm's name, and that before the system's`() {
        let slurm = ["SLURMD_NODENAME": "slurm-7"]
        #expect(Self.identity(option: "mine", slurm).name == "mine")
        #expect(Self.identity(slurm).name == "slurm-7")
        #expect(Self.identity(slurm).shortName == "slurm-7")
        for unset in ["", "a\u{1B}b"] {
            let identity = Self.identity(["SLURMD_NODENAME": unset])
            #expect(identity.name.hasPrefix("node-") && identity.shortName == "node")
        }
    }

    @Test func `two machines of one name have two names, which do not give the machine's id away`()
    {
        let first = Self.identity()
        let second = Self.identity(machineID: String(Self.machineID.reversed()))
        #expect(first.name != second.name && first.machine != second.machine)
        #expect(first == Self.identity())
        for word in [first.name, first.machine] {
            #expect(!word.contains(Self.machineID.prefix(8)), "\(word)")
        }
        #expect(first.name.count == "node-".count + 8 && first.machine.count == 16)
    }

    @Test(arguments: [
        nil, "", "uninitialized", "00000000000000000000000000000000", "0123",
        "0123456789abcdef0123456789abcdeg",
    ])
    func `without a machine's id the name stands alone`(machineID: String?) {
        let identity = Self.identity(machineID: machineID)
        #expect(identity.name == "node" && identity.machine.count == 16)
        #expect(identity.machine != Self.identity(hostName: "other", machineID: machineID).machine)
        #expect(Self.identity(hostName: "", machineID: machineID).name == "unknown")
    }

    @Test func `the boot id is the kernel's, unless a test says another`() {
        #expect(Self.identity().bootID == "boot")
        #expect(Self.identity([HostIdentity.bootVariable: "b2"]).bootID == "b2")
        #expect(Self.identity([HostIdentity.bootVariable: ""]).bootID == "boot")
        #expect(Self.identity(bootID: nil).bootID == nil)
        #expect(Self.identity(bootID: "\n").bootID == nil)
    }
}
