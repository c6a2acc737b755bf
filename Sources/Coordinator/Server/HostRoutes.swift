import Foundation
import HTTPTypes
import Hummingbird
import Shared

/// Who trains, who gets no tasks, and how he gets some again.
struct HostRoutes {
    let store: Store

    func add(to router: Router<CallContext>) {
        router.get("/v1/workers") { _, _ in
            try await jsonResponse(
                WorkerList(
                    workers: store.workers(), recheckObstacle: store.recheckObstacle()))
        }
        router.post("/v1/hosts/:host/let_back") { request, context in
            let call = try await MutatingCall<JSONValue>(request)
            // A host's name is any text: in a path it is percent-encoded.
            let name = context.parameters.get("host")?.removingPercentEncoding ?? ""
            return try await jsonResponse(store.letBack(name, call.key))
        }
    }
}
