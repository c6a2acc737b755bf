public import FoundationEssentials

/// A person's calls.
extension CoordinatorClient {
    public func submit(_ sweep: JSONValue) throws(ClientError) -> SweepCreated {
        try post("/v1/sweeps", sweep, as: SweepCreated.self)
    }

    /// What a submission would come to; stores nothing. Waits no longer than a command may that can
    /// do without the answer.
    public func check(_ sweep: JSONValue) throws(ClientError) -> SweepChecked {
        var request = try postRequest("/v1/sweep_check", sweep)
        request.timeoutSeconds = Limits.optionalCallSecondsMax
        request.connectTimeoutMilliseconds = Limits.optionalConnectTimeoutMilliseconds
        return try call(request, as: SweepChecked.self)
    }

    public func sweeps() throws(ClientError) -> [SweepStatus] {
        try call(HTTPRequest(.get, "/v1/sweeps"), as: SweepList.self).sweeps
    }

    /// - Parameter sweep: an id, or a name: then the newest sweep of that name.
    public func status(_ sweep: String) throws(ClientError) -> SweepStatus {
        try call(HTTPRequest(.get, Self.path(sweep)), as: SweepStatus.self)
    }

    /// One of the sweep's files: `report.csv`, `history.csv` or `manifest.json`.
    public func file(_ name: String, of sweep: String) throws(ClientError) -> Data {
        var request = HTTPRequest(.get, Self.path(sweep) + "/" + name)
        request.responseBytesMax = Limits.reportBytesMax
        request.timeoutSeconds = Limits.reportSecondsMax
        return try call(request)
    }

    public func cancel(_ sweep: String) throws(ClientError) -> Int {
        try post(Self.path(sweep) + "/cancel", JSONValue.object([:]), as: TasksChanged.self).changed
    }

    public func retry(_ sweep: String) throws(ClientError) -> Int {
        try post(Self.path(sweep) + "/retry", JSONValue.object([:]), as: TasksChanged.self).changed
    }

    public func workers() throws(ClientError) -> WorkerList {
        try call(HTTPRequest(.get, "/v1/workers"), as: WorkerList.self)
    }

    /// Gives a host that was set aside tasks again.
    public func letBack(_ host: String) throws(ClientError) -> HostLetBack {
        try post(
            "/v1/hosts/\(Self.encoded(host))/let_back", JSONValue.object([:]),
            as: HostLetBack.self)
    }

    public func datasets() throws(ClientError) -> [DatasetStatus] {
        try call(HTTPRequest(.get, "/v1/datasets"), as: DatasetList.self).datasets
    }

    /// Removes the name of a data set, and its file once nobody needs it.
    public func removeDataset(_ name: String) throws(ClientError) -> DatasetStatus {
        try post(
            "/v1/datasets/\(Self.encoded(name))/remove", JSONValue.object([:]),
            as: DatasetStatus.self)
    }

    /// Stores a data set under a name.
    /// - Parameter replacing: whether the name may hold other bytes already.
    public func addDataset(_ name: String, _ file: Data, replacing: Bool = false)
        throws(ClientError) -> DatasetStatus
    {
        let query = replacing ? "?replace=1" : ""
        var request = HTTPRequest(.put, "/v1/datasets/\(Self.encoded(name))\(query)", body: file)
        request.timeoutSeconds = Limits.datasetTransferSecondsMax
        return try call(request, as: DatasetStatus.self)
    }

    // MARK: - Tokens

    public func createToken(_ token: TokenRequest) throws(ClientError) -> TokenStatus {
        try post("/v1/tokens", token, as: TokenStatus.self)
    }

    public func tokens() throws(ClientError) -> [TokenStatus] {
        try call(HTTPRequest(.get, "/v1/tokens"), as: TokenList.self).tokens
    }

    public func revokeToken(_ id: String) throws(ClientError) -> TokenStatus {
        try post(
            "/v1/tokens/\(Self.encoded(id))/revoke", JSONValue.object([:]), as: TokenStatus.self)
    }

    /// Whether a coordinator answers at that address.
    public func isHealthy() -> Bool {
        (try? call(HTTPRequest(.get, "/healthz"))) != nil
    }

    private static func path(_ sweep: String) -> String { "/v1/sweeps/\(encoded(sweep))" }

    /// A person's text as one segment of a path.
    private static func encoded(_ text: String) -> String {
        let plain = { (byte: UInt8) in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95].contains(byte)
        }
        return text.utf8.map { byte in
            plain(byte)
                ? String(UnicodeScalar(byte)) : "%" + hexadecimalString([byte]).uppercased()
        }.joined()
    }
}
