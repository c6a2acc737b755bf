import Synchronization

/// An amount of something, such as places for reports or bytes of memory, that calls hold while
/// they need it: a total, and a share that the calls of one token may hold together.
final class Budget: Sendable {
    let total: Int
    let share: Int
    private let held = Mutex<[Caller?: Int]>([:])

    init(total: Int, share: Int) {
        self.total = total
        self.share = share
    }

    /// - Parameters:
    ///   - share: for tokens of a role that may hold more or less than others.
    ///   - caller: nil for calls without a token, which only the total limits.
    /// - Throws: `Exhausted` if the total or the token's share does not allow for `amount`.
    func take(_ amount: Int = 1, share: Int? = nil, for caller: Caller?) throws(Exhausted)
        -> Holding
    {
        let share = share ?? self.share
        let refusal = held.withLock { held -> Exhausted? in
            let own = held[caller, default: 0]
            guard caller == nil || own + amount <= share else {
                return Exhausted(holders: [(caller, own)], isShare: true)
            }
            guard held.values.reduce(0, +) + amount <= total else {
                let holders = held.map { ($0.key, $0.value) }.sorted { $0.1 > $1.1 }
                return Exhausted(holders: holders, isShare: false)
            }
            held[caller] = own + amount
            return nil
        }
        if let refusal { throw refusal }
        return Holding(of: amount, by: caller, in: self)
    }

    private func giveBack(_ amount: Int, of caller: Caller?) {
        held.withLock { held in
            let rest = held[caller, default: 0] - amount
            held[caller] = rest > 0 ? rest : nil
        }
    }

    /// Gives its amount back when it goes.
    final class Holding: Sendable {
        private let amount: Int
        private let caller: Caller?
        private let budget: Budget

        fileprivate init(of amount: Int, by caller: Caller?, in budget: Budget) {
            self.amount = amount
            self.caller = caller
            self.budget = budget
        }

        deinit { budget.giveBack(amount, of: caller) }
    }

    /// There is not enough left.
    struct Exhausted: Error {
        /// Who holds how much, the most first.
        let holders: [(caller: Caller?, amount: Int)]
        /// Whether it is the token's share that does not suffice, and not the total.
        let isShare: Bool

        /// For people: `12 for the token 1a2b… ('laptop'), 4 for …`.
        var holdersText: String {
            holders.prefix(4).map { holder in
                "\(holder.amount) for \(holder.caller?.description ?? "calls without a token")"
            }.joined(separator: ", ")
        }
    }
}
