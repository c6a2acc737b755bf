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
    let places: Budget
    private let submissions = Submissions()

    /// - Parameter submissions: places for sweeps that are being read, planned and stored.
    init(
        store: Store, planner: SweepPlanner, reports: Reports, ready: ReadySignal,
        submissions: Budget
    ) {
        self.store = store
        self.planner = planner
        self.reports = reports
        self.ready = ready
        places = submissions
    }

    private static let csv = "text/csv; charset=utf-8"

    func add(to router: Router<CallContext>) {
        router.post("/v1/sweeps") { request, context in try await submit(request, context) }
        // Not below `/v1/sweeps`, where it would hide the sweep of that name.
        router.post("/v1/sweep_check") { request, context in
            let place = try place(for: context)
            let call = try await MutatingCall<JSONValue>(
                request, bytesMax: Limits.requestBodyBytesMax)
            let checked = try await context.untilClientLeaves { [planner] in
                defer { withExtendedLifetime(place) {} }
                return try await planner.check(call.message)
            }
            return try jsonResponse(checked)
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
            let data = try await planner.datasets.hold(store.dataForRetry(of: name(context)))
            defer { withExtendedLifetime(data) {} }
            let changed = try await store.retry(name(context), call.key)
            ready.notify()
            return try jsonResponse(TasksChanged(changed: changed))
        }
        addSpecification(to: sweep)
        sweep.get("report.csv") { request, context in
            let query = request.uri.queryParameters
            let (runtime, finished) = (query["runtime"] == "1", query["finished"] == "1")
            let (name, skips) = (name(context), skipsDamaged(request))
            return try await file(Self.csv, context) { [reports] in
                try await reports.report(
                    name, for: context.caller, withRuntime: runtime, finishedOnly: finished,
                    skipsDamaged: skips)
            }
        }
        sweep.get("history.csv") { request, context in
            let (name, skips) = (name(context), skipsDamaged(request))
            return try await file(Self.csv, context) { [reports] in
                try await reports.history(name, for: context.caller, skipsDamaged: skips)
            }
        }
        sweep.get("manifest.json") { request, context in
            let (name, skips) = (name(context), skipsDamaged(request))
            return try await file("application/json", context) { [reports] in
                try await reports.manifest(name, for: context.caller, skipsDamaged: skips)
            }
        }
    }

    /// A report that nobody waits for any more is not written.
    private func file(
        _ type: String, _ context: CallContext,
        _ write: @escaping @Sendable () async throws -> TemporaryFile
    ) async throws -> Response {
        fileResponse(type, try await context.untilClientLeaves(write).body())
    }

    private func addSpecification(to sweep: RouterGroup<CallContext>) {
        sweep.get("specification.json") { _, context in
            let text = try await store.withSnapshot(of: name(context)) { $0.sweep.specification }
            return fileResponse(
                "application/json", .init(byteBuffer: ByteBuffer(string: text)))
        }
    }

    private func skipsDamaged(_ request: Request) -> Bool {
        request.uri.queryParameters["skip_damaged"] == "1"
    }

    private func place(for context: CallContext) throws -> Budget.Holding {
        do {
            return try places.take(for: context.caller)
        } catch {
            throw APIError(error, of: "sweeps are being submitted", limit: places.share)
        }
    }

    private func submit(_ request: Request, _ context: CallContext) async throws -> Response {
        let place = try place(for: context)
        let call = try await MutatingCall<JSONValue>(
            request, bytesMax: Limits.requestBodyBytesMax)
        let (submissions, message, key) = (submissions, call.message, call.key)
        let created = try await context.untilClientLeaves {
            try await submissions.join(key) {
                defer { withExtendedLifetime(place) {} }
                return try await create(message, key)
            }
        }
        return try jsonResponse(created, status: .created)
    }

    private func create(_ sweep: JSONValue, _ key: RequestKey) async throws -> SweepCreated {
        if let created = try await store.earlierAnswer(to: key, as: SweepCreated.self) {
            return created
        }
        let (plan, data) = try await planner.plan(sweep)
        defer { withExtendedLifetime(data) {} }
        let created = try await store.create(plan, key)
        ready.notify()
        return created
    }

    /// A name may have spaces and letters of any language: in a path they are percent-encoded.
    private func name(_ context: CallContext) -> String {
        (context.parameters.get("sweep")?.removingPercentEncoding ?? "").inNormalFormC
    }
}
