import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// A person's calls on sweeps and their reports.
struct SweepRoutes {
    let store: Store
    let planner: SweepPlanner
    let reports: Reports
    let ready: ReadySignal

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/sweeps") { request, _ in try await submit(request) }
        router.get("/v1/sweeps") { _, _ in
            try await jsonResponse(SweepList(sweeps: store.statuses()))
        }
        let sweep = router.group("/v1/sweeps/:sweep")
        sweep.get { _, context in try await jsonResponse(store.status(of: name(context))) }
        sweep.post("cancel") { request, context in
            let call = try await MutatingCall<JSONValue>(request)
            let changed = try await store.cancel(name(context), call.key)
            return try jsonResponse(TasksChanged(changed: changed))
        }
        sweep.post("retry") { request, context in
            let call = try await MutatingCall<JSONValue>(request)
            let changed = try await store.retry(name(context), call.key)
            await ready.notify()
            return try jsonResponse(TasksChanged(changed: changed))
        }
        sweep.get("report.csv") { request, context in
            let withRuntime = request.uri.queryParameters["runtime"] == "1"
            return try await csv(reports.report(name(context), withRuntime: withRuntime))
        }
        sweep.get("history.csv") { _, context in
            try await csv(reports.history(name(context)))
        }
        sweep.get("manifest.json") { _, context in
            let file = try await reports.manifest(name(context))
            return Response(
                status: .ok, headers: [.contentType: "application/json"], body: file.body())
        }
    }

    private func submit(_ request: Request) async throws -> Response {
        let call = try await MutatingCall<JSONValue>(
            request, bytesMax: Limits.requestBodyBytesMax)
        if let created = try await store.earlierAnswer(to: call.key, as: SweepCreated.self) {
            return try jsonResponse(created, status: .created)
        }
        let plan = try await planner.plan(call.message)
        let created = try await store.create(
            name: plan.name, specification: plan.specification, attemptMax: plan.attemptMax,
            checkpointEveryEpochs: plan.checkpointEveryEpochs, tasks: plan.tasks, call.key)
        await ready.notify()
        return try jsonResponse(created, status: .created)
    }

    /// A name may have spaces and letters of any language: in a path they are percent-encoded.
    private func name(_ context: BasicRequestContext) -> String {
        context.parameters.get("sweep")?.removingPercentEncoding ?? ""
    }

    private func csv(_ file: TemporaryFile) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/csv; charset=utf-8"], body: file.body())
    }
}
