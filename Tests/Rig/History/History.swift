public import Foundation
import Shared

/// Everything that was asked of a coordinator and answered in one run.
public struct History: Sendable, Equatable {
    public var calls: [Call]
    public var marks: [Mark]

    public init(calls: [Call] = [], marks: [Mark] = []) {
        self.calls = calls
        self.marks = marks
    }

    /// What a machine that lost its power between `from` and `to` can be held to: calls answered
    /// before are acknowledged, those under way are unknown, later ones never were.
    public func cut(from: Int64, to: Int64) -> History {
        var history = self
        history.calls = calls.filter { $0.start <= to }.map { call in
            guard call.end > from else { return call }
            var call = call
            call.outcome = .unknown("the power was cut")
            call.end = .max
            return call
        }
        history.marks = marks.filter { $0.time <= from }
        return history
    }
}

extension History {
    /// Calls that were under way at one of these times have an unknown outcome, whatever was
    /// answered.
    func doubting(_ times: [ClosedRange<Int64>]) -> History {
        var history = self
        for index in calls.indices where calls[index].isOK {
            let call = calls[index]
            guard times.contains(where: { $0.overlaps(call.start...call.end) }) else { continue }
            history.calls[index].outcome = .unknown("the disk broke down meanwhile")
        }
        return history
    }
}

/// One line of a history's file. A call has two: one when it is sent, one when it ends.
struct HistoryLine: Codable {
    var time: Int64
    var call: Int?
    var process: String?
    var operation: Call.Operation?
    var path: String?
    var request: String?
    var token: String?
    var body: String?
    var ok: Int?
    var fail: Int?
    var unknown: String?
    var mark: Mark.Kind?
    var text: String?
}

extension History {
    /// Reads a file of lines. A call without a second line is unknown; a last line that is not
    /// whole is passed over, as the run may go on.
    public init(lines: Data) throws {
        var calls: [Int: Call] = [:]
        var marks: [Mark] = []
        let decoder = JSONDecoder()
        let end = lines.lastIndex(of: 10) ?? lines.startIndex
        for line in lines[..<end].split(separator: 10) {
            let line = try decoder.decode(HistoryLine.self, from: line)
            if let kind = line.mark {
                marks.append(Mark(kind, time: line.time, text: line.text ?? ""))
            } else if let number = line.call, let operation = line.operation {
                calls[number] = Call(
                    number: number, process: line.process ?? "", operation: operation,
                    path: line.path ?? "", requestID: line.request ?? "", token: line.token,
                    body: line.body ?? "", start: line.time, end: .max,
                    outcome: .unknown("never heard of again"))
            } else if let number = line.call {
                calls[number]?.end = line.time
                calls[number]?.outcome =
                    if let status = line.ok {
                        .ok(status: status, body: line.body ?? "")
                    } else if let status = line.fail {
                        .refused(status: status, body: line.body ?? "")
                    } else {
                        .unknown(line.unknown ?? "")
                    }
            }
        }
        self.init(calls: calls.values.sorted { $0.number < $1.number }, marks: marks)
    }
}
