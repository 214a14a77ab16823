/// All series of one name at one moment, for a surface to show.
public struct MetricFamily: Sendable {
    /// What kind of number it is.
    public enum Kind: String, Sendable {
        /// It only grows, and begins at 0 with the process.
        case counter
        /// It goes up and down.
        case gauge
        /// It counts how many observations were how large.
        case histogram
        /// It counts observations and adds them up.
        case summary
    }

    /// One number.
    public struct Sample: Sendable {
        /// What the name ends in, such as `_count` or `_bucket`.
        public let suffix: String
        /// What tells it from the others of the name.
        public let labels: [(name: String, value: String)]
        /// The number.
        public let value: Double

        /// Creates a sample.
        public init(_ value: Double, labels: [(name: String, value: String)] = [], suffix: String = "") {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    /// The name.
    public let name: String
    /// The kind.
    public let kind: Kind
    /// What it means, in one line; empty where nobody has said.
    public let help: String
    /// The numbers.
    public var samples: [Sample]

    /// Creates a family.
    public init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// A gauge that has one number.
    public static func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(name, .gauge, help, [Sample(Double(value))])
    }
}
