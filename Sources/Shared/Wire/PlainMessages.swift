/// Messages that a worker sends with every task, read by hand from a document that was parsed in
/// one pass: a tenth of the time that `Decodable` takes. Nil where anything is not as our own
/// client writes it; whoever reads then asks the decoder, which takes it or says what is wrong.
public protocol PlainMessage: Decodable {
    init?(plain json: JSONValue)
}

extension LeaseRequest: PlainMessage {
    public init?(plain json: JSONValue) {
        guard case .string(let name)? = json["worker"], let worker = WorkerName(rawValue: name),
            case .string(let host)? = json["host"], case .integer(let slots)? = json["slots"],
            case .integer(let waitSeconds)? = json["wait_seconds"],
            let selfTest = json["self_test"].flatMap(SelfTestReport.init(plain:))
        else { return nil }
        var bootID: String?
        if let value = json["boot_id"] {
            guard case .string(let text) = value else { return nil }
            bootID = text
        }
        self.init(
            worker: worker, host: host, bootID: bootID, slots: slots, waitSeconds: waitSeconds,
            selfTest: selfTest)
    }
}

extension SelfTestReport: PlainMessage {
    public init?(plain json: JSONValue) {
        guard case .string(let version)? = json["numeric_version"],
            case .string(let kernels)? = json["kernels"],
            case .string(let text)? = json["sha256"], let digest = Digest(hexadecimal: text),
            // One that has some is seldom: the decoder may take its time.
            json["wrong_cases"] == .array([])
        else { return nil }
        self.init(numericVersion: version, kernels: kernels, digest: digest, wrongCases: [])
    }
}
