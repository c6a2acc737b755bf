import Testing
import Trainer

@testable import Worker

/// The decisions on who trains beside whom, with how many threads.
@Suite struct AdmissionTests {
    static func need(
        _ megabytes: Int = 100, checkpoint: Int = 0, streamed: Int = 0, threads: Int = 64
    ) -> TrainingNeed {
        TrainingNeed(
            bytes: megabytes << 20, checkpointBytes: checkpoint << 20,
            bytesEachStep: streamed << 20, threadsUseful: threads)
    }

    static func admission(cores: Int = 4, cache: Int? = nil, slots: Int? = nil) -> Admission {
        Admission(cores: cores, cacheBytes: cache.map { $0 << 20 }, slots: slots)
    }

    struct Case: Sendable {
        var what: String
        var admission: Admission
        var need: TrainingNeed
        var running: [TrainingNeed]
        var available: Int?
        var answer: Admission.Answer
    }

    static let cases: [Case] = [
        Case(
            what: "alone, with room", admission: admission(), need: need(100), running: [],
            available: 171, answer: .start),
        Case(
            what: "alone, a megabyte short", admission: admission(), need: need(100), running: [],
            available: 169, answer: .tooLarge),
        Case(
            what: "beside another, with room", admission: admission(), need: need(100),
            running: [need(9_000)], available: 171, answer: .start),
        Case(
            what: "beside another, without", admission: admission(), need: need(100),
            running: [need(1)], available: 169, answer: .wait),
        Case(
            what: "with room for its checkpoint, too", admission: admission(),
            need: need(100, checkpoint: 80), running: [], available: 251, answer: .start),
        Case(
            what: "without room for its checkpoint", admission: admission(),
            need: need(100, checkpoint: 80), running: [], available: 249, answer: .tooLarge),
        Case(
            what: "another's checkpoint would find no room", admission: admission(),
            need: need(100), running: [need(checkpoint: 80)], available: 249, answer: .wait),
        Case(
            what: "memory unknown", admission: admission(), need: need(1 << 20), running: [need()],
            available: nil, answer: .start),
        Case(
            what: "as many as cores", admission: admission(cores: 2), need: need(1),
            running: [need(1), need(1)], available: 9_999, answer: .wait),
        Case(
            what: "slots by hand, more than cores", admission: admission(cores: 1, slots: 3),
            need: need(100), running: [need(), need()], available: 171, answer: .start),
        Case(
            what: "slots by hand do not make memory", admission: admission(cores: 4, slots: 3),
            need: need(100), running: [need()], available: 169, answer: .wait),
        Case(
            what: "nor for one alone", admission: admission(cores: 4, slots: 1), need: need(100),
            running: [], available: 169, answer: .tooLarge),
        Case(
            what: "slots by hand, whatever the cache says",
            admission: admission(cache: 250, slots: 2), need: need(streamed: 180),
            running: [need(streamed: 180)], available: 9_999, answer: .start),
        Case(
            what: "slots by hand, and no more", admission: admission(cores: 8, slots: 1),
            need: need(1), running: [need(1)], available: 9_999, answer: .wait),
        Case(
            what: "Adam: one fits the cache, two do not", admission: admission(cache: 250),
            need: need(streamed: 180), running: [need(streamed: 180)], available: 9_999,
            answer: .wait),
        Case(
            what: "Adam: both fit", admission: admission(cache: 250), need: need(streamed: 120),
            running: [need(streamed: 120)], available: 9_999, answer: .start),
        Case(
            what: "Adam: not even one fits", admission: admission(cache: 250),
            need: need(streamed: 300), running: [need(streamed: 300)], available: 9_999,
            answer: .start),
        Case(
            what: "Adam: a small one would be pushed out by a large one",
            admission: admission(cache: 250), need: need(streamed: 300),
            running: [need(streamed: 100)], available: 9_999, answer: .wait),
        Case(
            what: "Adam beside blocks of steps", admission: admission(cache: 250),
            need: need(streamed: 180), running: [need(2_000)], available: 9_999, answer: .start),
        Case(
            what: "Adam, and cores would stand idle", admission: admission(cache: 250),
            need: need(streamed: 180, threads: 1), running: [need(streamed: 180, threads: 1)],
            available: 9_999, answer: .start),
        Case(
            what: "Adam, and a cache that nobody knows", admission: admission(),
            need: need(streamed: 180), running: [need(streamed: 180)], available: 9_999,
            answer: .start),
    ]

    @Test(arguments: cases.indices)
    func `a training starts where there is room and it gains`(index: Int) {
        let one = Self.cases[index]
        let answer = one.admission.answer(
            one.need, beside: one.running, available: one.available.map { $0 << 20 })
        #expect(answer == one.answer, "\(one.what)")
    }

    @Test(arguments: [
        (4, [], []), (4, [64], [4]), (4, [64, 64], [2, 2]), (4, [64, 64, 64], [2, 1, 1]),
        (4, [1, 64], [1, 3]), (4, [1, 1], [1, 1]), (4, [3, 2, 64], [2, 1, 1]),
        (64, [2, 9, 64], [2, 9, 53]), (1, [64], [1]),
        // More slots than cores, by hand.
        (2, [64, 64, 64], [1, 1, 1]),
    ])
    func `threads are shared evenly, and to each what helps it`(
        cores: Int, useful: [Int], shares: [Int]
    ) {
        let found = Self.admission(cores: cores).shares(useful.map { Self.need(threads: $0) })
        #expect(found == shares)
        #expect(found.reduce(0, +) <= max(cores, useful.count))
    }
}
