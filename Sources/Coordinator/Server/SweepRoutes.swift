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
    private let submissions = Submissions()

    init(store: Store, planner: SweepPlanner, reports: Reports, ready: ReadySignal) {
        self.store = store
        self.planner = planner
        self.reports = reports
        self.ready = ready
    }

    private static let csv = "text/csv; charset=utf-8"

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/sweeps") { request, _ in try await submit(request) }
        // Not below `/v1/sweeps`, where it would hide the sweep of that name.
        router.post("/v1/sweep_check") { request, _ in
            let call = try await MutatingCall<JSONValue>(
                request, bytesMax: Limits.requestBodyBytesMax)
            return try jsonResponse(await planner.check(call.message))
        }
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
            ready.notify()
            return try jsonResponse(TasksChanged(changed: changed))
        }
        addSpecification(to: sweep)
        sweep.get("report.csv") { request, context in
            let query = request.uri.queryParameters
            let file = try await reports.report(
                name(context), withRuntime: query["runtime"] == "1",
                finishedOnly: query["finished"] == "1", skipsDamaged: skipsDamaged(request))
            return fileResponse(Self.csv, file.body())
        }
        sweep.get("history.csv") { request, context in
            let file = try await reports.history(
                name(context), skipsDamaged: skipsDamaged(request))
            return fileResponse(Self.csv, file.body())
        }
        sweep.get("manifest.json") { request, context in
            let file = try await reports.manifest(
                name(context), skipsDamaged: skipsDamaged(request))
            return fileResponse("application/json", file.body())
        }
    }

    private func addSpecification(to sweep: RouterGroup<BasicRequestContext>) {
        sweep.get("specification.json") { _, context in
            let text = try await store.withSnapshot(of: name(context)) { $0.sweep.specification }
            return fileResponse(
                "application/json", .init(byteBuffer: ByteBuffer(string: text)))
        }
    }

    private func skipsDamaged(_ request: Request) -> Bool {
        request.uri.queryParameters["skip_damaged"] == "1"
    }

    private func submit(_ request: Request) async throws -> Response {
        let call = try await MutatingCall<JSONValue>(
            request, bytesMax: Limits.requestBodyBytesMax)
        let created = try await submissions.join(call.key) {
            try await create(call.message, call.key)
        }
        return try jsonResponse(created, status: .created)
    }

    private func create(_ sweep: JSONValue, _ key: RequestKey) async throws -> SweepCreated {
        if let created = try await store.earlierAnswer(to: key, as: SweepCreated.self) {
            return created
        }
        let plan = try await planner.plan(sweep)
        let created = try await store.create(plan, key)
        ready.notify()
        return created
    }

    /// A name may have spaces and letters of any language: in a path they are percent-encoded.
    private func name(_ context: BasicRequestContext) -> String {
        (context.parameters.get("sweep")?.removingPercentEncoding ?? "").inNormalFormC
    }
}
