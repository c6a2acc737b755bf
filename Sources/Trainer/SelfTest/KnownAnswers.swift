/// What the self-test must come to, on every host, with any kernels and any number of threads. A
/// change here is a change of `NumericVersion`.
extension SelfTest {
    /// By case: the trajectory's SHA-256.
    static let knownAnswers = [
        "sgd-momentum": "74e968009c63542cb20d6d6b511ec9d602499e753b2297ca04a87f30649d03d6",
        "nesterov-decay": "9079312529ec29eb4efb4e45dfb225a148a21d469d799999519b389744923507",
        "adam": "98866bd5f8ee330a38bd81a0f275361465bd90412047835ff689e65cd1255b58",
        "relu-two-layers": "43af9b6921bb96c74b3440ca43fe3832422d3fd76b4b0d1750160037b68f2d5c",
        "rotate": "3be7ac279fd272f301099dec9e24ccb5f4fe33dae25d1395a676e5cf68395f72",
        "class-combination": "0ee9d62b48206fed43c33f97898edc61546cde541fd3993612c5d661edcc4f00",
        "routing-descent": "36e9cf5fa4c2cd8b71641ffabbf7a5188d716c41d014680bda92ac3038b6a367",
        "routing-flow": "195398f750529bf4ae94460cb5c5eadf49785065b696ee3d32aa29dfcacd41c5",
    ]
}
