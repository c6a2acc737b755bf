import HTTPTypes
import Shared

/// Who may call what. Decided by the shape of a route, so that a new one is never open to all: what
/// nobody thought of is for those who may submit.
enum AccessRule: Equatable {
    case anybody
    /// Any token will do: there is nothing at that address.
    case anyToken
    case role(Role)

    /// - Parameter route: the path with its parameters' names, `/v1/sweeps/{sweep}`; nil: there is
    ///   no such route.
    static func rule(for method: HTTPTypes.HTTPRequest.Method, _ route: String?) -> AccessRule {
        guard let route else { return .anyToken }
        let parts = route.utf8.split(separator: UInt8(ascii: "/")).map(Substring.init)
        let isReading = method == .get || method == .head
        switch (parts.first, parts.dropFirst().first) {
        case ("healthz", nil): return .anybody
        case ("v1", "tokens"), ("v1", "hosts"): return .role(.admin)
        case ("v1", "leases"): return .role(.worker)
        // Data sets are listed for people, and fetched by workers.
        case ("v1", "datasets") where isReading && parts.count > 2: return .role(.worker)
        default: return .role(isReading ? .read : .submit)
        }
    }

    func allows(_ role: Role) -> Bool {
        switch self {
        case .anybody, .anyToken: true
        case .role(let needed): role.includes(needed)
        }
    }
}
