/// What the self-test must come to, on every host, with any kernels and any number of threads. A
/// change here is a change of `NumericVersion`: the answers belong to it.
///
/// They stand in `Shared`, because both sides need them: the worker compares what it has computed,
/// and the coordinator, which computes nothing, what the worker tells.
public enum KnownAnswers {
    /// The SHA-256 by case: what is hashed, and what is trained, `SelfTest` says.
    public static let byCase = [
        "sgd-momentum": "cd722d0dc3bc91e16c405394687e786ae541a1d13c0a06cdefbbb0466e51e52b",
        "nesterov-decay": "9b77e2e5f9add169f3e4ba94a97ffd9d58cbe594e14dbbf6f14236b7b14f9b3c",
        "adam": "27e5af8f2688fa07d27048559e06a017efd2d40f6ca4f9a34fbd82c3a40fce3b",
        "relu-two-layers": "a81e04f665c61150aca05972dcd53adbde6408575f13957945165acb40848181",
        "rotate": "f061b7cca8f97494498d2cf1878b6f781e9fa7d17db70b327f2d1921256353a0",
        "class-combination": "79ef6e1574bee2611614d15e8857ceea7a9f79685ae0ec09b9b1a7acc1f6e3f7",
        "routing-descent": "f5e7ef3a4cf3ac8491d3db0416c55ba0c22b4c9f6bc80bfbff1e89c520c8196a",
        "routing-flow": "ca60c030a544d8e6c4a29b3bb8eeed363ffe27436cafd3027bb0d4f9e1545927",
        "subnormal-products": "6d3f07791a37dc74e9f401463f023841c45b18d75bc612f153e2896ca7fa041e",
        "subnormal-squares": "597f8e4ac7d8de19049937033e32b0bec63514b365b0923de70e5ad49c5d6b3f",
        "subnormal-matrices": "c586c6eb7b12ff57455573dad084857f41483707b647433fc195f37358b0ba78",
        "subnormal-metrics": "7cebf8e8fd5a6f4181159edec54ca1110c2ab0dd67490e46dd7c2e8f6fb3f455",
    ]

    /// Over all of them.
    public static let digest = digest(of: byCase)

    /// The SHA-256 over the answers by case in order: each name, a zero byte, the 64 digits of its
    /// answer.
    public static func digest(of answers: [String: String]) -> Digest {
        var bytes: [UInt8] = []
        for name in answers.keys.sorted() {
            bytes += Array(name.utf8) + [0] + Array((answers[name] ?? "").utf8)
        }
        return Digest(of: bytes)
    }
}
